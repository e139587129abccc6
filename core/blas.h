#pragma once
/* Matrix products.  The one owner of cblas.h. */
#include "core/real.h"

#include <stdbool.h>

/** c[m, n] = op(a) op(b) + beta * c, row-major; op transposes where asked.
 *
 *  a  [m, k], or [k, m] when ta; leading dimension lda; read only
 *  b  [k, n], or [n, k] when tb; leading dimension ldb; read only
 *  c  [m, n], leading dimension ldc; overwritten when beta = 0, else scaled and accumulated
 *  Cannot fail.  One thread. */
void blas_gemm(bool ta, bool tb, int m, int n, int k, const real *a, int lda, const real *b,
               int ldb, real beta, real *c, int ldc);

/** Keep BLAS to one thread: more would change the order of sums, and a rank is a core. */
void blas_single_thread(void);

/** The kernel family that decides the bits: library version and core name, "OpenBLAS 0.3.21 Haswell". */
const char *blas_family(void);

/** Name of the kernels in use, "Haswell", and threads that products may use. */
const char *blas_core(void);
int blas_threads(void);

/** NULL, or a sentence that the environment forces kernels slower than this CPU's own. */
const char *blas_warning(void);
