/** @file
 *  References of rules: which forward passes they take, and what of them is kept. */
#include "core/arena.h"
#include "core/average.h"
#include "core/plan_impl.h"

#include <stdlib.h>
#include <string.h>

/** The reference of a pass, made where there is none. */
static void find_reference(struct plan_storage *s, struct plan_pass *pass)
{
  struct plan *p = &s->plan;
  const struct rule_use *r = &pass->rule;
  int i = 0;
  while (i < p->n_references && !use_same(&s->references[i].rule.with, &r->with)) i++;
  if (i == p->n_references) s->references[p->n_references++].rule = *r;
  pass->reference = i;
}

static err allocate(struct plan_storage *s)
{
  const struct plan *p = &s->plan;
  const size_t each = (size_t)p->graph->n_values + (size_t)p->graph->n_nodes;
  s->reference_homes = calloc(each * (size_t)p->n_references + 1, sizeof *s->reference_homes);
  CHECK(s->reference_homes, ERR_MEMORY, "no memory to plan %d references", p->n_references);
  for (int i = 0; i < p->n_references; i++) {
    s->references[i].x = s->reference_homes + each * (size_t)i;
    s->references[i].aux = s->references[i].x + p->graph->n_values;
  }
  return ERR_OK;
}

/** Keep a value of reference i. */
static void keep_value(struct plan_storage *s, int i, int value)
{
  struct plan *p = &s->plan;
  int64_t *home = s->reference_homes + (s->references[i].x - s->reference_homes) + value;
  if (*home >= 0 || p->graph->values[value].is.fixed) return;
  *home = p->reference_reals;
  p->reference_reals += plan_elements(p, value);
}

static void keep_aux(struct plan_storage *s, int i, int node)
{
  struct plan *p = &s->plan;
  const struct op *op = p->graph->nodes[node].op;
  int64_t *home = s->reference_homes + (s->references[i].aux - s->reference_homes) + node;
  if (*home >= 0 || !op->aux_bytes) return;
  *home = p->reference_aux;
  p->reference_aux += (int64_t)arena_padded(op->aux_bytes(&p->sites[node]));
}

/** What the overrides of a pass read, and its extracts. */
static void keep_for(struct plan_storage *s, const struct plan_pass *pass)
{
  const struct plan *p = &s->plan;
  for (int i = 0; i < p->graph->n_nodes; i++) {
    const struct node *n = &p->graph->nodes[i];
    if (!(plan_reads(p, pass, i) & OP_READS_REFERENCE)) continue;
    for (int k = 0; k < n->n_in; k++)
      if (n->in[k] >= 0) keep_value(s, pass->reference, n->in[k]);
    keep_value(s, pass->reference, n->out);
    keep_aux(s, pass->reference, i);
  }
  for (int t = 0; t < p->n_taps; t++)
    if (pass->tapped[t]) keep_value(s, pass->reference, p->taps[t].value);
}

static err check(const struct plan *p)
{
  for (int i = 0; i < p->n_passes; i++) {
    const struct rule_use *r = &p->passes[i].rule;
    if (!r->rule->differences) continue;
    CHECK(!p->passes[i].source, ERR_UNSUPPORTED,
          "averages of %s, which has a reference of its own, are not available: ask for it without "
          "the average",
          r->with.text);
    CHECK(p->n_baselines || !average_baseline_given(r->with.param, r->rule->params), ERR_USAGE,
          "%s wants an image to compare with: give --baseline PATH", r->with.text);
  }
  return ERR_OK;
}

err plan_references(struct plan_storage *s)
{
  struct plan *p = &s->plan;
  TRY(check(p));
  s->references = calloc((size_t)p->n_passes + 1, sizeof *s->references);
  CHECK(s->references, ERR_MEMORY, "no memory to plan %d passes", p->n_passes);
  p->references = s->references;
  for (int i = 0; i < p->n_passes; i++)
    if (s->passes[i].rule.rule->differences) find_reference(s, &s->passes[i]);
  TRY(allocate(s));
  const int each = p->graph->n_values + p->graph->n_nodes;
  for (int i = 0; i < p->n_references * each; i++) s->reference_homes[i] = -1;
  for (int i = 0; i < p->n_passes; i++)
    if (s->passes[i].reference >= 0) keep_for(s, &s->passes[i]);
  return ERR_OK;
}
