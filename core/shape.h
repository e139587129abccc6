#pragma once
/* Shapes of tensors and how activations lie in memory.
 *
 * The model is computed for each image by itself.  The `struct shape` of a value is its ONNX shape for
 * ONE image (N = 1), and the unit's images lie side by side along an axis of extent `batch` that no
 * dimension of the file stands for.  So samples stay apart whatever a Reshape or a Transpose does with the
 * dimension of extent 1 that the file calls the batch: it may move ([N, L, D] to [L, N, D]), be merged
 * into another one (heads: [L, N h, d]; windows: [N nW, 49, C]) and come out again.  What the model
 * computes for one image is exactly what is computed here.
 *
 * Storage: the channel axis is outermost, then come the samples, then all other dimensions, row-major:
 *
 *     x[channels][batch][inner]
 *
 * The channel axis is dimension 1 where dimension 0 is 1, and dimension 0 elsewhere (and in vectors):
 *
 *     [1, C, H, W]                       [C][batch][H W]    a 1x1 convolution is one product, no copy
 *     [1, F]                             [F][batch]
 *     [1, L, D], [L, 1, D], [L, h, d], [L, D]
 *                                        [L][batch][D]      a linear layer is one product of L batch rows,
 *                                                           and reshaping among these moves nothing
 *     [nW, 49, C]                        [nW][batch][49 C]
 *
 * Constants (weights) are row-major as in the file, the same for every sample.
 *
 * Refused: reducing, cutting or joining along dimension 0 where it is 1 (with more images it would mix
 * them); operators over images (convolution, pools, ...) where dimension 0 is not 1; constants that
 * would give dimension 0 another extent; models exported for more than one image. */
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

/** The dimension that is outermost in memory; 0 for a scalar, which has none. */
static inline int shape_channel_axis(const struct shape *s)
{
  return s->rank > 1 && s->dim[0] == 1;
}

/** Extent of the channel axis, or 1 when there is none. */
static inline int shape_channels(const struct shape *s)
{
  return s->rank ? s->dim[shape_channel_axis(s)] : 1;
}

/** Positions of one channel of one sample: the product of the extents behind the channel axis. */
static inline int64_t shape_inner(const struct shape *s)
{
  int64_t n = 1;
  for (int i = shape_channel_axis(s) + 1; i < s->rank; i++) n *= s->dim[i];
  return n;
}

/** Rows and columns of one channel, together all its positions; a vector has 1 x 1, a sequence
 *  [N, C, L] has 1 x L, a volume [N, C, D, H, W] has D x (H W). */
static inline int shape_height(const struct shape *s)
{
  const int first = shape_channel_axis(s) + 1;
  return s->rank > first + 1 ? s->dim[first] : 1;
}
static inline int shape_width(const struct shape *s)
{
  return (int)(shape_inner(s) / shape_height(s));
}

/** Distances in memory, in elements, between neighbours along each dimension and between samples. */
struct shape_steps {
  int64_t batch;
  int64_t axis[SHAPE_MAX_RANK];
};

/** Of an activation in a unit of `batch` samples; of a constant where `batch` is 0. */
struct shape_steps shape_steps(const struct shape *s, int batch);

static inline bool shape_equal(const struct shape *a, const struct shape *b)
{
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (a->dim[i] != b->dim[i]) return false;
  return true;
}

/** Write "[1, 3, 224, 224]" into text, whose size is `bytes`; returns text.  `first` replaces a leading
 *  extent of 1, e.g. "N"; NULL prints the number. */
const char *shape_text(const struct shape *s, const char *first, char *text, int bytes);
