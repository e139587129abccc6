/** @file
 *  Modified weights of a linear operator, prepared once for all units. */
#include "core/relevance_variant.h"

#include "core/arena.h"
#include "core/batch_normalization.h"

#include <assert.h>

struct linear_rule relevance_linear(const struct rule_site *r)
{
  return r->use->rule->weighted(r);
}

int relevance_weights_operand(const struct rule_site *r)
{
  return r->op->linear->weights(r->at);
}

int relevance_data_operand(const struct rule_site *r)
{
  return relevance_weights_operand(r) == 0;
}

/** Weights as they are, where no BatchNormalization is one with them. */
static bool is_own(const struct rule_site *r, enum linear_weights w)
{
  return w == LINEAR_W && !r->norm;
}

static int64_t n_weights(const struct rule_site *r)
{
  return shape_count(&r->at->in[relevance_weights_operand(r)].shape);
}

void relevance_variant_site(const struct rule_site *r, struct relevance_variant *v)
{
  assert(r->at->n_in <= RELEVANCE_INPUTS);
  v->at = *r->at;
  for (int k = 0; k < r->at->n_in; k++) v->in[k] = r->at->in[k];
  if (r->op->linear->bias && r->op->linear->bias < r->at->n_in)
    v->in[r->op->linear->bias].present = false;
  v->at.in = v->in;
  v->at.plain = true;
  v->at.prepared = NULL;
}

static size_t own_prepared(const struct rule_site *r, const struct relevance_variant *v)
{
  return r->op->prepared_bytes ? arena_padded(r->op->prepared_bytes(&v->at)) : 0;
}

static size_t bias_bytes(const struct rule_site *r)
{
  return arena_padded((size_t)r->op->linear->outputs(r->at) * sizeof(real));
}

static size_t weight_bytes(const struct rule_site *r, enum linear_weights w)
{
  return is_own(r, w) ? 0 : arena_padded((size_t)n_weights(r) * sizeof(real));
}

/** Bit w is set where the rule uses weights w. */
static unsigned used_weights(const struct linear_rule *rule)
{
  unsigned used = 0;
  for (int g = 0; g < rule->n; g++) {
    for (int t = 0; t < rule->group[g].n; t++) used |= 1U << rule->group[g].term[t].w;
    if (rule->group[g].where != LINEAR_EVERYWHERE) used |= 1U << LINEAR_W;
  }
  return used;
}

/** One after the other for each kind of weights used: biases, weights, what the operator prepares. */
static size_t variant_bytes(const struct rule_site *r, enum linear_weights w)
{
  struct relevance_variant v;
  relevance_variant_site(r, &v);
  return bias_bytes(r) + weight_bytes(r, w) + own_prepared(r, &v);
}

size_t relevance_weighted_prepared(const struct rule_site *r)
{
  const struct linear_rule rule = relevance_linear(r);
  const unsigned used = used_weights(&rule);
  size_t n = 0;
  for (int w = 0; w < N_LINEAR_WEIGHTS; w++)
    if (used & 1U << w) n += variant_bytes(r, (enum linear_weights)w);
  return n;
}

void relevance_variant_of(const struct rule_site *r, const struct linear_rule *rule,
                          enum linear_weights w, const void *prepared, struct relevance_variant *v)
{
  const unsigned used = used_weights(rule);
  const unsigned char *at = prepared;
  relevance_variant_site(r, v);
  for (int k = 0; k < (int)w; k++)
    if (used & 1U << k) at += variant_bytes(r, (enum linear_weights)k);
  v->bias = (const real *)(const void *)at;
  at += bias_bytes(r);
  v->weights =
      is_own(r, w) ? r->at->in[relevance_weights_operand(r)].data : (const real *)(const void *)at;
  at += weight_bytes(r, w);
  v->in[relevance_weights_operand(r)].data = v->weights;
  v->at.prepared = own_prepared(r, v) ? at : NULL;
}

static real modified(real w, enum linear_weights how, real gamma)
{
  switch (how) {
  case LINEAR_W_POSITIVE:
    return w > REAL(0.0) ? w : REAL(0.0);
  case LINEAR_W_NEGATIVE:
    return w < REAL(0.0) ? w : REAL(0.0);
  case LINEAR_W_SQUARE:
    return w * w;
  case LINEAR_W_ONE:
    return REAL(1.0);
  case LINEAR_W_RAISED:
    return w > REAL(0.0) ? w + gamma * w : w;
  case LINEAR_W_LOWERED:
    return w < REAL(0.0) ? w + gamma * w : w;
  case LINEAR_W:
  case N_LINEAR_WEIGHTS:
    break;
  }
  return w;
}

/** slope, shift [outputs] of the BatchNormalization that is one with the operator: of 1 and 0. */
static void read_norm(const struct rule_site *r, double slope_shift[2], int output)
{
  slope_shift[0] = 1.0;
  slope_shift[1] = 0.0;
  if (!r->norm) return;
  batch_normalization_affine(r->norm, output, slope_shift);
}

static void prepare_one(const struct rule_site *r, const struct linear_rule *rule,
                        enum linear_weights how, unsigned char *prepared)
{
  struct relevance_variant v;
  const struct op_linear *l = r->op->linear;
  const real *own = r->at->in[relevance_weights_operand(r)].data;
  double norm[2];
  relevance_variant_of(r, rule, how, prepared, &v);
  real *bias = (real *)v.bias, *weights = (real *)v.weights; /* ours, for writing */
  for (int m = 0; m < l->outputs(r->at); m++) {
    read_norm(r, norm, m);
    bias[m] =
        modified((real)((double)l->bias_of(r->at, m) * norm[0] + norm[1]), how, (real)rule->gamma);
  }
  for (int64_t i = 0; !is_own(r, how) && i < n_weights(r); i++) {
    read_norm(r, norm, l->output_of(r->at, i));
    weights[i] = modified((real)((double)own[i] * norm[0]), how, (real)rule->gamma);
  }
  if (v.at.prepared) r->op->prepare(&v.at, (void *)v.at.prepared);
}

void relevance_weighted_prepare(const struct rule_site *r, void *prepared)
{
  const struct linear_rule rule = relevance_linear(r);
  const unsigned used = used_weights(&rule);
  for (int w = 0; w < N_LINEAR_WEIGHTS; w++)
    if (used & 1U << w) prepare_one(r, &rule, (enum linear_weights)w, prepared);
}
