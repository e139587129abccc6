/** @file
 *  What operators make of their constants once: transformed weights. */
#include "core/arena.h"
#include "core/plan_impl.h"

#include <assert.h>
#include <stdlib.h>

static int64_t bytes_of(const struct op *op, const struct op_site *at)
{
  const int64_t n = op->prepared_bytes ? (int64_t)op->prepared_bytes(at) : 0;
  return (n + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

err plan_prepared_bytes(const struct graph *g, int batch, bool plain, int64_t *bytes)
{
  size_t inputs = 1;
  for (int i = 0; i < g->n_nodes; i++)
    if ((size_t)g->nodes[i].n_in > inputs) inputs = (size_t)g->nodes[i].n_in;
  struct operand *in = calloc(inputs, sizeof *in);
  CHECK(in, ERR_MEMORY, "no memory to plan %d nodes", g->n_nodes);
  *bytes = 0;
  for (int i = 0; i < g->n_nodes; i++) {
    const struct op_site at = plan_site(g, i, batch, plain, in);
    *bytes += bytes_of(g->nodes[i].op, &at);
  }
  free(in);
  return ERR_OK;
}

/** Memory for all of it: the request's, or the plan's own. */
static err take_memory(struct plan_storage *s, const struct plan_request *r, unsigned char **out)
{
  struct plan *p = &s->plan;
  for (int i = 0; i < p->graph->n_nodes; i++)
    p->prepared_bytes += bytes_of(p->graph->nodes[i].op, &s->sites[i]);
  *out = r->prepared;
  assert((uintptr_t)r->prepared % ARENA_ALIGN == 0);
  if (r->prepared || !p->prepared_bytes) return ERR_OK;
  s->prepared = arena_alloc((size_t)p->prepared_bytes);
  CHECK(s->prepared, ERR_MEMORY, "no memory for %.1f MiB of transformed weights",
        (double)p->prepared_bytes / 1048576.0);
  *out = s->prepared;
  return ERR_OK;
}

err plan_prepare(struct plan_storage *s, const struct plan_request *r)
{
  const struct graph *g = s->plan.graph;
  const bool fill = !r->prepared || !r->prepared_elsewhere;
  unsigned char *at = NULL;
  TRY(take_memory(s, r, &at));
  for (int i = 0; i < g->n_nodes; i++) {
    const int64_t n = bytes_of(g->nodes[i].op, &s->sites[i]);
    if (!n) continue;
    const int replaced = g->nodes[i].op->replaces;
    CHECK(!replaced || s->sites[i].in[replaced].data, ERR_UNSUPPORTED,
          "node '%s': its weights were released after an earlier plan", g->nodes[i].name);
    if (fill) g->nodes[i].op->prepare(&s->sites[i], at);
    s->sites[i].prepared = at;
    at += n;
  }
  return ERR_OK;
}

/** A value is read by one node, as one input. */
static bool is_private(const struct graph *g, int value)
{
  int readers = 0;
  for (int i = 0; i < g->n_nodes; i++)
    for (int k = 0; k < g->nodes[i].n_in; k++) readers += g->nodes[i].in[k] == value;
  return readers == 1;
}

void plan_release_constants(const struct plan *p, struct graph *g, bool shared)
{
  for (int i = 0; i < g->n_nodes; i++) {
    const int replaced = g->nodes[i].op->replaces;
    if (!replaced || !p->sites[i].prepared || !is_private(g, g->nodes[i].in[replaced])) continue;
    graph_release_weights(g, g->nodes[i].in[replaced], shared);
  }
}
