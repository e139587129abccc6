#pragma once
/* Eight numbers at a time, for kernels whose loops compilers do not vectorise by themselves.  Plain
 * vector extensions of the compiler: in a function marked SIMD each clone lowers them to what it has,
 * and every operation is the one that is written, so the bits are the same.  (gcc 12 takes a vector
 * wider than the oldest CPU's apart before it makes the clones and puts it together again in them;
 * it does so for what is here, but not for conversions, nor for one integer to all lanes.) */
#include "core/real.h"
#include "core/simd.h"

#include <stdint.h>
#include <string.h>

enum { LANES = 8 };

typedef real lanes __attribute__((vector_size(LANES * sizeof(real))));

/* As wide as the numbers; what comparisons give: -1 or 0 a lane. */
#ifdef RETROGRAD_DOUBLE
typedef int64_t lane_int;
#else
typedef int32_t lane_int;
#endif
typedef lane_int lane_ints __attribute__((vector_size(LANES * sizeof(lane_int))));

/** n, or the next multiple of LANES. */
static inline int lanes_up(int n)
{
  return (n + LANES - 1) / LANES * LANES;
}

/** The same number in every lane. */
SIMD_PART lanes lanes_all(real v)
{
  return v - (lanes){0};
}

SIMD_PART lanes lanes_load(const real *from)
{
  lanes v;
  memcpy(&v, from, sizeof v);
  return v;
}

SIMD_PART lane_ints lanes_load_ints(const lane_int *from)
{
  lane_ints v;
  memcpy(&v, from, sizeof v);
  return v;
}

SIMD_PART void lanes_store(real *to, lanes v)
{
  memcpy(to, &v, sizeof v);
}

SIMD_PART void lanes_store_ints(lane_int *to, lane_ints v)
{
  memcpy(to, &v, sizeof v);
}

/** Lanes of a where m is -1, of b where it is 0. */
SIMD_PART lanes lanes_select(lane_ints m, lanes a, lanes b)
{
  return (lanes)((m & (lane_ints)a) | (~m & (lane_ints)b));
}

SIMD_PART lane_ints lanes_select_ints(lane_ints m, lane_ints a, lane_ints b)
{
  return (m & a) | (~m & b);
}

/** from[0], from[step], ...; reads  step LANES  numbers where step is 1 or 2. */
SIMD_PART lanes lanes_load_step(const real *from, int step)
{
  real v[LANES];
  if (step == 1) return lanes_load(from);
  if (step == 2) {
    const lanes a = lanes_load(from), b = lanes_load(from + LANES);
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
  }
  for (int l = 0; l < LANES; l++) v[l] = from[(int64_t)l * step];
  return lanes_load(v);
}

/** to[0], to[step], ... = v; for step 2 of two vectors in turn see lanes_store_in_turn. */
SIMD_PART void lanes_store_step(real *to, int step, lanes v)
{
  if (step == 1) {
    lanes_store(to, v);
  } else {
    for (int l = 0; l < LANES; l++) to[(int64_t)l * step] = v[l];
  }
}

/** a[0], b[0], a[1], ...: sixteen numbers. */
SIMD_PART void lanes_store_in_turn(real *to, lanes a, lanes b)
{
  lanes_store(to, __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
  lanes_store(to + LANES, __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
}
