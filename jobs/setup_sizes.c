/** @file
 *  Whether the model can be run at other sizes of the image. */
#include "jobs/setup_sizes.h"

#include "pipeline/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY = 1024 };

/** The model as it is read for another size must be the graph with other shapes.  why [WHY]: how it is not. */
static err compare(const struct setup *s, const struct options *o, const int extent[2], char *why)
{
  struct graph *read = NULL, *resized = NULL;
  char differs[WHY / 2];
  err e = graph_resize(s->graph, extent[0], extent[1], &resized);
  if (!e) e = setup_read_at(o, extent, &read);
  if (e && e != ERR_MEMORY) {
    (void)snprintf(why, WHY, "%s", err_message());
    e = ERR_OK;
  } else if (!e && !graph_same(resized, read, differs, sizeof differs)) {
    (void)snprintf(why, WHY, "the network does not take images of %d x %d: %s", extent[0],
                   extent[1], differs);
  }
  graph_free(&resized);
  graph_free(&read);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Every size of one method, until one is not possible. */
static err compare_all(const struct setup *s, const struct options *o, const struct method *m,
                       char *why)
{
  const struct combination_use *use = &m->combination;
  const struct shape *x = &s->graph->values[s->graph->input].is.shape;
  const int own[2] = {shape_height(x), shape_width(x)};
  why[0] = 0;
  for (int i = 0; i < use->combination->sizes(&use->with) && !why[0]; i++) {
    int extent[2];
    use->combination->size(&use->with, i, own, extent);
    TRY(compare(s, o, extent, why));
  }
  return ERR_OK;
}

static void drop(struct setup *s, int m)
{
  memmove(&s->methods[m], &s->methods[m + 1], (size_t)(s->n_methods - 1 - m) * sizeof *s->methods);
  s->n_methods--;
}

err setup_leave_out(struct setup *s, const struct method *m, const char *where, const char *why)
{
  char *more = NULL;
  const char *before = s->left_out ? s->left_out : "";
  CHECK(asprintf(&more, "%s%s%s is left out%s: %s", before, before[0] ? "\n" : "", m->given, where,
                 why) >= 0,
        ERR_MEMORY, "no memory for a message");
  free(s->left_out);
  s->left_out = more;
  return ERR_OK;
}

err setup_sizes(struct setup *s, const struct options *o)
{
  for (int m = s->n_methods - 1; m >= 0; m--) {
    const struct method *method = &s->methods[m];
    const struct combination *c = method->combination.combination;
    char why[WHY] = "";
    if (!c || !c->sizes || s->layers_only) continue;
    TRY(comm_agree(comm_rank() == 0 ? compare_all(s, o, method, why) : ERR_OK));
    comm_share(why, sizeof why);
    if (!why[0]) continue;
    CHECK(method->of_many && s->n_methods > 1, ERR_UNSUPPORTED,
          "method '%s' looks at images in several sizes: %s; leave the method out for this model",
          method->given, why);
    TRY(setup_leave_out(s, method, "", why));
    drop(s, m);
  }
  return ERR_OK;
}
