/** @file
 *  Sums in plain C, number by number: what the instruction sets are compared with. */
#include "core/real.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef real vf;
typedef double vd;
typedef bool some;
#ifdef RETROGRAD_DOUBLE
typedef int64_t vi;
typedef uint64_t whole;
#else
typedef int32_t vi;
typedef uint32_t whole;
#endif
enum { LANES = 1, HALF = 1, HALVES = 1 };

#define LOAD_F(p)                         (*(p))
#define LOAD_SOME(p, m)                   ((m) ? *(p) : REAL(0.0))
#define WIDE_SOME(p, m, h)                ((void)(h), (m) ? (double)*(p) : 0.0)
#define SOME(n)                           ((n) > 0)
#define NOT_FIRST(m)                      ((void)(m), false)
#define WIDE(v, h)                        ((void)(h), (double)(v))
#define SPLAT_F(x)                        (x)
#define SPLAT_D(x)                        (x)
#define STORE_D(p, v)                     (*(p) = (v))
#define LARGER(a, b)                      ((a) < (b) ? (b) : (a))
#define SMALLER(a, b)                     ((a) > (b) ? (b) : (a))
#define IF_ABOVE(v, a, b)                 ((v) > REAL(0.0) ? (a) : (b))
#define ABOVE(v)                          (!((v) <= 0.0))
#define BELOW(v)                          (!((v) > 0.0))
#define ABOVE_OF(g, h)                    ((void)(h), !((g) <= REAL(0.0)))
#define BELOW_OF(g, h)                    ((void)(h), !((g) > REAL(0.0)))
#define ADD_TO_ONE(p, n, above, below, q) ((p) += (above) ? (q) : 0.0, (n) += (below) ? (q) : 0.0)
#define PAIRS                             0
#define LOAD_PAIR(p, q, m)                LOAD_SOME(p, m)
#define ONE_UP(v)                         (v)
#define ONE_DOWN(v)                       (v)
#define UNLESS_NAN(e, w)                  ((w) != (w) ? (double)NAN : (e))
#define TOP(a, b)                         ((a) < (b) ? (b) : (a))
#define LOW(a, b)                         ((whole)(a) < (whole)(b) ? (a) : (b))
#define DEEP(a, b)                        ((whole)(a) < (whole)(b) ? (b) : (a))
#define IF_SIGNED(b, x, y)                ((b) < 0 ? (x) : (y))
#define HAS_SIGN(v)                       (BITS(v) < 0 || (v) != (v))

/* NOLINTNEXTLINE(readability-identifier-naming): a macro where an instruction set has it */
static inline vi BITS(vf v)
{
  vi b;
  memcpy(&b, &v, sizeof b);
  return b;
}

/* NOLINTNEXTLINE(readability-identifier-naming): a macro where an instruction set has it */
static inline vf NUMBERS(vi b)
{
  vf v;
  memcpy(&v, &b, sizeof v);
  return v;
}

#include "core/sums_kernels.inc"

const struct sums_kernels sums_plain = SUMS_KERNELS;
