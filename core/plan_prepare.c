/** @file
 *  What operators make of their constants once: transformed weights. */
#include <stdlib.h>

#include "core/arena.h"
#include "core/plan_impl.h"

static int64_t bytes_of(const struct plan *p, int node)
{
  const struct op *op = p->graph->nodes[node].op;
  const int64_t n = op->prepared_bytes ? (int64_t)op->prepared_bytes(&p->sites[node]) : 0;
  return (n + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

err plan_prepare(struct plan_storage *s)
{
  struct plan *p = &s->plan;
  for (int i = 0; i < p->graph->n_nodes; i++) p->prepared_bytes += bytes_of(p, i);
  if (!p->prepared_bytes) return ERR_OK;
  s->prepared = aligned_alloc(ARENA_ALIGN, (size_t)p->prepared_bytes);
  CHECK(s->prepared, ERR_MEMORY, "no memory for %.1f MiB of transformed weights",
        (double)p->prepared_bytes / 1048576.0);
  unsigned char *at = s->prepared;
  for (int i = 0; i < p->graph->n_nodes; i++) {
    const int64_t n = bytes_of(p, i);
    if (!n) continue;
    p->graph->nodes[i].op->prepare(&s->sites[i], at);
    s->sites[i].prepared = at;
    at += n;
  }
  return ERR_OK;
}
