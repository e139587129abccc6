#pragma once
/* Mosaics of images, described by a JSON file:
 *
 *    {"layout": "2x2", "resize": 256, "crop": 224, "grids": [{"cells": [
 *       {"row": 0, "col": 0, "file": "a.jpg", "class_id": 470}, ...]}, ...]}
 *
 * Every cell: short side to `resize` (256), centre crop to `crop` (224). */
#include "core/err.h"

#include <stdint.h>

struct mosaic_cell {
  char *file; /* relative to the data set; owned */
  int class;
};

struct mosaic {
  int rows, columns, resize, crop;
  int64_t n;
  struct mosaic_cell *cells; /* [n][rows][columns] */
};

/** Errors: as file_read; ERR_FORMAT naming the grid. */
MUST_CHECK err mosaic_read(const char *path, struct mosaic *out);
void mosaic_free(struct mosaic *m);

/** Pixels of the cell at a place, row * columns + column: box of xmin, ymin, xmax, ymax, inclusive. */
void mosaic_box(const struct mosaic *m, int place, int box[4]);
