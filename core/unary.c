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

err unary_parse_none(const struct attr_list *list, int opset, void *attr)
{
  (void)list, (void)opset;
  *(struct unary *)attr = (struct unary){0};
  return ERR_OK;
}
