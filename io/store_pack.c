/** @file
 *  A study as a compressed file: its schema is read back, a skeleton with chunks and filters is made
 *  from it, and the rows are streamed through. */
#include "io/runlog.h"
#include "io/store_hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 23 };

static bool has_group(const struct store_copy *c, const char *group)
{
  for (int d = 0; d < c->s.n_dims; d++) {
    if (!strcmp(c->dims[d].group, group)) return true;
  }
  return false;
}

/** The log of the runs becomes a group of its own; a packed file that is packed again has it. */
static err add_runs(struct store_copy *c)
{
  int64_t n = 0;
  char **lines = NULL;
  if (has_group(c, "runs")) return ERR_OK;
  TRY(runlog_read(c->in->path, &n, &lines));
  TRY(store_copy_own(c, (void *)lines));
  if (n == 0) return ERR_OK;
  const struct store_dim run = {
      .group = "runs", .name = "run", .size = n, .long_name = "line of the run log"};
  const struct store_var line = {.group = "runs",
                                 .name = "line",
                                 .type = STORE_TEXT,
                                 .n_dims = 1,
                                 .dims = {"run"},
                                 .long_name = "start or end of a run, as JSON",
                                 .units = "1",
                                 .data = (const void *)lines};
  TRY(store_copy_add_dim(c, &run));
  return store_copy_add_var(c, &line);
}

/** Whole chunks, so that each is deflated once. */
static int64_t block_rows(const struct store_slot *v)
{
  hsize_t chunk[STORE_MAX_DIMS] = {1};
  if (!store_chunk(v->n_dims, v->dim, H5Tget_size(v->type), chunk)) return (int64_t)v->dim[0];
  const int64_t rows = (int64_t)chunk[0];
  const int64_t fit = BLOCK_BYTES / (rows * v->row_bytes);
  return fit > 1 ? fit * rows : rows;
}

static err copy_rows(struct store *in, struct store *out, int from, int to)
{
  const struct store_slot *const v = &in->slots[from];
  const int64_t n = (int64_t)v->dim[0], block = block_rows(v);
  err e = ERR_OK;
  void *const rows = malloc((size_t)((block < n ? block : n) * v->row_bytes));
  CHECK(rows, ERR_MEMORY, "out of memory for rows of %s", v->path);
  for (int64_t first = 0; first < n && !e && !out->target.why; first += block) {
    const int64_t count = n - first < block ? n - first : block;
    e = store_read(in, from, first, count, rows);
    if (!e) e = store_write(out, to, first, count, rows);
  }
  free(rows);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Read rows of both files and compare them. */
static err compare_rows(struct store *in, struct store *out, int from, int to)
{
  const struct store_slot *const v = &in->slots[from];
  const int64_t n = (int64_t)v->dim[0], block = block_rows(v);
  const size_t bytes = (size_t)((block < n ? block : n) * v->row_bytes);
  char *const rows = malloc(2 * bytes);
  err e = ERR_OK;
  CHECK(rows, ERR_MEMORY, "out of memory for rows of %s", v->path);
  for (int64_t first = 0; first < n && !e; first += block) {
    const int64_t count = n - first < block ? n - first : block;
    e = store_read(in, from, first, count, rows);
    if (!e) e = store_read(out, to, first, count, rows + bytes);
    if (!e && memcmp(rows, rows + bytes, (size_t)(count * v->row_bytes)) != 0)
      e = FAIL(ERR_IO, "%s does not come back as it was written: is the disk sound?", v->path);
  }
  free(rows);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** What is done with a variable of both files. */
typedef err each(struct store *in, struct store *out, int from, int to);

/** Every variable of numbers; stops where the disk is full, which the target tells. */
static err each_variable(const struct store_copy *c, struct store *out, each *act)
{
  for (int i = 0; i < c->s.n_vars && !out->target.why; i++) {
    char path[2 * STORE_NAME + 1];
    int from = 0, to = 0;
    if (c->vars[i].type == STORE_TEXT) continue;
    (void)snprintf(path, sizeof path, "%s/%s", c->vars[i].group, c->vars[i].name);
    TRY(store_find(c->in, path, &from));
    TRY(store_find(out, path, &to));
    TRY(act(c->in, out, from, to));
  }
  return ERR_OK;
}

/** Open the new file as a store of one process, and go through its variables. */
static err visit_file(const struct store_copy *c, const char *path, int fd, each *act)
{
  err e = ERR_OK;
  struct store *out = store_make(path);
  CHECK(out, ERR_MEMORY, "out of memory while packing");
  out->target = (struct store_target){.fd = fd};
  const hid_t access = store_target_access_make(&out->target);
  out->transfer = H5Pcreate(H5P_DATASET_XFER);
  out->file = H5Fopen("study", H5F_ACC_RDWR, access);
  store_drop(access);
  CHECK_DONE(out->file >= 0 && out->transfer >= 0, ERR_IO,
             "cannot open a file that was just made: %s", REASON);
  e = each_variable(c, out, act);
done:
  store_drop_slots(out);
  if (out->file >= 0) (void)H5Fclose(out->file); /* writes what HDF5 kept back */
  out->file = H5I_INVALID_HID;
  const int why = out->target.why;
  store_close(&out);
  return why ? store_space_error(path, -1, why) : e;
}

/** Errors: ERR_IO, where the disk's own reason comes first. */
static err write_file(const struct store_copy *c, const char *path, int fd, int level)
{
  struct store_target target = {.fd = fd};
  const hid_t access = store_target_access_make(&target);
  err e = store_skeleton(access, &c->s, level);
  store_drop(access);
  if (target.why) return store_space_error(path, -1, target.why);
  if (!e) e = visit_file(c, path, fd, copy_rows);
  if (!e) e = visit_file(c, path, fd, compare_rows);
  return e;
}

static err write_packed(const struct store_copy *c, const char *out, int level)
{
  err e = ERR_OK;
  char *const temporary = store_path_make(out, ".tmp");
  CHECK(temporary, ERR_MEMORY, "out of memory for a path");
  const int fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  CHECK_DONE(fd >= 0, ERR_IO, "cannot create %s: %s", temporary, strerror(errno));
  e = write_file(c, out, fd, level);
  if (close(fd) != 0 && !e) e = store_space_error(out, -1, errno);
  if (!e) e = store_publish(temporary, out);
  if (e) (void)unlink(temporary);
done:
  free(temporary);
  return e;
}

err store_pack(const char *in, const char *out, int level)
{
  CHECK(level >= 1 && level <= 9, ERR_USAGE, "a level of compression is 1 to 9, not %d", level);
  TRY(store_check_absent(out));
  struct store *study = NULL;
  struct store_copy c = {.in = NULL};
  TRY(store_open_read(in, &study));
  err e = store_copy_read(study, &c);
  if (!e) e = add_runs(&c);
  if (!e) e = store_check(&c.s);
  if (!e) e = write_packed(&c, out, level);
  store_copy_free(&c);
  store_close(&study);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
