/** @file
 *  Tiles in plain C: what the other instruction sets are compared with.  A tile is one row, and so is a
 *  block of a packed matrix. */
#include "core/product_impl.h"

#ifndef RETROGRAD_DOUBLE
#include <math.h>
#include <string.h>

enum { WIDTH = PRODUCT_PANEL };

static void tile(int width, int64_t depth_step, int64_t b_step, const struct product_tile *t)
{
  for (int j = 0; j < width; j++) {
    float sum = t->begin ? t->begin[0] : t->c[j];
    for (int l = 0; l < t->depth; l++) sum = fmaf(t->a[l * depth_step], t->b[l * b_step + j], sum);
    t->c[j] = sum + 0.0F;
  }
}

static void copying(int width, int64_t depth_step, const struct product_tile *t)
{
  tile(width, depth_step, t->b_step, t);
  for (int l = 0; l < t->depth; l++) {
    memcpy(t->panel + (int64_t)l * PRODUCT_PANEL, t->b + l * t->b_step,
           (size_t)width * sizeof *t->panel);
  }
}

#define TILES(name, width)                                            \
  static void plain_##name(const struct product_tile *t)              \
  {                                                                   \
    tile(width, 1, PRODUCT_PANEL, t);                                 \
  }                                                                   \
  static void transposed_##name(const struct product_tile *t)         \
  {                                                                   \
    tile(width, PRODUCT_ROW_STEP, PRODUCT_PANEL, t);                  \
  }                                                                   \
  static void blocks_transposed_##name(const struct product_tile *t)  \
  {                                                                   \
    tile(width, t->a_block, PRODUCT_PANEL, t);                        \
  }                                                                   \
  static void copying_##name(const struct product_tile *t)            \
  {                                                                   \
    copying(width, 1, t);                                             \
  }                                                                   \
  static void copying_transposed_##name(const struct product_tile *t) \
  {                                                                   \
    copying(width, t->a_block, t);                                    \
  }
TILES(wide, WIDTH)
TILES(narrow, WIDTH / 2)

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
    {{{plain_wide}, {plain_narrow}},
     {{transposed_wide}, {transposed_narrow}},
     {{plain_wide}, {plain_narrow}},
     {{blocks_transposed_wide}, {blocks_transposed_narrow}},
     {{copying_wide}, {copying_narrow}},
     {{copying_transposed_wide}, {copying_transposed_narrow}}},
    NULL,
    {NULL},
};
#endif
