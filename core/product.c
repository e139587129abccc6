/** @file
 *  Whose matrix products: the program's own, or OpenBLAS's. */
#include "core/product.h"

#include "core/blas.h"
#include "core/product_impl.h"

#include <assert.h>

static enum product_choice chosen = PRODUCT_AUTO;

void product_choose(enum product_choice choice)
{
  chosen = choice;
}

#ifdef RETROGRAD_DOUBLE /* the tests' build has no kernels of its own */

bool product_is_blas(void)
{
  return true;
}

const char *product_vectors(void)
{
  return blas_core();
}

#else

bool product_is_blas(void)
{
  return chosen == PRODUCT_OPENBLAS || (chosen == PRODUCT_AUTO && !product_native());
}

const char *product_vectors(void)
{
  return product_is_blas() ? blas_core() : product_own_kernel()->vectors;
}

#endif

const char *product_family(void)
{
  return product_is_blas() ? blas_family() : "retrograd-fma 2";
}

static void blas_product(const struct product *p)
{
  for (int i = 0; p->bias && i < p->m; i++)
    for (int j = 0; j < p->n; j++) p->c[i * p->c_step + j] = p->bias[i];
  blas_gemm(p->a_transposed, false, p->m, p->n, p->k, p->a, (int)p->a_step, p->b, (int)p->b_step,
            p->add || p->bias ? REAL(1.0) : REAL(0.0), p->c, (int)p->c_step);
}

enum { BLAS_COLUMNS = 512 }; /* of b that are made for OpenBLAS at once */

static void blas_fill_product(const struct product *p)
{
  for (int first = 0; first < p->n; first += BLAS_COLUMNS) {
    struct product block = *p;
    block.n = p->n - first < BLAS_COLUMNS ? p->n - first : BLAS_COLUMNS;
    block.b = p->work;
    block.b_step = block.n;
    block.c = p->c + first;
    for (int l = 0; l < p->k; l++)
      p->fill(p->who, l, first, block.n, (real *)p->work + (int64_t)l * block.n);
    blas_product(&block);
  }
}

void product(const struct product *p)
{
  assert(!(p->add && p->bias));
  if (p->k > 0 && !product_is_blas()) {
    product_own(p);
  } else if (p->fill) {
    blas_fill_product(p);
  } else {
    blas_product(p);
  }
}

size_t product_fill_work_bytes(int n, int k)
{
  const int columns = n < BLAS_COLUMNS ? n : BLAS_COLUMNS;
  return product_is_blas() ? ((size_t)k * (size_t)columns + PRODUCT_ROOM) * sizeof(real)
                           : product_own_bytes(n);
}

size_t product_work_bytes(int n)
{
  return product_is_blas() ? 0 : product_own_bytes(n);
}

void product_panels(const struct product_panels *p)
{
  if (!product_is_blas()) {
    product_own_panels(p);
    return;
  }
  for (int j = 0; j * p->width < p->n; j++) {
    blas_gemm(p->a_transposed, false, p->m, p->width, p->k, p->a, (int)p->a_step,
              p->b + j * p->b_panel, p->width, REAL(0.0), p->c + j * p->c_panel, p->width);
  }
}

size_t product_panels_work_bytes(void)
{
  return product_is_blas() ? 0 : product_own_bytes(0);
}

int product_panel_width(int n)
{
  if (!product_is_blas()) return PRODUCT_PANEL;
  return (n + PRODUCT_PANEL - 1) / PRODUCT_PANEL * PRODUCT_PANEL;
}
