/** @file
 *  Reading the description of mosaics. */
#include "io/mosaic.h"

#include "io/file.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CELLS = 16, MOST_SIDE = 4096 };

static int integer(const json_t *o, const char *name, int otherwise)
{
  const json_t *j = json_object_get(o, name);
  const json_int_t v = json_is_integer(j) ? json_integer_value(j) : j ? -1 : otherwise;
  return v >= 0 && v <= INT32_MAX ? (int)v : -1;
}

static err read_cell(const char *path, int64_t grid, const json_t *j, struct mosaic *m)
{
  const int row = integer(j, "row", -1), column = integer(j, "col", -1);
  const int class = integer(j, "class_id", -1);
  const char *file = json_string_value(json_object_get(j, "file"));
  CHECK(file && class >= 0 && row >= 0 && row < m->rows && column >= 0 && column < m->columns,
        ERR_FORMAT, "%s: a cell of grid %lld needs row, col, file and class_id", path,
        (long long)grid);
  struct mosaic_cell *c = &m->cells[(grid * m->rows + row) * m->columns + column];
  CHECK(!c->file, ERR_FORMAT, "%s: grid %lld has two cells in row %d, column %d", path,
        (long long)grid, row, column);
  c->class = class;
  c->file = strdup(file);
  CHECK(c->file, ERR_MEMORY, "no memory for %s", path);
  return ERR_OK;
}

static err read_grid(const char *path, int64_t grid, const json_t *j, struct mosaic *m)
{
  const json_t *cells = json_object_get(j, "cells");
  const size_t n = (size_t)m->rows * (size_t)m->columns;
  CHECK(json_array_size(cells) == n, ERR_FORMAT, "%s: grid %lld has %zu cells, not %zu", path,
        (long long)grid, json_array_size(cells), n);
  for (size_t i = 0; i < n; i++) TRY(read_cell(path, grid, json_array_get(cells, i), m));
  return ERR_OK;
}

static err read_root(const char *path, const json_t *root, struct mosaic *m)
{
  const char *layout = json_string_value(json_object_get(root, "layout"));
  const json_t *grids = json_object_get(root, "grids");
  m->resize = integer(root, "resize", 256);
  m->crop = integer(root, "crop", 224);
  const bool square = layout && layout[0] > '0' && layout[0] <= '9' && layout[1] == 'x' &&
                      layout[2] > '0' && layout[2] <= '9' && !layout[3];
  m->rows = square ? layout[0] - '0' : 0;
  m->columns = square ? layout[2] - '0' : 0;
  CHECK(square && m->rows * m->columns <= MOST_CELLS, ERR_FORMAT,
        "%s: layout must be ROWSxCOLUMNS of at most %d cells, such as \"2x2\"", path, MOST_CELLS);
  CHECK(m->resize > 0 && m->resize <= MOST_SIDE && m->crop > 0 && m->crop <= m->resize, ERR_FORMAT,
        "%s: resize and crop must be pixels, crop at most resize", path);
  CHECK(json_array_size(grids), ERR_FORMAT, "%s: no grids in it", path);
  m->n = (int64_t)json_array_size(grids);
  m->cells = calloc((size_t)m->n * (size_t)(m->rows * m->columns), sizeof *m->cells);
  CHECK(m->cells, ERR_MEMORY, "no memory for %s", path);
  for (int64_t i = 0; i < m->n; i++) TRY(read_grid(path, i, json_array_get(grids, (size_t)i), m));
  return ERR_OK;
}

err mosaic_read(const char *path, struct mosaic *out)
{
  json_error_t why = {0};
  uint8_t *bytes = NULL;
  size_t n = 0;
  struct mosaic m = {0};
  TRY(file_read(path, LIMIT_FILE_BYTES, &bytes, &n));
  json_t *root = json_loadb((const char *)bytes, n, 0, &why);
  free(bytes);
  const err e = root ? read_root(path, root, &m)
                     : FAIL(ERR_FORMAT, "%s, line %d: %s", path, why.line, why.text);
  json_decref(root);
  if (e) mosaic_free(&m);
  if (e) return err_trace(e, __FILE__, __LINE__);
  *out = m;
  return ERR_OK;
}

void mosaic_free(struct mosaic *m)
{
  for (int64_t i = 0; m->cells && i < m->n * m->rows * m->columns; i++) free(m->cells[i].file);
  free(m->cells);
  *m = (struct mosaic){0};
}

void mosaic_box(const struct mosaic *m, int place, int box[4])
{
  box[0] = place % m->columns * m->crop;
  box[1] = place / m->columns * m->crop;
  box[2] = box[0] + m->crop - 1;
  box[3] = box[1] + m->crop - 1;
}
