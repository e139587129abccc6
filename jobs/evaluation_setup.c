/** @file
 *  An evaluation of maps that are about to be computed. */
#include "jobs/evaluation_impl.h"
#include "jobs/setup.h"

#include <stdlib.h>
#include <string.h>

static void setup_layer(struct evaluation *e, const struct plan *p, int i, const char *variable)
{
  const struct plan_tap *t = plan_place(p, i);
  int *at = pool_take(e->pool, (size_t)t->n_methods, sizeof *at);
  struct evaluation_layer *l = &e->layers[i];
  *l = (struct evaluation_layer){.name = plan_place_name(p, i),
                                 .variable = pool_text(e->pool, "%s", variable),
                                 .height = t->height,
                                 .width = t->width,
                                 .n_methods = t->n_methods,
                                 .method_at = at,
                                 .input = t->tap == 0,
                                 .energy = -1};
  for (int k = 0; at && k < t->n_methods; k++) {
    at[k] = t->methods[k];
    if (!strcmp(e->method[at[k]], "energy")) l->energy = k;
  }
}

/** Paths and labels of the samples, as the readers of objects want them. */
static err listed(const struct evaluation *e, const struct setup *s, char ***path, int32_t **label)
{
  *path = pool_take(e->pool, (size_t)e->n_samples, sizeof **path);
  *label = pool_take(e->pool, (size_t)e->n_samples, sizeof **label);
  CHECK(*path && *label, ERR_MEMORY, "no memory for samples");
  for (int64_t i = 0; i < e->n_samples; i++) {
    const struct sample x = dataset_sample(s->data, s->first + i);
    memcpy(&(*path)[i], &x.path, sizeof x.path);
    (*label)[i] = x.label;
  }
  return ERR_OK;
}

static err listed_boxes(struct evaluation *e, const struct setup *s)
{
  int64_t there = 0;
  for (int64_t i = 0; i < e->n_samples; i++) {
    const struct sample x = dataset_sample(s->data, s->first + i);
    if (!x.has_box || x.label < 0) continue;
    TRY(objects_add_box(e->objects, i, x.label, x.box));
    there++;
  }
  if (!there || e->recipe.exif) objects_free(&e->objects); /* boxes of images that were turned */
  return ERR_OK;
}

static err setup_objects(struct evaluation *e, const struct setup *s, const struct options *o)
{
  const char *file = options_text(o, "objects"), *masks = options_text(o, "masks");
  char **path = NULL;
  int32_t *label = NULL;
  TRY(evaluation_check_objects(e, file, masks));
  TRY(objects_make(e->n_samples, &e->objects));
  if (e->recipe.view.mosaic) return evaluation_cells(e);
  if (!file && !masks) return listed_boxes(e, s);
  TRY(listed(e, s, &path, &label));
  if (masks) return objects_find_masks(e->objects, masks, path, label, e->n_samples);
  return objects_read(e->objects, file, path, e->n_samples, &s->recipe);
}

err evaluation_of_setup(struct evaluation *e, const struct setup *s, const char *const *variable,
                        const struct options *o)
{
  e->pool = pool_make();
  CHECK(e->pool, ERR_MEMORY, "no memory for an evaluation");
  const char **target = pool_take(e->pool, (size_t)s->n_targets, sizeof *target);
  const char **method = pool_take(e->pool, (size_t)s->n_methods, sizeof *method);
  e->n_layers = s->plan->n_places;
  e->layers = pool_take(e->pool, (size_t)e->n_layers, sizeof *e->layers);
  CHECK(target && method && e->layers, ERR_MEMORY, "no memory for an evaluation");
  for (int t = 0; t < s->n_targets; t++) target[t] = s->targets[t].name;
  for (int m = 0; m < s->n_methods; m++) method[m] = s->methods[m].given;
  e->n_samples = s->count;
  e->n_targets = s->n_targets;
  e->n_methods = s->n_methods;
  e->target = target;
  e->method = method;
  for (int i = 0; i < e->n_layers; i++) setup_layer(e, s->plan, i, variable[i]);
  e->recipe = s->recipe;
  const err x = setup_objects(e, s, o);
  e->recipe.classes = e->recipe.class_ids = NULL; /* all that it points to is the setup's */
  e->recipe.view.mosaic = e->recipe.view.masks = NULL;
  return x;
}
