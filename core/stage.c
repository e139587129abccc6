/** @file
 *  Stages of a graph and fresh weights for them. */
#include "core/stage.h"

#include "core/plan.h"
#include "core/plan_impl.h"

#include <stdlib.h>

enum { SCALE = 1, SHIFT, OPERANDS = 8 };

static bool is_weights(const struct operand *in, int k, int n)
{
  return k > 0 && k < n && in[k].present && in[k].fixed && in[k].data;
}

/** What of an operator is learned: operands [at most 2], the second -1 where there is none. */
struct learned {
  int operand[2];
  enum initialise_part part[2];
  int64_t outputs; /* of a weighted operator */
};

/** Errors cannot happen: false where an operator has nothing that is learned. */
static bool find_learned(const struct graph *g, int i, struct learned *l)
{
  const struct node *n = &g->nodes[i];
  struct operand in[OPERANDS];
  if (n->n_in > OPERANDS) return false;
  const struct op_site at = plan_site(g, i, 1, false, in);
  const enum op_role role = op_role(n->op, &at);
  *l = (struct learned){{-1, -1}, {INITIALISE_WEIGHT, INITIALISE_BIAS}, 1};
  if (role == OP_WEIGHTED) {
    const int bias = n->op->linear->bias;
    l->operand[0] = n->op->linear->weights(&at);
    l->outputs = n->op->linear->outputs(&at);
    if (bias && is_weights(in, bias, n->n_in)) l->operand[1] = bias;
    return is_weights(in, l->operand[0], n->n_in);
  }
  if ((role != OP_SCALING && role != OP_MIXING) || !is_weights(in, SCALE, n->n_in) ||
      !is_weights(in, SHIFT, n->n_in))
    return false;
  *l = (struct learned){{SCALE, SHIFT}, {INITIALISE_SCALE, INITIALISE_SHIFT}, 1};
  return true;
}

static bool is_merged(const struct stage *s, int n, int node)
{
  for (int k = 0; k < n; k++)
    if (s[k].norm == node) return true;
  return false;
}

err stage_list(const struct graph *g, struct stage **out, int *n)
{
  struct learned l;
  struct stage *s = calloc((size_t)g->n_nodes + 1, sizeof *s);
  int found = 0;
  CHECK(s, ERR_MEMORY, "no memory for %d stages", g->n_nodes);
  for (int i = 0; i < g->n_nodes; i++) {
    if (!find_learned(g, i, &l) || is_merged(s, found, i)) continue;
    const int norm = plan_norm_behind(g, i);
    s[found++] = (struct stage){i, norm, g->values[g->nodes[norm < 0 ? i : norm].out].tap};
  }
  for (int k = 0; k < found / 2; k++) {
    const struct stage first = s[k];
    s[k] = s[found - 1 - k];
    s[found - 1 - k] = first;
  }
  if (!found) {
    free(s);
    return FAIL(ERR_UNSUPPORTED, "the model has no operator with weights of its own");
  }
  *out = s;
  *n = found;
  return ERR_OK;
}

/** Of the weights of an operator with so many outputs. */
static void fans(const struct shape *s, int64_t outputs, struct initialise_tensor *t)
{
  int64_t kernel = 1;
  for (int k = 2; k < s->rank; k++) kernel *= s->dim[k];
  t->fan_in = shape_count(s) / outputs;
  t->fan_out = outputs * kernel;
}

static void randomise_node(const struct graph *g, int node, int tap,
                           const struct initialise_use *how, uint64_t seed)
{
  struct learned l;
  struct initialise_tensor t = {.fan_in = 1, .fan_out = 1};
  if (!find_learned(g, node, &l)) return;
  for (int k = 0; k < 2 && l.operand[k] >= 0; k++) {
    const struct value *v = &g->values[g->nodes[node].in[l.operand[k]]];
    const struct random_place at = {
        .seed = seed, .stream = RANDOM_INITIAL + (uint32_t)l.part[k], .copy = (uint32_t)tap};
    t.part = l.part[k];
    t.count = shape_count(&v->is.shape);
    if (t.part == INITIALISE_WEIGHT) fans(&v->is.shape, l.outputs, &t);
    how->how->fill(&at, &t, how->std, (real *)v->is.data);
  }
}

void stage_randomise(const struct graph *g, const struct stage *s, int n,
                     const struct initialise_use *how, uint64_t seed)
{
  for (int k = 0; k < n; k++) {
    randomise_node(g, s[k].node, s[k].tap, how, seed);
    if (s[k].norm >= 0) randomise_node(g, s[k].norm, s[k].tap, how, seed);
  }
}

void stage_mark(const struct stage *s, bool *nodes)
{
  nodes[s->node] = true;
  if (s->norm >= 0) nodes[s->norm] = true;
}
