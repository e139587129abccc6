/** @file
 *  An evaluation of stored maps. */
#include "io/mosaic.h"
#include "jobs/evaluation_impl.h"
#include "jobs/pictures.h"

#include <stdlib.h>
#include <string.h>

static err read_layer(struct evaluation *e, struct view *v, int i)
{
  struct evaluation_layer *layer = &e->layers[i];
  struct view_maps m = {0};
  TRY(view_maps_find(v, i, &m));
  int *at = pool_take(e->pool, (size_t)m.n_methods, sizeof *at);
  *layer = (struct evaluation_layer){.name = v->layer[i],
                                     .variable = v->layer_variable[i],
                                     .height = m.height,
                                     .width = m.width,
                                     .n_methods = m.n_methods,
                                     .method_at = at,
                                     .input = v->layer_index[i] == 0,
                                     .energy = -1};
  for (int k = 0; at && k < m.n_methods; k++) {
    at[k] = m.method_at[k];
    if (!strcmp(v->method[at[k]], "energy")) layer->energy = k;
  }
  view_maps_free(&m);
  CHECK(at, ERR_MEMORY, "no memory for layers");
  return ERR_OK;
}

/** The boxes that the study's file holds, each for the label of its sample. */
static err stored_boxes(struct evaluation *e, struct view *v)
{
  int var = 0;
  int64_t there = 0;
  TRY(store_find(v->store, "samples/box", &var));
  int32_t *box = malloc((size_t)v->n_samples * 4 * sizeof *box);
  CHECK(box, ERR_MEMORY, "no memory for boxes");
  err x = store_read(v->store, var, 0, v->n_samples, box);
  for (int64_t i = 0; i < v->n_samples && !x; i++) {
    if (box[4 * i] < 0 || v->label[i] < 0) continue;
    x = objects_add_box(e->objects, i, v->label[i], box + 4 * i);
    there++;
  }
  free(box);
  if (!there || e->recipe.exif) objects_free(&e->objects); /* boxes of images that were turned */
  return x;
}

/** The description of the mosaics must be the one that the study saw. */
static err check_mosaic(const struct evaluation *e, struct view *v)
{
  char *config = NULL;
  TRY(view_text(v, "config", &config));
  const bool same = strstr(config, e->recipe.view.mosaic_sha256) != NULL;
  free(config);
  CHECK(same, ERR_MISMATCH, "%s is not the file of mosaics that %s was made from",
        e->recipe.view.mosaic, v->path);
  return ERR_OK;
}

static err find_objects(struct evaluation *e, struct view *v, const struct options *o)
{
  const char *file = options_text(o, "objects"), *masks = options_text(o, "masks");
  struct recipe names = {.n_classes = v->n_classes, .classes = v->class_name};
  TRY(evaluation_check_objects(e, file, masks));
  TRY(objects_make(v->n_samples, &e->objects));
  if (e->recipe.view.mosaic) {
    TRY(check_mosaic(e, v));
    return evaluation_cells(e);
  }
  if (masks) return objects_find_masks(e->objects, masks, v->sample, v->label, v->n_samples);
  if (!file) return stored_boxes(e, v);
  return objects_read(e->objects, file, v->sample, v->n_samples, &names);
}

err evaluation_of_view(struct evaluation *e, struct view *v, const struct options *o)
{
  e->pool = pool_make();
  CHECK(e->pool, ERR_MEMORY, "no memory for an evaluation");
  e->n_samples = v->n_samples;
  e->n_targets = v->n_targets;
  e->n_methods = v->n_methods;
  e->n_layers = v->n_layers;
  e->target = (const char *const *)v->target;
  e->method = (const char *const *)v->method;
  e->layers = pool_take(e->pool, (size_t)v->n_layers, sizeof *e->layers);
  CHECK(e->layers, ERR_MEMORY, "no memory for %d layers", v->n_layers);
  for (int i = 0; i < v->n_layers; i++) TRY(read_layer(e, v, i));
  TRY(pictures_recipe(v, &e->recipe));
  e->recipe.n_classes = 0;
  TRY(find_objects(e, v, o));
  return ERR_OK;
}
