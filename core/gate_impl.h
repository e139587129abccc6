#pragma once
/* The inside of gates: activations and their gates in one reading, compiled for several instruction sets. */
#include "core/gate.h"

/** One instruction set; n is a whole number of its lanes, gates a bit an element. */
struct gate_kernels {
  int lanes;
  void (*rectify)(const real *x, int64_t n, real *y, void *gates);
  void (*clamp)(const real *x, int64_t n, real lo, real hi, real *y, void *gates);
};

#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
extern const struct gate_kernels gate_avx2, gate_avx512;
#endif
