/** @file
 *  Files: the model's own, and external data beside it, which may not leave its folder.  Floats stay
 *  in the mapped file until weights are moved to where ranks share them: the other ranks of a node
 *  never read them.
 *  Source: ONNX, "External Data"; onnx.proto, TensorProto.external_data. */
#include "io/dataset.h"
#include "io/file.h"
#include "io/onnx_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

err onnx_file_open(const char *path, int *fd, int64_t *size, struct onnx_file *file)
{
  const int f = file_open(path);
  CHECK(f >= 0, ERR_INPUT, "cannot open '%.300s': %s", path, strerror(errno));
  struct stat s;
  if (fstat(f, &s) || !S_ISREG(s.st_mode)) {
    (void)close(f);
    return FAIL(ERR_INPUT, "'%.300s' is not a file", path);
  }
  *fd = f;
  *size = s.st_size;
  *file = (struct onnx_file){.device = s.st_dev, .inode = s.st_ino};
  return ERR_OK;
}

/** Where a tensor's data lie. */
struct place {
  const char *location, *checksum; /* SHA-1 of the whole file, or NULL */
  int64_t offset, length;          /* length < 0: not said */
};

static err parse_number(const char *key, const char *text, int64_t *out)
{
  char *end = NULL;
  errno = 0;
  const bool digit = text && *text >= '0' && *text <= '9';
  const long long v = digit ? strtoll(text, &end, 10) : -1;
  CHECK(digit && !errno && !*end, ERR_FORMAT, "its %s is not a number of bytes", key);
  *out = v;
  return ERR_OK;
}

static err parse_place(const Onnx__TensorProto *t, struct place *out)
{
  *out = (struct place){.length = -1};
  for (size_t i = 0; i < t->n_external_data; i++) {
    const Onnx__StringStringEntryProto *x = t->external_data[i];
    if (!x->key || !x->value) continue;
    if (!strcmp(x->key, "location")) out->location = x->value;
    if (!strcmp(x->key, "checksum")) out->checksum = x->value;
    if (!strcmp(x->key, "offset")) TRY(parse_number("offset", x->value, &out->offset));
    if (!strcmp(x->key, "length")) TRY(parse_number("length", x->value, &out->length));
  }
  return ERR_OK;
}

/** Refuse what could name a file outside the model's folder. */
static err check_location(const char *location)
{
  CHECK(location && *location, ERR_FORMAT, "it names no file");
  TRY(onnx_name_check(location, "file name"));
  CHECK(*location != '/', ERR_FORMAT, "its file '%.200s' is an absolute path", location);
  for (const char *p = location; p; p = strchr(p, '/')) {
    p += *p == '/';
    CHECK(strncmp(p, "..", 2) != 0 || (p[2] && p[2] != '/'), ERR_FORMAT,
          "its file '%.200s' leaves the model's folder", location);
  }
  return ERR_OK;
}

/** Canonical path of a file in the model's folder; the caller frees. */
static err canonical(const char *model, const char *location, char **out)
{
  char joined[2 * PATH_MAX];
  char folder[PATH_MAX];
  const char *slash = strrchr(model, '/');
  const int n = slash ? (int)(slash - model) + 1 : 0;
  const int f = snprintf(joined, sizeof joined, "%.*s.", n, model);
  CHECK(f > 0 && (size_t)f < sizeof joined && realpath(joined, folder), ERR_INPUT,
        "the model's folder cannot be found: %s", strerror(errno));
  const int j =
      snprintf(joined, sizeof joined, "%s/%s", strcmp(folder, "/") ? folder : "", location);
  CHECK(j > 0 && (size_t)j < sizeof joined, ERR_FORMAT, "its file name is too long");
  char *real_path = realpath(joined, NULL);
  CHECK(real_path, ERR_INPUT, "its file '%.200s' is missing from the model's folder: %s", location,
        strerror(errno));
  const size_t length = strlen(folder);
  if (length > 1 && (strncmp(real_path, folder, length) != 0 || real_path[length] != '/')) {
    free(real_path);
    return FAIL(ERR_FORMAT, "its file '%.200s' leads out of the model's folder", location);
  }
  *out = real_path;
  return ERR_OK;
}

/** The entry of a file, new when it is seen for the first time, which raises what constants may
 *  occupy. */
static err credit(struct onnx_model *m, const struct onnx_file *file, const char *name,
                  int64_t size, int *out)
{
  for (int i = m->n_files - 1; i >= 0; i--) {
    if (m->files[i].device != file->device || m->files[i].inode != file->inode) continue;
    *out = i;
    return ERR_OK;
  }
  CHECK(m->n_files < limit_of(LIMIT_ONNX_FILES), ERR_UNSUPPORTED,
        "the model has more than %d files of data%s", (int)limit_of(LIMIT_ONNX_FILES),
        limit_hint(LIMIT_ONNX_FILES));
  if (m->n_files == m->max_files) {
    const int bigger = m->max_files ? 2 * m->max_files : 16;
    void *p = realloc(m->files, (size_t)bigger * sizeof *m->files);
    CHECK(p, ERR_MEMORY, "no memory for the list of files");
    m->files = p;
    m->max_files = bigger;
  }
  char *copy = strdup(name);
  CHECK(copy, ERR_MEMORY, "no memory for the list of files");
  m->files[m->n_files] = *file;
  m->files[m->n_files].name = copy;
  onnx_budget_raise(m, size);
  *out = m->n_files++;
  return ERR_OK;
}

/** The file is the one that the model was saved with. */
static err check_sum(struct onnx_file *file, const char *path, const struct place *at)
{
  char sum[41];
  if (!at->checksum || file->checked) return ERR_OK;
  TRY(dataset_file_sha1(path, sum));
  CHECK(!strcasecmp(sum, at->checksum), ERR_FORMAT,
        "its file '%.200s' has SHA-1 %s, but the model was saved with %.60s; copy it again",
        at->location, sum, at->checksum);
  file->checked = true;
  return ERR_OK;
}

/** Bytes of the mapped file; NULL where it cannot be mapped. */
static uint8_t *map_place(struct onnx_file *file, const struct place *at, int fd, int64_t size)
{
  if (!file->bytes) {
    void *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) return NULL;
    file->bytes = bytes;
    file->size = size;
  }
  return at->offset + 1 <= file->size ? file->bytes + at->offset : NULL;
}

static err read_all(int fd, uint8_t *out, int64_t offset, int64_t bytes)
{
  int tries = 0;
  for (int64_t done = 0; done < bytes;) {
    const ssize_t n = pread(fd, out + done, (size_t)(bytes - done), offset + done);
    if (n < 0 && file_again(errno, &tries)) continue;
    CHECK(n > 0, ERR_IO, "reading its file failed: %s", n ? strerror(errno) : "it became shorter");
    done += n;
  }
  return ERR_OK;
}

static err check_place(const struct place *at, int64_t bytes, int64_t size)
{
  CHECK(at->length < 0 || at->length == bytes, ERR_FORMAT,
        "its length is %" PRId64 " bytes, but its shape wants %" PRId64, at->length, bytes);
  CHECK(bytes <= size && at->offset <= size - bytes, ERR_FORMAT,
        "bytes %" PRId64 " to %" PRId64 " lie outside its file '%.200s' of %" PRId64 " bytes",
        at->offset, at->offset > INT64_MAX - bytes ? INT64_MAX : at->offset + bytes, at->location,
        size);
  return ERR_OK;
}

static err read_place(struct onnx_model *m, const struct place *at, int64_t bytes, int fd,
                      uint8_t **out)
{
  TRY(onnx_budget_take(m, bytes));
  uint8_t *data = malloc(bytes ? (size_t)bytes : 1);
  CHECK(data, ERR_MEMORY, "no memory for its %" PRId64 " bytes", bytes);
  const err e = read_all(fd, data, at->offset, bytes);
  if (e) {
    free(data);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = data;
  return ERR_OK;
}

/** What is asked for, and how it is to be had. */
struct request {
  int64_t bytes;
  bool map, mapped;
  uint8_t *data;
};

static err read_named(struct onnx_model *m, const struct place *at, struct request *r)
{
  char *path = NULL;
  int fd = -1, i = -1;
  int64_t size = 0;
  struct onnx_file file;
  err e = ERR_OK;
  TRY(check_location(at->location));
  TRY(canonical(m->path, at->location, &path));
  TRY_DONE(onnx_file_open(path, &fd, &size, &file));
  TRY_DONE(credit(m, &file, at->location, size, &i));
  TRY_DONE(check_place(at, r->bytes, size));
  TRY_DONE(check_sum(&m->files[i], path, at));
  const bool aligned = at->offset % (int64_t)sizeof(float) == 0 && r->bytes > 0;
  r->data = r->map && aligned ? map_place(&m->files[i], at, fd, size) : NULL;
  r->mapped = r->data;
  if (!r->data) TRY_DONE(read_place(m, at, r->bytes, fd, &r->data));
done:
  if (fd >= 0) (void)close(fd);
  free(path);
  return e;
}

err onnx_external_read(struct onnx_model *m, const Onnx__TensorProto *t, const char *name,
                       int64_t bytes, bool map, bool *mapped, uint8_t **out)
{
  struct place at;
  struct request r = {.bytes = bytes, .map = map};
  err e = parse_place(t, &at);
  if (!e) e = read_named(m, &at, &r);
  if (!e) {
    *out = r.data;
    *mapped = r.mapped;
    return ERR_OK;
  }
  char why[600];
  (void)snprintf(why, sizeof why, "%s", err_message());
  return FAIL(e, "external data of tensor '%.200s': %s", name, why);
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

err onnx_external_note(struct onnx_model *m)
{
  const size_t n = (size_t)m->n_files;
  size_t bytes = 1;
  if (!n) return ERR_OK;
  for (size_t i = 0; i < n; i++) bytes += strlen(m->files[i].name) + 1;
  const char **name = malloc(n * sizeof *name);
  char *text = malloc(bytes), *to = text;
  m->notes.weight_files = text;
  if (!name || !text) {
    free((void *)name);
    return FAIL(ERR_MEMORY, "no memory for the names of %zu files", n);
  }
  for (size_t i = 0; i < n; i++) name[i] = m->files[i].name;
  qsort((void *)name, n, sizeof *name, by_name);
  for (size_t i = 0; i < n; i++) to = stpcpy(stpcpy(to, name[i]), "\n");
  free((void *)name);
  return ERR_OK;
}

err onnx_external_keep(struct onnx_model *m)
{
  for (int i = 0; i < m->n_files; i++) {
    struct onnx_file *f = &m->files[i];
    uint8_t *bytes = f->bytes;
    f->bytes = NULL;
    if (bytes) TRY(graph_keep_mapping(m->builder, bytes, (size_t)f->size));
  }
  return ERR_OK;
}
