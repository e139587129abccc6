/** @file
 *  Matrix products by OpenBLAS. */
#include "core/blas.h"

#include "core/blas_core.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef RETROGRAD_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

/* NOLINTNEXTLINE(readability-function-size): the parameters are those of every BLAS */
void blas_gemm(bool ta, bool tb, int m, int n, int k, const real *a, int lda, const real *b,
               int ldb, real beta, real *c, int ldc)
{
  GEMM(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k,
       REAL(1.0), a, lda, b, ldb, beta, c, ldc);
}

void blas_single_thread(void)
{
  openblas_set_num_threads(1);
}

const char *blas_family(void)
{
  static char text[96];
  char version[32] = "OpenBLAS";
  (void)sscanf(openblas_get_config(), "%*31s %31s", version); /* "OpenBLAS 0.3.21 ..." */
  (void)snprintf(text, sizeof text, "OpenBLAS %s %s", version, openblas_get_corename());
  return text;
}

const char *blas_core(void)
{
  return openblas_get_corename();
}

int blas_threads(void)
{
  return openblas_get_num_threads();
}

const char *blas_warning(void)
{
  static char text[320];
  const char *forced = getenv("OPENBLAS_CORETYPE");
  if (!forced || !blas_core_is_slow(blas_core())) return NULL;
  (void)snprintf(text, sizeof text,
                 "OPENBLAS_CORETYPE=%.40s forces kernels (%s) that do not use this CPU's widest "
                 "vectors; unset it to be up to twice as fast or more, or choose others with "
                 "--blas-core (a study keeps the kernels it began with)",
                 forced, blas_core());
  return text;
}
