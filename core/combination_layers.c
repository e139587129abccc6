/** @file
 *  Weights and normalised maps of combinations over layers. */
#include "core/combination_layers.h"

#include "core/graph.h"
#include "core/plan.h"
#include "core/upsample.h"

#include <math.h>

enum { UNIFORM, LINEAR, MEASURED };

/* In the order of LAYER_WEIGHTS_LIST from the third on. */
static const char *const strategies[] = {"uniform", "linear",
#define E(name, text) #name,
                                         LAYER_WEIGHTS_LIST(E)
#undef E
                                             NULL};

const struct param combination_layers_params[] = {
    PARAM_WORD("weights", strategies,
               "of the layers: 1, j / n for the j-th of n, or those of --combination-weights"),
    {0},
};

static bool is_layer(const struct combination_parts *p, int tap)
{
  const struct value *v = &p->graph->values[p->graph->taps[tap]];
  return (!p->layers || p->layers[tap]) && shape_inner(&v->is.shape) > 1 &&
         plan_lives_at(p->graph, p->method, tap);
}

static err weight_of(const struct combination_parts *p, const struct use *with, int tap, int j,
                     int n, double *w)
{
  const int kind = (int)use_number(with, combination_layers_params, "weights");
  *w = kind == UNIFORM ? 1.0 : (double)j / n;
  if (kind < MEASURED) return ERR_OK;
  const double *of = p->weights ? p->weights + (int64_t)(kind - MEASURED) * p->graph->n_taps : NULL;
  CHECK(of && isfinite(of[tap]) && of[tap] >= 0.0, ERR_USAGE,
        "method '%s' wants weights '%s' of the layer '%s': give --combination-weights FILE, as "
        "retrograd weigh writes it",
        with->text, strategies[kind], p->graph->values[p->graph->taps[tap]].name);
  *w = of[tap];
  return ERR_OK;
}

err combination_layers_parts(struct combination_parts *p, const struct use *with)
{
  double sum = 0.0;
  int n = 0, j = 0;
  for (int t = 0; t < p->graph->n_taps; t++) n += is_layer(p, t);
  CHECK(n, ERR_USAGE,
        "method '%s' has no map at the layers chosen: choose some with positions by --layers or "
        "--over",
        p->method->given);
  for (int t = 0; t < p->graph->n_taps; t++) {
    struct combination_part part = {.tap = t,
                                    .rule = p->method->rule,
                                    .extract = p->method->extract,
                                    .aggregate = p->method->aggregate};
    if (!is_layer(p, t)) continue;
    TRY(weight_of(p, with, t, ++j, n, &part.weight));
    sum += part.weight;
    TRY(combination_add(p, &part));
  }
  CHECK(sum > 0.0, ERR_USAGE, "method '%s': the weights of all its layers are 0", p->method->given);
  for (int i = p->n - n; i < p->n; i++) p->part[i].weight /= sum;
  return ERR_OK;
}

double combination_layers_map(const struct combination_call *c, int i)
{
  const struct combination_input *in = &c->in[i];
  upsample_bilinear(in->map, in->height, in->width, c->up, c->height, c->width);
  combination_min_max(c->up, (int64_t)c->height * c->width);
  return in->weight;
}

bool combination_layers_signed(const struct use *with)
{
  (void)with;
  return false;
}
