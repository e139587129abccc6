#pragma once
/* What an element of a product is, to the bit. */
#include "core/product.h"

#include <math.h>

/** Element (i, j): the chain of core/product.h. */
static inline float product_element(const struct product *p, int i, int j, float begin)
{
  float sum = begin;
  for (int l = 0; l < p->k; l++) {
    const float a = p->a_transposed ? p->a[l * p->a_step + i] : p->a[i * p->a_step + l];
    sum = fmaf(a, p->b[l * p->b_step + j], sum);
  }
  return sum + 0.0F; /* never -0 */
}
