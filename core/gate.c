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
    if (isinf(hi)) {
      compare_above(y + first, count, lo, bytes);
    } else {
      compare(y + first, count, lo, hi, bytes);
    }
    for (int i = count; i < whole; i++) bytes[i] = 0;
    for (int i = 0; i < whole; i += GROUP) *to++ = packed(bytes + i);
  }
}

/* Eight signals as one vector of numbers and as one of bits; compilers lower it to what there is. */
typedef real numbers __attribute__((vector_size(GROUP * sizeof(real))));
#ifdef RETROGRAD_DOUBLE
typedef uint64_t masks __attribute__((vector_size(GROUP * sizeof(uint64_t))));
#else
typedef uint32_t masks __attribute__((vector_size(GROUP * sizeof(uint32_t))));
#endif

/** Signals of a group where its bits are 1, zeros elsewhere, into *v. */
static inline __attribute__((always_inline)) void through(unsigned bits, const real *from,
                                                          numbers *v)
{
  static const masks one_each = {1, 2, 4, 8, 16, 32, 64, 128};
  masks signal;
  memcpy(&signal, from, sizeof signal);
  const masks open = (masks)((one_each & bits) != 0);
  signal &= open;
  memcpy(v, &signal, sizeof signal);
}

/* dx may be dy: a group is read before it is written. */
SIMD static void pass_set(const unsigned char *gates, const real *dy, int64_t groups, real *dx)
{
  for (int64_t j = 0; j < groups; j++) {
    numbers v;
    through(gates[j], dy + j * GROUP, &v);
    memcpy(dx + j * GROUP, &v, sizeof v);
  }
}

SIMD static void pass_add(const unsigned char *gates, const real *dy, int64_t groups, real *dx)
{
  for (int64_t j = 0; j < groups; j++) {
    numbers v, sum;
    through(gates[j], dy + j * GROUP, &v);
    memcpy(&sum, dx + j * GROUP, sizeof sum);
    sum += v;
    memcpy(dx + j * GROUP, &sum, sizeof sum);
  }
}

void gate_pass(const void *gates, const real *dy, int64_t n, bool set, real *dx)
{
  const unsigned char *bits = gates;
  const int64_t groups = n / GROUP;
  if (set) {
    pass_set(bits, dy, groups, dx);
  } else {
    pass_add(bits, dy, groups, dx);
  }
  for (int64_t i = groups * GROUP; i < n; i++) {
    const real v = (bits[i / GROUP] >> (i % GROUP)) & 1 ? dy[i] : REAL(0.0);
    dx[i] = set ? v : dx[i] + v;
  }
}
