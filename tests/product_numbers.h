#pragma once
/* Random numbers for tests of matrix products. */
#include "check.h"

#include <stdint.h>
#include <stdlib.h>

static uint64_t state = 5;

static inline int random_int(int n)
{
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int)((state >> 33) % (uint64_t)n);
}

static inline float *random_floats(int64_t n)
{
  float *v = malloc((size_t)(n + 1) * sizeof *v);
  assert_non_null(v);
  for (int64_t i = 0; i < n; i++) v[i] = (float)(random_int(2000) - 1000) / 517.0F;
  return v;
}
