#pragma once
/* What the files of relevance share. */
#include "core/relevance.h"
#include "core/simd.h"

/* As relevance.h says: denominators this small hand nothing on where there is no stabiliser. */
#define RELEVANCE_TINY REAL(1e-20)

/** s[i] = c dy[i] / stab(z[i]); n elements; s may be z. */
SIMD_PART void relevance_divide(const real *dy, const real *z, real c, real epsilon, int64_t n,
                                real *s)
{
  SIMD_INDEPENDENT
  for (int64_t i = 0; i < n; i++) {
    const real away = z[i] < REAL(0.0) ? z[i] - epsilon : z[i] + epsilon;
    const bool tiny = away <= RELEVANCE_TINY && away >= -RELEVANCE_TINY;
    s[i] = tiny ? REAL(0.0) : c * dy[i] / away;
  }
}

/** Numbers of one unit of a value. */
int64_t relevance_count(const struct shape *s, int batch);

/** For the role OP_WEIGHTED. */
void relevance_weighted(const struct op_bwd *c);
size_t relevance_weighted_work(const struct rule_site *r);
size_t relevance_weighted_prepared(const struct rule_site *r);
void relevance_weighted_prepare(const struct rule_site *r, void *prepared);
err relevance_weighted_check(const struct rule_site *r);
