/** @file
 *  Weights of convolutions that are matrix products, packed once when the plan is made. */
#include "core/conv.h"

static int columns_of(const struct conv *a)
{
  return a->channels / a->groups * a->window.kernel[0] * a->window.kernel[1];
}

size_t conv_packed_bytes(const struct conv *a)
{
  const int64_t one = product_packed_count(a->outputs / a->groups, columns_of(a));
  return (size_t)(one * a->groups) * sizeof(real);
}

void conv_pack(const struct conv *a, const real *w, void *prepared)
{
  const int rows = a->outputs / a->groups, columns = columns_of(a);
  const int64_t one = product_packed_count(rows, columns);
  for (int g = 0; g < a->groups; g++) {
    product_pack(rows, columns, w + (int64_t)g * rows * columns, columns,
                 (real *)prepared + g * one);
  }
}

void conv_give_weights(const struct op_site *at, const real *w, int g, int first, struct product *p)
{
  const struct conv *a = at->attr;
  const int rows = a->outputs / a->groups, columns = columns_of(a);
  if (at->prepared) {
    const int64_t one = product_packed_count(rows, columns);
    p->packed = (struct product_packed){(const real *)at->prepared + g * one, columns, first};
  } else {
    p->a = w + (int64_t)g * rows * columns + first;
    p->a_step = columns;
  }
}
