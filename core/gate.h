#pragma once
/* Gates: one bit an element that says whether the signal passes. */
#include "core/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of n gates. */
size_t gate_bytes(int64_t n);

/** y[i] = x[i] <= 0 ? 0 : x[i], NaN for NaN;  gate[i] = y[i] > 0.
 *  x [n] read only;  y [n] overwritten, maybe on x;  gates [gate_bytes(n)] overwritten */
void gate_rectify(const real *x, int64_t n, real *y, void *gates);

/** y[i] = min(max(x[i], lo), hi), NaN for NaN;  gate[i] = lo < y[i] < hi; hi infinite also passes infinity.
 *  A NaN does not pass.  Arrays as above. */
void gate_clamp(const real *x, int64_t n, real lo, real hi, real *y, void *gates);

/** dx[i] = gate[i] ? dy[i] : 0 where `set`, dx[i] += that elsewhere.
 *  gates, dy [n] read only;  dx [n]; it may be dy where `set` */
void gate_pass(const void *gates, const real *dy, int64_t n, bool set, real *dx);
