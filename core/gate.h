#pragma once
/* Gates: one bit an element that says whether the signal passes. */
#include "core/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Elements whose gates are made while they are in the first-level cache, right after they were made; a
 * whole number of bytes of gates. */
enum { GATE_BLOCK = 2048 };

/** Bytes of n gates. */
size_t gate_bytes(int64_t n);

/** gate[i] = lo < y[i] < hi; hi infinite also passes infinity.  A NaN does not pass.
 *  y [n] read only;  gates [gate_bytes(n)] overwritten */
void gate_between(const real *y, int64_t n, real lo, real hi, void *gates);

/** dx[i] = gate[i] ? dy[i] : 0 where `set`, dx[i] += that elsewhere.
 *  gates, dy [n] read only;  dx [n]; it may be dy where `set` */
void gate_pass(const void *gates, const real *dy, int64_t n, bool set, real *dx);
