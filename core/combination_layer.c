/** @file
 *  The one layer that a combination looks at. */
#include "core/combination_layer.h"

#include "core/graph.h"

#include <string.h>

static bool fits(const struct combination_parts *p, int tap, enum combination_layer which)
{
  const struct value *v = &p->graph->values[p->graph->taps[tap]];
  if (shape_inner(&v->is.shape) < 2) return false;
  if (which == COMBINATION_LAST_CONV)
    return !strcmp(graph_value_op(p->graph, p->graph->taps[tap]), "Conv");
  return which == COMBINATION_LAST || !p->layers || p->layers[tap];
}

int combination_layer(const struct combination_parts *p, enum combination_layer which)
{
  int tap = p->graph->n_taps - 1;
  while (tap > 0 && !fits(p, tap, which)) tap--;
  return tap;
}
