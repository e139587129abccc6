/** @file
 *  What operators make of their constants once: transformed weights. */
#include "core/arena.h"
#include "core/plan_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int64_t bytes_at(const struct plan *p, int i)
{
  const struct op *op = p->graph->nodes[i].op;
  return op->prepared_bytes ? (int64_t)arena_padded(op->prepared_bytes(&p->sites[i])) : 0;
}

/** What the plan at another size prepared for node i is what would be prepared here: operators that name their
 *  variants make it of constants and variant alone. */
static bool is_shared(const struct plan *p, int i)
{
  const struct op *op = p->graph->nodes[i].op;
  return p->like && op->variant && bytes_at(p, i) == bytes_at(p->like, i) &&
         !strcmp(op->variant(&p->sites[i]), op->variant(&p->like->sites[i]));
}

/** What node i prepares in this plan's memory. */
static int64_t operator_bytes(const struct plan *p, int i)
{
  return is_shared(p, i) ? 0 : bytes_at(p, i);
}

/** What the rule of a pass prepares at a node that its signal passes. */
static int64_t rule_bytes(const struct plan *p, int pass, int i)
{
  const struct override *o = p->passes[pass].overrides[i];
  if (!o || !o->prepared_bytes || !plan_reads(p, &p->passes[pass], i)) return 0;
  return (int64_t)arena_padded(o->prepared_bytes(&p->passes[pass].sites[i]));
}

int64_t plan_prepared_total(const struct plan *p)
{
  int64_t bytes = 0;
  for (int i = 0; i < p->graph->n_nodes; i++) {
    bytes += operator_bytes(p, i);
    for (int k = 0; k < p->n_passes; k++) bytes += rule_bytes(p, k, i);
  }
  return bytes;
}

/** Memory for all of it: the request's, or the plan's own. */
static err take_memory(struct plan_storage *s, const struct plan_request *r, unsigned char **out)
{
  struct plan *p = &s->plan;
  p->prepared_bytes = plan_prepared_total(p);
  *out = r->prepared;
  assert((uintptr_t)r->prepared % ARENA_ALIGN == 0);
  if (r->prepared || !p->prepared_bytes) return ERR_OK;
  s->prepared = arena_alloc((size_t)p->prepared_bytes);
  CHECK(s->prepared, ERR_MEMORY, "no memory for %.1f MiB of transformed weights",
        (double)p->prepared_bytes / 1048576.0);
  *out = s->prepared;
  return ERR_OK;
}

/** Constants that are to be prepared are still there. */
static err check_constants(const struct plan *p, int i)
{
  const struct node *n = &p->graph->nodes[i];
  const int replaced = n->op->replaces;
  CHECK(!replaced || p->sites[i].in[replaced].data, ERR_UNSUPPORTED,
        "node '%s': its weights were released after an earlier plan", n->name);
  return ERR_OK;
}

err plan_prepare(struct plan_storage *s, const struct plan_request *r)
{
  const struct plan *p = &s->plan;
  const bool fill = !r->prepared || !r->prepared_elsewhere;
  unsigned char *at = NULL;
  TRY(take_memory(s, r, &at));
  for (int i = 0; i < p->graph->n_nodes; i++) {
    const int64_t own = operator_bytes(p, i);
    if (is_shared(p, i)) s->sites[i].prepared = p->like->sites[i].prepared;
    if (own) {
      TRY(check_constants(p, i));
      if (fill) p->graph->nodes[i].op->prepare(&p->sites[i], at);
      s->sites[i].prepared = at;
      at += own;
    }
    for (int k = 0; k < p->n_passes; k++) {
      const int64_t bytes = rule_bytes(p, k, i);
      struct rule_site *site = &s->rule_sites[(int64_t)k * p->graph->n_nodes + i];
      if (!bytes) continue;
      TRY(check_constants(p, i));
      if (fill) p->passes[k].overrides[i]->prepare(site, at);
      site->prepared = at;
      at += bytes;
    }
  }
  return ERR_OK;
}

static void prepare_one(struct plan *p)
{
  struct plan_storage *s = (struct plan_storage *)p; /* the plan is its first member */
  for (int i = 0; i < p->graph->n_nodes; i++) {
    if (operator_bytes(p, i))
      p->graph->nodes[i].op->prepare(&p->sites[i], (void *)s->sites[i].prepared);
    for (int k = 0; k < p->n_passes; k++) {
      const struct rule_site *site = &s->rule_sites[(int64_t)k * p->graph->n_nodes + i];
      if (rule_bytes(p, k, i)) p->passes[k].overrides[i]->prepare(site, (void *)site->prepared);
    }
  }
  plan_fill_biases(s);
}

void plan_prepare_again(struct plan *p)
{
  prepare_one(p);
  for (int i = 0; i < p->n_sizes; i++) prepare_one(p->sizes[i].plan);
}

/** The rule of some pass reads the constants of node i as they are. */
static bool rules_read(const struct plan *p, int i)
{
  for (int k = 0; k < p->n_passes; k++)
    if (plan_reads(p, &p->passes[k], i) & OP_READS_WEIGHTS) return true;
  return false;
}

/** A value is read by one node, as one input. */
static bool is_private(const struct graph *g, int value)
{
  int readers = 0;
  for (int i = 0; i < g->n_nodes; i++)
    for (int k = 0; k < g->nodes[i].n_in; k++) readers += g->nodes[i].in[k] == value;
  return readers == 1;
}

/** Plans at other sizes read what was prepared for node i, too. */
static bool is_prepared_everywhere(const struct plan *p, int i)
{
  for (int k = 0; k < p->n_sizes; k++)
    if (!p->sizes[k].plan->sites[i].prepared) return false;
  return p->sites[i].prepared;
}

void plan_release_constants(const struct plan *p, struct graph *g, bool shared)
{
  if (p->n_metas) return; /* their steps begin at the model's weights */
  for (int i = 0; i < g->n_nodes; i++) {
    const int replaced = g->nodes[i].op->replaces;
    if (!replaced || !is_prepared_everywhere(p, i) || !is_private(g, g->nodes[i].in[replaced]))
      continue;
    if (rules_read(p, i)) continue;
    graph_release_weights(g, g->nodes[i].in[replaced], shared);
  }
}
