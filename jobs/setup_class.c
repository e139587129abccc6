/** @file
 *  The plan of jobs that compute on images of their own. */
#include "jobs/setup_class.h"

#include "core/select.h"
#include "pipeline/comm.h"

#include <stdlib.h>

struct pixel_scale setup_scale(const struct recipe *r)
{
  struct pixel_scale s = {.channels = r->channels, .gain = 255.0 * r->scale};
  for (int c = 0; c < r->channels; c++) {
    s.mean[c] = r->mean[c];
    s.std[c] = r->std[c];
  }
  return s;
}

err setup_last_conv(const struct graph *g, int *tap)
{
  static const char *const pattern = "last_conv";
  bool *chosen = calloc((size_t)g->n_taps, sizeof *chosen);
  CHECK(chosen, ERR_MEMORY, "no memory for %d layers", g->n_taps);
  *tap = -1;
  if (!select_taps(g, &pattern, 1, chosen))
    for (int t = 1; t < g->n_taps; t++) *tap = chosen[t] ? t : *tap;
  free(chosen);
  return ERR_OK;
}

static err choose(struct setup *s, const struct options *o, bool attention)
{
  struct class_cells cells;
  int tap = -1;
  if (attention) TRY(setup_last_conv(s->graph, &tap));
  TRY(class_cells_make(s->graph, tap, &cells));
  s->methods = cells.methods;
  s->n_methods = cells.n_methods;
  s->wanted = cells.wanted;
  s->n_targets = 1;
  return setup_unit(s, o);
}

err setup_classes(struct setup *s, const struct options *o, bool attention,
                  struct pixel_scale *scale)
{
  *scale = setup_scale(&s->recipe);
  TRY(comm_agree(choose(s, o, attention)));
  TRY(setup_plan_chosen(s, o));
  return ERR_OK;
}
