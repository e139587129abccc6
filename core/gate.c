/** @file
 *  Activations with bits from comparisons, and signals through bits: groups of eight elements a byte. */
#include "core/gate.h"

#include "core/cpu_level.h"
#include "core/gate_impl.h"
#include "core/simd.h"

#include <math.h>
#include <string.h>

enum { GROUP = 8 };

size_t gate_bytes(int64_t n)
{
  return (size_t)((n + GROUP - 1) / GROUP);
}

/** The widest vectors that this CPU has; NULL: none of ours. */
static const struct gate_kernels *kernels(void)
{
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
  if (__builtin_cpu_supports(CPU_V4)) return &gate_avx512;
  if (__builtin_cpu_supports(CPU_V3)) return &gate_avx2;
#endif
  return NULL;
}

/** Elements that vectors make: whole ones, and whole bytes of gates. */
static int64_t in_vectors(const struct gate_kernels *k, int64_t n)
{
  return k ? n / k->lanes * k->lanes : 0;
}

void gate_rectify(const real *x, int64_t n, real *y, void *gates)
{
  const struct gate_kernels *k = kernels();
  unsigned char *bits = gates;
  int64_t i = in_vectors(k, n);
  if (i) k->rectify(x, i, y, gates);
  for (; i < n; i++) {
    if (i % GROUP == 0) bits[i / GROUP] = 0;
    y[i] = x[i] <= REAL(0.0) ? REAL(0.0) : x[i];
    bits[i / GROUP] |= (unsigned char)((y[i] > REAL(0.0)) << i % GROUP);
  }
}

void gate_clamp(const real *x, int64_t n, real lo, real hi, real *y, void *gates)
{
  const struct gate_kernels *k = kernels();
  const bool open = isinf(hi);
  unsigned char *bits = gates;
  int64_t i = in_vectors(k, n);
  if (i) k->clamp(x, i, lo, hi, y, gates);
  for (; i < n; i++) {
    if (i % GROUP == 0) bits[i / GROUP] = 0;
    const real raised = x[i] < lo ? lo : x[i];
    y[i] = raised > hi ? hi : raised;
    bits[i / GROUP] |= (unsigned char)((y[i] > lo && (open || y[i] < hi)) << i % GROUP);
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
