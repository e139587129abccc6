/** @file
 *  Attributes of operators with one function of one number. */
#include "core/unary.h"

err unary_parse(const struct attr_list *list, float alpha, float beta, void *attr)
{
  struct unary *a = attr;
  TRY(attr_float(list, "alpha", alpha, &alpha));
  TRY(attr_float(list, "beta", beta, &beta));
  *a = (struct unary){.alpha = alpha, .beta = beta};
  return ERR_OK;
}

const struct unary *unary_of(const struct op_site *at)
{
  static const struct unary none = {0};
  return at->attr ? at->attr : &none;
}
