#pragma once
/* What one-dimensional transforms read and write. */
#include "core/simd.h"
#include "core/winograd.h"

/** Elements of a column or row of a tile: element i of all lanes begins at p + i * step. */
struct lane {
  const real *from;
  int64_t from_step;
  real *to;
  int64_t to_step;
};
