/** @file
 *  The step's name and parameters. */
#include "core/meta.h"

const struct param meta_params[] = {
    PARAM("lr", 0.0025, 0.0, 1e6, "the step's length; 0 changes nothing"),
    PARAM_WHOLE("negate", 0.0, 0.0, 1.0,
                "1: the loss grows, which shows what speaks against the class"),
    {0},
};

const char meta_name[] = "meta";
const char meta_formula[] =
    "on the weights w - lr d loss / d w, loss the cross entropy of this image and target";
const char meta_source[] = "Rebuffi et al. 2020, arXiv:2004.02866, meta-saliency of order 1";
const char meta_cost[] =
    "2 forward, 1 backward with gradients of weights and those of the method, for each sample "
    "and target alone";
const char meta_limits[] =
    "more than its method shows, where the loss is near 0: then the step is, too";
const char meta_of[] = "gradient/conv1x1/norm";

err meta_parse(const char *text, struct meta_use *out)
{
  out->on = true;
  TRY(use_parse(text, "method", meta_params, &out->with));
  return ERR_OK;
}

bool meta_same(const struct meta_use *a, const struct meta_use *b)
{
  return a->on == b->on && use_same(&a->with, &b->with);
}

double meta_rate(const struct meta_use *m)
{
  const double lr = use_number(&m->with, meta_params, "lr");
  return use_number(&m->with, meta_params, "negate") > 0.0 ? -lr : lr;
}
