#pragma once
/* Shapes of tensors and how activations lie in memory.
 *
 * An activation has the logical shape [N, d1, d2, ...] of the ONNX file.  Its `struct shape` is that
 * of ONE sample, with dim[0] = 1; the number of samples side by side is the unit's `batch`.
 * Storage is channels outermost with the samples side by side:
 *
 *     x[d1][batch][d2 * d3 * ...]        a 1x1 convolution is then one matrix product, no copy
 *
 * A vector [N, F] is therefore stored [F][batch].  Constants (weights) are row-major as in the file. */
#include <stdbool.h>
#include <stdint.h>

enum { SHAPE_MAX_RANK = 6 };

struct shape {
  int rank;
  int dim[SHAPE_MAX_RANK];
};

/** Elements of a shape: the product of its extents; 1 for a scalar. */
static inline int64_t shape_count(const struct shape *s)
{
  int64_t n = 1;
  for (int i = 0; i < s->rank; i++) n *= s->dim[i];
  return n;
}

/** Channels of an activation: dim[1], or 1 when there is none. */
static inline int shape_channels(const struct shape *s)
{
  return s->rank > 1 ? s->dim[1] : 1;
}

/** Positions of one channel of one sample: the product of dim[2..]. */
static inline int64_t shape_inner(const struct shape *s)
{
  int64_t n = 1;
  for (int i = 2; i < s->rank; i++) n *= s->dim[i];
  return n;
}

/** Rows and columns of one channel; a vector has 1 x 1, a sequence [N, C, L] has 1 x L. */
static inline int shape_height(const struct shape *s)
{
  return s->rank > 3 ? s->dim[2] : 1;
}
static inline int shape_width(const struct shape *s)
{
  return s->rank > 3 ? s->dim[3] : s->rank == 3 ? s->dim[2] : 1;
}

static inline bool shape_equal(const struct shape *a, const struct shape *b)
{
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (a->dim[i] != b->dim[i]) return false;
  return true;
}

/** Write "[1, 3, 224, 224]" into text, whose size is `bytes`; returns text.  `first` replaces the
 *  leading extent, e.g. "N"; NULL prints the number. */
const char *shape_text(const struct shape *s, const char *first, char *text, int bytes);
