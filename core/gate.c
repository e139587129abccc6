/** @file
 *  Bits from comparisons, and signals through bits: groups of eight elements a byte. */
#include "core/gate.h"

#include "core/simd.h"

#include <math.h>
#include <string.h>

enum { GROUP = 8, BLOCK = 512 };

size_t gate_bytes(int64_t n)
{
  return (size_t)((n + GROUP - 1) / GROUP);
}

/** One byte an element, 0 or 1, for a block. */
SIMD static void compare(const real *restrict y, int n, real lo, real hi, unsigned char *restrict b)
{
  for (int i = 0; i < n; i++) b[i] = (unsigned char)((y[i] > lo) & (y[i] < hi));
}

SIMD static void compare_above(const real *restrict y, int n, real lo, unsigned char *restrict b)
{
  for (int i = 0; i < n; i++) b[i] = (unsigned char)(y[i] > lo);
}

/** Eight bytes of 0 or 1 to one byte: the multiplication moves byte k to bit 56 + k. */
static unsigned char packed(const unsigned char *bytes)
{
  uint64_t v;
  memcpy(&v, bytes, sizeof v);
  return (unsigned char)((v * UINT64_C(0x0102040810204080)) >> 56);
}

void gate_between(const real *y, int64_t n, real lo, real hi, void *gates)
{
  unsigned char *to = gates, bytes[BLOCK];
  for (int64_t first = 0; first < n; first += BLOCK) {
    const int count = n - first < BLOCK ? (int)(n - first) : BLOCK;
    const int whole = (count + GROUP - 1) / GROUP * GROUP;
    if (isinf(hi))
      compare_above(y + first, count, lo, bytes);
    else
      compare(y + first, count, lo, hi, bytes);
    for (int i = count; i < whole; i++) bytes[i] = 0;
    for (int i = 0; i < whole; i += GROUP) *to++ = packed(bytes + i);
  }
}

/* In both loops dx may be dy: no iteration reads what another one wrote. */
SIMD static void pass_set(const unsigned char *gates, const real *dy, int64_t groups, real *dx)
{
  for (int64_t j = 0; j < groups; j++) {
    const unsigned bits = gates[j];
    const real *from = dy + j * GROUP;
    real *to = dx + j * GROUP;
#pragma GCC ivdep
    for (int k = 0; k < GROUP; k++) {
      const real v = from[k];
      to[k] = (bits >> k) & 1U ? v : REAL(0.0);
    }
  }
}

SIMD static void pass_add(const unsigned char *gates, const real *restrict dy, int64_t groups,
                          real *restrict dx)
{
  for (int64_t j = 0; j < groups; j++) {
    const unsigned bits = gates[j];
    const real *from = dy + j * GROUP;
    real *to = dx + j * GROUP;
    for (int k = 0; k < GROUP; k++) {
      const real v = from[k];
      to[k] += (bits >> k) & 1U ? v : REAL(0.0);
    }
  }
}

void gate_pass(const void *gates, const real *dy, int64_t n, bool set, real *dx)
{
  const unsigned char *bits = gates;
  const int64_t groups = n / GROUP;
  if (set)
    pass_set(bits, dy, groups, dx);
  else
    pass_add(bits, dy, groups, dx);
  for (int64_t i = groups * GROUP; i < n; i++) {
    const real v = (bits[i / GROUP] >> (i % GROUP)) & 1 ? dy[i] : REAL(0.0);
    dx[i] = set ? v : dx[i] + v;
  }
}
