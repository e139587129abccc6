/** @file
 *  The .npy format: magic, version, a Python dictionary as text, the values. */
#include "io/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALIGN = 64, PREFIX = 10, HEADER_ROOM = 512, BLOCK_BYTES = 1 << 22 };

static const struct {
  const char *name;
  int64_t bytes;
} kinds[] = {
    [NPY_F32] = {"<f4", 4}, [NPY_F64] = {"<f8", 8}, [NPY_U8] = {"|u1", 1},
    [NPY_I32] = {"<i4", 4}, [NPY_I64] = {"<i8", 8}, [NPY_TEXT] = {"<U", 4},
};

static const char magic[8] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0}; /* version 1.0 */

/** "(3, 4)"; one extent has a comma too, as Python wants it. */
static void write_shape(const struct npy_array *a, char *text, size_t room)
{
  size_t used = 1;
  (void)snprintf(text, room, "(");
  for (int axis = 0; axis < a->n_dims; axis++) {
    const char *const after = axis + 1 < a->n_dims ? ", " : a->n_dims == 1 ? "," : "";
    used += (size_t)snprintf(text + used, room - used, "%" PRId64 "%s", a->dims[axis], after);
  }
  (void)snprintf(text + used, room - used, ")");
}

/** "<f4"; a string has its width behind it, "<U12". */
static void write_kind(const struct npy_array *a, char *text, size_t room)
{
  (void)snprintf(text, room, "%s", kinds[a->type].name);
  if (a->type != NPY_TEXT) return;
  const size_t used = strlen(text);
  (void)snprintf(text + used, room - used, "%d", a->text_width);
}

err npy_header(const struct npy_array *a, char **out, int64_t *bytes)
{
  char shape[NPY_MAX_DIMS * 24], kind[24];
  CHECK(a->n_dims >= 0 && a->n_dims <= NPY_MAX_DIMS, ERR_SHAPE, "an array of %d axes", a->n_dims);
  for (int axis = 0; axis < a->n_dims; axis++) {
    CHECK(a->dims[axis] >= 0, ERR_SHAPE, "an array of %" PRId64 " rows", a->dims[axis]);
  }
  char *const header = malloc(HEADER_ROOM);
  CHECK(header, ERR_MEMORY, "out of memory for the header of an array");
  write_shape(a, shape, sizeof shape);
  write_kind(a, kind, sizeof kind);
  int used = snprintf(header + PREFIX, HEADER_ROOM - PREFIX,
                      "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", kind, shape);
  used += PREFIX;
  const int total = (used + 1 + ALIGN - 1) / ALIGN * ALIGN;
  const int text = total - PREFIX;
  memset(header + used, ' ', (size_t)(total - used));
  header[total - 1] = '\n';
  memcpy(header, magic, sizeof magic);
  header[8] = (char)(text & 0xFF);
  header[9] = (char)(text >> 8);
  *out = header;
  *bytes = total;
  return ERR_OK;
}

int64_t npy_row_bytes(const struct npy_array *a)
{
  int64_t bytes = kinds[a->type].bytes * (a->type == NPY_TEXT ? a->text_width : 1);
  for (int axis = 1; axis < a->n_dims; axis++) bytes *= a->dims[axis];
  return bytes;
}

int64_t npy_rows(const struct npy_array *a)
{
  return a->n_dims > 0 ? a->dims[0] : 1;
}

int64_t npy_block_rows(const struct npy_array *a)
{
  const int64_t row = npy_row_bytes(a);
  return row > 0 && row < BLOCK_BYTES ? BLOCK_BYTES / row : 1;
}

static err put(FILE *f, const char *path, const void *bytes, int64_t n)
{
  CHECK(fwrite(bytes, 1, (size_t)n, f) == (size_t)n, ERR_IO, "cannot write %s: %s", path,
        strerror(errno));
  return ERR_OK;
}

/** Write the values that `fill` gives, block by block. */
static err put_filled(FILE *f, const char *path, const struct npy_array *a)
{
  const int64_t row = npy_row_bytes(a), rows = npy_rows(a), block = npy_block_rows(a);
  err e = ERR_OK;
  void *const buffer = malloc((size_t)(row * (block < rows ? block : rows)) + 1);
  CHECK(buffer, ERR_MEMORY, "out of memory for rows of %s", path);
  for (int64_t first = 0; first < rows && !e; first += block) {
    const int64_t n = rows - first < block ? rows - first : block;
    e = a->fill(a->user, first, n, buffer);
    if (!e) e = put(f, path, buffer, n * row);
  }
  free(buffer);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err put_array(FILE *f, const char *path, const struct npy_array *a)
{
  char *header = NULL;
  int64_t bytes = 0;
  TRY(npy_header(a, &header, &bytes));
  const err e = put(f, path, header, bytes);
  free(header);
  TRY(e);
  if (a->data) return put(f, path, a->data, npy_row_bytes(a) * npy_rows(a));
  return put_filled(f, path, a);
}

err npy_write(const char *path, const struct npy_array *a)
{
  const size_t room = strlen(path) + sizeof ".tmp";
  char *const temporary = malloc(room);
  CHECK(temporary, ERR_MEMORY, "out of memory for a path");
  (void)snprintf(temporary, room, "%s.tmp", path);
  FILE *const f = fopen(temporary, "wb");
  err e =
      f ? put_array(f, path, a) : FAIL(ERR_IO, "cannot create %s: %s", temporary, strerror(errno));
  if (f && fclose(f) != 0 && !e) e = FAIL(ERR_IO, "cannot write %s: %s", path, strerror(errno));
  if (!e && rename(temporary, path) != 0) {
    e = FAIL(ERR_IO, "cannot rename %s: %s", temporary, strerror(errno));
  }
  if (e && f) (void)unlink(temporary);
  free(temporary);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
