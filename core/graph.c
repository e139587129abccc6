/** @file
 *  The finished graph: lookups and release. */
#include "core/graph.h"

#include "core/graph_impl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int graph_find_value(const struct graph *g, const char *name)
{
  for (int i = 0; i < g->n_values; i++)
    if (!strcmp(g->values[i].name, name)) return i;
  return -1;
}

const char *graph_value_op(const struct graph *g, int value)
{
  const struct value *v = &g->values[value];
  if (v->producer >= 0) return g->nodes[v->producer].op->name;
  return v->is.fixed ? "Constant" : "Input";
}

void graph_free(struct graph **g)
{
  if (!*g) return;
  struct graph_storage *s = (struct graph_storage *)*g; /* the graph is its first member */
  for (int i = 0; i < s->n_owned; i++) free(s->owned[i]);
  for (int i = 0; i < s->n_mappings; i++) (void)munmap(s->mappings[i].memory, s->mappings[i].bytes);
  free(s->mappings);
  free(s->inner);
  free(s->owned);
  free(s->gathered);
  free(s->values);
  free(s->nodes);
  free(s->taps);
  free(s);
  *g = NULL;
}
