/** @file
 *  Tiles in plain C: what the other instruction sets are compared with. */
#include "core/product_impl.h"

#ifndef RETROGRAD_DOUBLE
#include <math.h>
#include <string.h>

enum { WIDTH = PRODUCT_PANEL };

static void tile(int rows, int width, int row_step, int depth_step, const struct product_tile *t)
{
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < width; j++) {
      float *c = t->c + i * t->c_step + j;
      float sum = t->begin ? t->begin[i] : *c;
      for (int l = 0; l < t->depth; l++) {
        sum = fmaf(t->a[(int64_t)i * row_step + (int64_t)l * depth_step],
                   t->b[(int64_t)l * PRODUCT_PANEL + j], sum);
      }
      *c = sum;
    }
  }
}

static void plain_wide(const struct product_tile *t)
{
  tile(1, WIDTH, PRODUCT_DEPTH_STEP, 1, t);
}
static void plain_narrow(const struct product_tile *t)
{
  tile(1, WIDTH / 2, PRODUCT_DEPTH_STEP, 1, t);
}
static void transposed_wide(const struct product_tile *t)
{
  tile(1, WIDTH, 1, PRODUCT_ROW_STEP, t);
}
static void transposed_narrow(const struct product_tile *t)
{
  tile(1, WIDTH / 2, 1, PRODUCT_ROW_STEP, t);
}

static void copy(const struct product_copy *c)
{
  for (int i = 0; i < c->rows; i++) {
    for (int p = 0; p < c->pieces; p++) {
      memcpy(c->to + i * c->to_row + p * c->to_piece, c->from + i * c->from_row + p * c->from_piece,
             (size_t)c->n * sizeof *c->to);
    }
  }
}

const struct product_kernel product_portable = {
    "no vectors",
    1,
    WIDTH,
    copy,
    {{{plain_wide}, {plain_narrow}}, {{transposed_wide}, {transposed_narrow}}},
};
#endif
