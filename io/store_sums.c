/** @file
 *  Checksums of rows: taken as the rows are written, compared as they are read.
 *
 *  checks/crc32[i, k] is the CRC-32 (zlib's, IEEE 802.3) of row i of the variable named
 *  checks/variable[k], byte by byte as it lies in the file. */
#include "io/store_hdf5.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_LOOKED_FOR = 0, NONE = -1, BLOCK_BYTES = 1 << 23 };

static const char sums_path[] = "checks/crc32";

struct store_sums {
  char **names; /* [n] owned, one block */
  int64_t n;
  int var;              /* of the checksums themselves */
  int64_t first, count; /* rows of the unit at hand */
  uint32_t *values;     /* [most_rows, n] */
  int64_t most_rows;
};

void store_sums_free(struct store_sums **sums)
{
  if (!*sums) return;
  free((void *)(*sums)->names);
  free((*sums)->values);
  free(*sums);
  *sums = NULL;
}

static bool has_sums(const struct store *s)
{
  return H5Lexists(s->file, "checks", H5P_DEFAULT) > 0 &&
         H5Lexists(s->file, sums_path, H5P_DEFAULT) > 0;
}

static err read_names(struct store *s, struct store_sums *sums)
{
  int n_dims = 0;
  int64_t dims[STORE_MAX_DIMS];
  TRY(store_read_text(s, "checks/variable", &sums->n, &sums->names));
  TRY(store_find(s, sums_path, &sums->var));
  store_extent(s, sums->var, &n_dims, dims);
  CHECK(n_dims == 2 && dims[1] == sums->n && store_kind(s, sums->var) == STORE_U32, ERR_FORMAT,
        "%s: %s is no table of checksums", s->path, sums_path);
  return ERR_OK;
}

err store_sums_begin(struct store *s, int64_t most_rows)
{
  if (!has_sums(s)) return ERR_OK;
  struct store_sums *sums = calloc(1, sizeof *sums);
  CHECK(sums, ERR_MEMORY, "out of memory for checksums");
  err e = read_names(s, sums);
  if (!e) {
    sums->most_rows = most_rows;
    sums->values = calloc((size_t)(most_rows * sums->n), sizeof *sums->values);
    if (!sums->values) e = FAIL(ERR_MEMORY, "out of memory for checksums");
  }
  if (e) {
    store_sums_free(&sums);
    return err_trace(e, __FILE__, __LINE__);
  }
  s->sums = sums;
  return ERR_OK;
}

void store_sums_unit(struct store *s, int64_t first, int64_t count)
{
  if (!s->sums) return;
  s->sums->first = first;
  s->sums->count = count;
  memset(s->sums->values, 0, (size_t)(count * s->sums->n) * sizeof *s->sums->values);
}

uint32_t store_crc32(const void *bytes, int64_t n)
{
  return libdeflate_crc32(0, bytes, (size_t)n); /* several times as fast as zlib's */
}

/** 1 + the column of a variable, NONE where it has no checksums. */
static int find_column(const struct store_sums *sums, const char *path)
{
  for (int64_t k = 0; k < sums->n; k++)
    if (!strcmp(sums->names[k], path)) return (int)k + 1;
  return NONE;
}

void store_sums_add(struct store *s, int var, int64_t first, int64_t count, const void *rows)
{
  struct store_sums *const sums = s->sums;
  struct store_slot *const v = &s->slots[var];
  if (!sums) return;
  if (v->column == NOT_LOOKED_FOR) v->column = find_column(sums, v->path);
  if (v->column == NONE || first < sums->first || first + count > sums->first + sums->count) return;
  uint32_t *const to = sums->values + (first - sums->first) * sums->n + v->column - 1;
  for (int64_t i = 0; i < count; i++)
    to[i * sums->n] = store_crc32((const char *)rows + i * v->row_bytes, v->row_bytes);
}

err store_sums_write(struct store *s)
{
  if (!s->sums) return ERR_OK;
  return store_write(s, s->sums->var, s->sums->first, s->sums->count, s->sums->values);
}

/* Comparing. */

struct check {
  struct store *s;
  const struct store_sums *sums;
  const uint8_t *status; /* [rows] */
  int64_t rows;
  store_differs *differs;
  void *who;
};

/** Rows [first, first + n) of column k. */
static err check_block(const struct check *c, int64_t k, int var, int64_t first, int64_t n,
                       void *rows)
{
  const int64_t bytes = c->s->slots[var].row_bytes;
  TRY(store_read(c->s, var, first, n, rows));
  TRY(store_read(c->s, c->sums->var, first, n, c->sums->values));
  for (int64_t i = 0; i < n; i++) {
    if (!c->status[first + i]) continue; /* pending */
    if (store_crc32((const char *)rows + i * bytes, bytes) != c->sums->values[i * c->sums->n + k])
      c->differs(c->who, c->sums->names[k], first + i);
  }
  return ERR_OK;
}

static err check_column(const struct check *c, int64_t k)
{
  int var = 0;
  err e = ERR_OK;
  TRY(store_find(c->s, c->sums->names[k], &var));
  const struct store_slot *const v = &c->s->slots[var];
  CHECK((int64_t)v->dim[0] == c->rows, ERR_FORMAT, "%s: %s has %" PRId64 " rows, not %" PRId64,
        c->s->path, v->path, (int64_t)v->dim[0], c->rows);
  int64_t block = v->row_bytes < BLOCK_BYTES ? BLOCK_BYTES / v->row_bytes : 1;
  if (block > c->sums->most_rows) block = c->sums->most_rows;
  void *const rows = malloc((size_t)(block * v->row_bytes));
  CHECK(rows, ERR_MEMORY, "out of memory for rows of %s", v->path);
  for (int64_t i = 0; i < c->rows && !e; i += block)
    e = check_block(c, k, var, i, c->rows - i < block ? c->rows - i : block, rows);
  free(rows);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err check_all(struct check *c)
{
  int var = 0;
  TRY(store_find(c->s, "samples/status", &var));
  c->rows = (int64_t)c->s->slots[var].dim[0];
  uint8_t *const status = malloc((size_t)c->rows);
  CHECK(status, ERR_MEMORY, "out of memory for %" PRId64 " samples", c->rows);
  c->status = status;
  err e = store_read(c->s, var, 0, c->rows, status);
  for (int64_t k = 0; k < c->sums->n && !e; k++) e = check_column(c, k);
  free(status);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err store_sums_check(struct store *s, store_differs *differs, void *who, bool *there)
{
  enum { ROWS = 4096 };
  struct check c = {.s = s, .differs = differs, .who = who};
  TRY(store_sums_begin(s, ROWS));
  *there = s->sums != NULL;
  if (!s->sums) return ERR_OK;
  c.sums = s->sums;
  const err e = check_all(&c);
  store_sums_free(&s->sums);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
