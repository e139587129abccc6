/** @file
 *  Starts, ends and the writer of a study. */
#include "jobs/runs.h"

#include "io/runlog.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** The process that holds the lock of the log: 0 none. */
static long find_writer(const char *study)
{
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  char *path = NULL;
  long writer = 0;

  if (asprintf(&path, "%s.runs.jsonl", study) < 0) return 0;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  free(path);
  if (fd < 0) return 0;
  if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
    writer = lock.l_pid > 0 ? lock.l_pid : -1;
  (void)close(fd);
  return writer;
}

/** True for words that a shell takes as they are. */
static int is_plain(const char *word)
{
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:@%+";
  return word[0] && word[strspn(word, plain)] == 0;
}

static void write_word(FILE *f, const char *word)
{
  if (is_plain(word)) {
    (void)fputs(word, f);
    return;
  }
  (void)fputc('\'', f);
  for (; *word; word++) (void)fprintf(f, *word == '\'' ? "'\\''" : "%c", *word);
  (void)fputc('\'', f);
}

/** The command line of a start as one would type it; new, or NULL. */
static char *command_of(const json_t *start)
{
  const json_t *list = json_object_get(start, "command");
  const json_int_t ranks = json_integer_value(json_object_get(start, "ranks"));
  char *text = NULL;
  size_t bytes = 0;
  FILE *f = json_array_size(list) ? open_memstream(&text, &bytes) : NULL;

  if (!f) return NULL;
  if (ranks > 1) (void)fprintf(f, "mpirun -n %" JSON_INTEGER_FORMAT " ", ranks);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *word = json_string_value(json_array_get(list, i));
    if (i) (void)fputc(' ', f);
    write_word(f, word ? word : "");
  }
  return fclose(f) == 0 ? text : NULL;
}

static const char *text_of(const json_t *o, const char *name)
{
  const char *s = json_string_value(json_object_get(o, name));
  return s ? s : "?";
}

/** How the newest start ended, by the newest end after it. */
static char *summary_of(int64_t starts, const json_t *start, const json_t *end)
{
  const json_int_t ranks = json_integer_value(json_object_get(start, "ranks"));
  char *text = NULL, how[160];

  if (end) {
    (void)snprintf(how, sizeof how, "%" JSON_INTEGER_FORMAT " samples computed in %.1f s%s",
                   json_integer_value(json_object_get(end, "made")),
                   json_number_value(json_object_get(end, "seconds")),
                   json_is_true(json_object_get(end, "stopped")) ? ", stopped on request" : "");
  } else {
    (void)snprintf(how, sizeof how, "it has not written its end");
  }
  if (asprintf(&text,
               "%" PRId64 " start%s; the newest %s on %s with %" JSON_INTEGER_FORMAT " rank%s: %s",
               starts, starts == 1 ? "" : "s", text_of(start, "time"), text_of(start, "host"),
               ranks, ranks == 1 ? "" : "s", how) < 0)
    return NULL;
  return text;
}

/** Find the newest start and its end among the lines. */
static void read_lines(char *const *line, int64_t n, struct runs *out)
{
  json_t *start = NULL, *end = NULL;
  int64_t starts = 0;

  for (int64_t i = 0; i < n; i++) {
    json_t *o = json_loads(line[i], 0, NULL);
    const char *event = text_of(o, "event");
    if (!strcmp(event, "start")) {
      json_decref(start);
      json_decref(end);
      start = json_incref(o);
      end = NULL;
      starts++;
    } else if (!strcmp(event, "end")) {
      json_decref(end);
      end = json_incref(o);
    }
    json_decref(o);
  }
  if (start) {
    out->summary = summary_of(starts, start, end);
    out->command = command_of(start);
  }
  json_decref(start);
  json_decref(end);
}

void runs_read(const char *study, struct runs *out)
{
  char **line = NULL;
  int64_t n = 0;

  *out = (struct runs){.writer = find_writer(study)};
  if (runlog_read(study, &n, &line)) return;
  read_lines(line, n, out);
  free((void *)line);
}

void runs_free(struct runs *r)
{
  free(r->summary);
  free(r->command);
  *r = (struct runs){0};
}
