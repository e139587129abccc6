/** @file
 *  Rebuffi et al. 2020: maps of several layers put together. */
#include "jobs/studies/picks.h"

static const char *const methods[] = {
    "layers_product[normgrad]", "layers_product(weights=linear)[normgrad]", "layers_sum[normgrad]",
    "layers_product[normgrad_selective]", "layers_product[linear_approx]"};
static const char *const single[] = {"normgrad", "normgrad_selective", "linear_approx"};
enum { N = sizeof methods / sizeof *methods, SINGLE = sizeof single / sizeof *single };

static const char *const args[] = {
    "--methods=layers_product[normgrad],layers_product(weights=linear)[normgrad],layers_sum["
    "normgrad],"
    "layers_product[normgrad_selective],layers_product[linear_approx],normgrad,normgrad_selective,"
    "linear_approx",
    NULL};
static const char *const metric_args[] = {"--metrics=pointing,energy_pointing", NULL};

static const struct study_step steps[] = {
    STEPS_OBJECTS(args, metric_args),
    {0},
};

/* The file's last layer is where maps over several layers are, the one before it the last of a single one. */
static const struct study_claim claims[] = {
    MORE(
        "The product of NormGrad's layers is better than its best single layer, chosen on the same "
        "images (share of positive energy on the object)",
        ON_OBJECT("-1", "layers_product[normgrad]"), ON_OBJECT("best", "normgrad")),
    MORE("It is better than NormGrad's last layer", ON_OBJECT("-1", "layers_product[normgrad]"),
         ON_OBJECT("-2", "normgrad")),
    MORE("It is better than NormGrad at three quarters of the layers",
         ON_OBJECT("-1", "layers_product[normgrad]"), ON_OBJECT("75%", "normgrad")),
    MORE("It is better than NormGrad in the middle", ON_OBJECT("-1", "layers_product[normgrad]"),
         ON_OBJECT("50%", "normgrad")),
    MORE("The product is better than the sum", ON_OBJECT("-1", "layers_product[normgrad]"),
         ON_OBJECT("-1", "layers_sum[normgrad]")),
    MORE("Weights that grow with depth are better than equal ones",
         ON_OBJECT("-1", "layers_product(weights=linear)[normgrad]"),
         ON_OBJECT("-1", "layers_product[normgrad]")),
    MORE("Selective NormGrad: the product is better than the best single layer",
         ON_OBJECT("-1", "layers_product[normgrad_selective]"),
         ON_OBJECT("best", "normgrad_selective")),
    MORE("Pointing: the product of NormGrad's layers is better than its best single layer",
         POINTS("-1", "layers_product[normgrad]"), POINTS("best", "normgrad")),
    {0},
};

static err figures(struct report *r)
{
  struct report_pick p = {"pointing.h5", "values/@-1", {"#each", NULL, "energy_pointing"}};
  TRY(report_boxes(
      r, p,
      &(struct report_drawing){"combined",
                               "Maps of several layers: share of the positive part on the object",
                               1, methods, N, "share on the object"}));
  p.variable = "values/@";
  TRY(report_layers(
      r, p, 0.0, 1.0,
      &(struct report_drawing){"single", "The same at single layers", 1, single, SINGLE, NULL}));
  return ERR_OK;
}

const struct study_spec study_layer_combination = {
    .name = "layer-combination",
    .summary = "Are maps of several layers better than those of the best one?",
    .paper = "Rebuffi, Fong, Ji, Vedaldi 2020, arXiv:2004.02866",
    .where = "combining layers, the pointing game of combined maps",
    .measures = "the pointing game, and the share of the map's positive part on the object, of "
                "products and "
                "sums over the layers of --layers, and of single layers",
    .found = "the product over layers beats the best single layer",
    .source = "the printed table of combined maps could not be had; findings stand for themselves",
    .targets = "label",
    .objects = true,
    .layers = "convs",
    .steps = steps,
    .claims = claims,
    .figures = figures,
};
