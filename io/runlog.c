/** @file
 *  An append-only file of JSON lines with a POSIX record lock. */
#include "io/runlog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".runs.jsonl";

struct runlog {
  char *path; /* owned */
  int fd;
  bool torn; /* the last line has no end */
};

static char *log_path(const char *study)
{
  const size_t bytes = strlen(study) + sizeof suffix;
  char *const path = malloc(bytes);
  if (path) (void)snprintf(path, bytes, "%s%s", study, suffix);
  return path;
}

/** All of a file with a closing zero; new.  Errors: ERR_IO, ERR_MEMORY. */
static err read_all(int fd, const char *path, char **out, size_t *bytes)
{
  struct stat st;
  CHECK(fstat(fd, &st) == 0, ERR_IO, "cannot read %s: %s", path, strerror(errno));
  const size_t n = (size_t)st.st_size;
  char *const text = malloc(n + 1);
  CHECK(text, ERR_MEMORY, "out of memory for %s", path);
  size_t done = 0;
  while (done < n) {
    const ssize_t got = pread(fd, text + done, n - done, (off_t)done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      free(text);
      return FAIL(ERR_IO, "cannot read %s: %s", path, strerror(errno));
    }
    if (got == 0) break;
    done += (size_t)got;
  }
  text[done] = '\0';
  *out = text;
  *bytes = done;
  return ERR_OK;
}

/** Is this text a JSON object?  A torn line never is: its last brace is missing. */
static json_t *parse(const char *line)
{
  json_t *const value = json_loads(line, 0, NULL);
  if (json_is_object(value)) return value;
  json_decref(value);
  return NULL;
}

/** Cut text at its line ends and keep the lines that are objects; returns how many.  lines NULL:
 *  room for that many is all that is asked for. */
static int64_t split(char *text, char **lines)
{
  int64_t n = 0;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    json_t *const value = parse(line);
    if (value) lines[n++] = line;
    json_decref(value);
  }
  return n;
}

static int64_t count_ends(const char *text)
{
  int64_t n = 1;
  for (const char *p = text; (p = strchr(p, '\n')); p++) n++;
  return n;
}

/** Lines of an open log: pointers, then the text, in one block. */
static err read_lines(int fd, const char *path, int64_t *n, char ***lines)
{
  char *text = NULL;
  size_t bytes = 0;
  TRY(read_all(fd, path, &text, &bytes));
  CHECK(text, ERR_MEMORY, "out of memory for %s", path);
  const size_t head = (size_t)count_ends(text) * sizeof(char *);
  char **const block = malloc(head + bytes + 1);
  if (block) {
    memcpy((char *)block + head, text, bytes + 1);
    *n = split((char *)block + head, block);
    *lines = block;
  }
  free(text);
  CHECK(block, ERR_MEMORY, "out of memory for %s", path);
  return ERR_OK;
}

/** The host that the newest run wrote of itself; new, or NULL. */
static char *last_host(int fd, const char *path)
{
  int64_t n = 0;
  char **lines = NULL;
  char *host = NULL;
  if (read_lines(fd, path, &n, &lines) != ERR_OK) return NULL;
  json_t *const run = n > 0 ? parse(lines[n - 1]) : NULL;
  const char *const value = json_string_value(json_object_get(run, "host"));
  if (value) host = strdup(value);
  json_decref(run);
  free(lines);
  return host;
}

/** Who holds the lock: on one machine the kernel knows the process, across machines the log does. */
static err busy(int fd, const char *study, const char *path)
{
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  const bool known = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0;
  char *const host = last_host(fd, path);
  char process[64] = "unknown";
  if (known) (void)snprintf(process, sizeof process, "%ld", (long)lock.l_pid);
  const err e = FAIL(ERR_BUSY, "another run is writing %s: process %s%s%s", study, process,
                     host ? ", last started on host " : "", host ? host : "");
  free(host);
  return e;
}

static err take_lock(int fd, const char *study, const char *path)
{
  const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(fd, F_SETLK, &lock) == 0) return ERR_OK;
  if (errno == EACCES || errno == EAGAIN) return busy(fd, study, path);
  const bool absent = errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP;
  return FAIL(absent ? ERR_UNSUPPORTED : ERR_IO, "cannot lock %s: %s", path, strerror(errno));
}

/** Does the file end inside a line? */
static bool ends_torn(int fd)
{
  struct stat st;
  char last = '\n';
  if (fstat(fd, &st) != 0 || st.st_size == 0) return false;
  return pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

err runlog_open(const char *study, struct runlog **out)
{
  err e = ERR_OK;
  struct runlog *l = calloc(1, sizeof *l);
  CHECK(l, ERR_MEMORY, "out of memory for the log of %s", study);
  l->fd = -1;
  l->path = log_path(study);
  CHECK_DONE(l->path, ERR_MEMORY, "out of memory for the log of %s", study);
  l->fd = open(l->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  CHECK_DONE(l->fd >= 0, ERR_IO, "cannot open %s: %s", l->path, strerror(errno));
  TRY_DONE(take_lock(l->fd, study, l->path));
  l->torn = ends_torn(l->fd);
  *out = l;
  l = NULL;
done:
  runlog_close(&l);
  return e;
}

err runlog_append(struct runlog *l, const char *line)
{
  const size_t n = strlen(line);
  CHECK(!strchr(line, '\n'), ERR_FORMAT, "a run is one line of %s", l->path);
  char *const text = malloc(n + 3);
  CHECK(text, ERR_MEMORY, "out of memory for a line of %s", l->path);
  const int bytes = snprintf(text, n + 3, "%s%s\n", l->torn ? "\n" : "", line);
  const ssize_t put = write(l->fd, text, (size_t)bytes);
  free(text);
  l->torn = put > 0 && put < bytes;
  CHECK(put == bytes, ERR_IO, "cannot append to %s: %s", l->path,
        put < 0 ? strerror(errno) : "the disk is full");
  CHECK(fsync(l->fd) == 0, ERR_IO, "cannot sync %s: %s", l->path, strerror(errno));
  return ERR_OK;
}

void runlog_close(struct runlog **l)
{
  if (!*l) return;
  if ((*l)->fd >= 0) (void)close((*l)->fd);
  free((*l)->path);
  free(*l);
  *l = NULL;
}

err runlog_read(const char *study, int64_t *n, char ***lines)
{
  char *const path = log_path(study);
  CHECK(path, ERR_MEMORY, "out of memory for the log of %s", study);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  err e = ERR_OK;
  if (fd >= 0) {
    e = read_lines(fd, path, n, lines);
    (void)close(fd);
  } else if (errno == ENOENT) {
    *n = 0;
    *lines = calloc(1, sizeof **lines);
    if (!*lines) e = FAIL(ERR_MEMORY, "out of memory for the log of %s", study);
  } else {
    e = FAIL(ERR_IO, "cannot open %s: %s", path, strerror(errno));
  }
  free(path);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
