/** @file
 *  Values of a sample's maps. */
#include "jobs/evaluator.h"

#include "core/upsample.h"
#include "jobs/perturb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct evaluator {
  const struct evaluation *e;
  int32_t *target;        /* [n_targets] */
  uint8_t *there;         /* [n_targets] */
  struct image_part part; /* of the image, that the model sees */
  int64_t pixels;         /* room of the following, in pixels of the image */
  uint8_t *object;        /* [n_targets][part] */
  float *image, *point;   /* [part] */
  float *input, *other;   /* [input] */
  double *work;           /* for every metric */
  size_t work_doubles;
  struct perturb *model; /* not owned; NULL: none */
};

void evaluator_free(struct evaluator **v)
{
  if (!*v) return;
  free((*v)->target);
  free((*v)->there);
  free((*v)->object);
  free((*v)->image);
  free((*v)->point);
  free((*v)->input);
  free((*v)->other);
  free((*v)->work);
  free(*v);
  *v = NULL;
}

err evaluator_make(const struct evaluation *e, struct evaluator **out)
{
  struct evaluator *v = calloc(1, sizeof *v);
  CHECK(v, ERR_MEMORY, "no memory for an evaluation");
  const size_t inputs = (size_t)e->recipe.height * (size_t)e->recipe.width;
  v->e = e;
  v->target = calloc((size_t)e->n_targets, sizeof *v->target);
  v->there = calloc((size_t)e->n_targets, sizeof *v->there);
  v->input = malloc(inputs * sizeof *v->input);
  v->other = malloc(inputs * sizeof *v->other);
  if (!v->target || !v->there || !v->input || !v->other) {
    evaluator_free(&v);
    return FAIL(ERR_MEMORY, "no memory for an evaluation");
  }
  *out = v;
  return ERR_OK;
}

void evaluator_ask(struct evaluator *v, struct perturb *p)
{
  v->model = p;
}

/** Room for an image of so many pixels. */
static err make_room(struct evaluator *v, int64_t pixels)
{
  if (pixels <= v->pixels) return ERR_OK;
  free(v->object);
  free(v->image);
  free(v->point);
  v->object = malloc((size_t)pixels * (size_t)v->e->n_targets);
  v->image = malloc((size_t)pixels * sizeof *v->image);
  v->point = malloc((size_t)pixels * sizeof *v->point);
  v->pixels = v->object && v->image && v->point ? pixels : 0;
  CHECK(v->pixels, ERR_MEMORY, "no memory for an image of %lld pixels", (long long)pixels);
  return ERR_OK;
}

static double sigma_of(const struct evaluator *v)
{
  const int longer = v->part.rows > v->part.columns ? v->part.rows : v->part.columns;
  return v->e->smooth * longer;
}

/** Extents of the maps of a layer, and of what belongs to this sample. */
static struct metric_map frame(const struct evaluator *v, const struct evaluation_layer *l)
{
  return (struct metric_map){.height = l->height,
                             .width = l->width,
                             .image_height = v->part.rows,
                             .image_width = v->part.columns,
                             .tolerance = v->e->tolerance,
                             .input_height = v->e->recipe.height,
                             .input_width = v->e->recipe.width};
}

/** Scratch for each metric at each layer. */
static err make_work(struct evaluator *v)
{
  size_t most =
      v->e->smooth > 0.0 ? metric_smooth_work(v->part.rows, v->part.columns, sigma_of(v)) : 1;
  for (int i = 0; i < v->e->n_layers; i++) {
    const struct metric_map m = frame(v, &v->e->layers[i]);
    for (int k = 0; k < v->e->n_metrics; k++) {
      const size_t n = metric_work_doubles(v->e->metrics[k], &m);
      if (n > most) most = n;
    }
  }
  if (most <= v->work_doubles) return ERR_OK;
  free(v->work);
  v->work = malloc(most * sizeof *v->work);
  v->work_doubles = v->work ? most : 0;
  CHECK(v->work, ERR_MEMORY, "no memory for %zu numbers", most);
  return ERR_OK;
}

static double share_of(const uint8_t *object, int64_t n)
{
  int64_t area = 0;
  for (int64_t u = 0; u < n; u++) area += object[u];
  return (double)area / (double)n;
}

err evaluator_begin(struct evaluator *v, int64_t i, const int32_t size[2], const int32_t *target,
                    uint8_t *there, double *share)
{
  const struct evaluation *e = v->e;
  const bool known = size[0] > 0 && size[1] > 0;
  const int height = known ? size[0] : e->recipe.height, width = known ? size[1] : e->recipe.width;
  v->part = known && !e->grid ? image_seen(&e->recipe, height, width)
                              : (struct image_part){0, 0, height, width};
  const int64_t pixels = (int64_t)v->part.rows * v->part.columns;
  TRY(make_room(v, pixels));
  TRY(make_work(v));
  for (int t = 0; t < e->n_targets; t++) {
    enum object_there found = OBJECT_NONE;
    uint8_t *object = v->object + t * pixels;
    v->target[t] = target[t];
    if (e->objects) {
      TRY(objects_draw(e->objects, i, target[t], height, width, &v->part, object, &found));
    }
    v->there[t] = there[t] = (uint8_t)found;
    share[t] = found == OBJECT_NONE ? NAN : share_of(object, pixels);
  }
  return ERR_OK;
}

/** Make the map as large as the image. */
static void enlarge(struct evaluator *v, const struct evaluation_layer *l, struct metric_map *m)
{
  const struct evaluation *e = v->e;
  const int rows = v->part.rows, columns = v->part.columns;
  if (!evaluation_needs(e, METRIC_IMAGE | METRIC_POINT)) return;
  upsample_bilinear(m->map, l->height, l->width, v->image, rows, columns);
  m->image = m->point = v->image;
  if (!(e->smooth > 0.0) || !l->input || !evaluation_needs(e, METRIC_POINT)) return;
  memcpy(v->point, v->image, (size_t)rows * (size_t)columns * sizeof *v->point);
  metric_smooth(v->point, rows, columns, sigma_of(v), v->work);
  m->point = v->point;
}

/** A map as large as the model's input. */
static const float *as_input(const struct evaluator *v, const struct evaluation_layer *l,
                             const float *map, float *out)
{
  upsample_bilinear(map, l->height, l->width, out, v->e->recipe.height, v->e->recipe.width);
  return out;
}

/** The metrics of one map that ask the model. */
static void model_values(struct evaluator *v, const struct evaluation_layer *l, int t,
                         const float *map, double *values)
{
  const struct evaluation *e = v->e;
  if (!v->model || metric_has_nan(map, (int64_t)l->height * l->width)) return;
  perturb_order(v->model, as_input(v, l, map, v->input));
  for (int k = 0; k < e->n_metrics; k++) {
    const struct metric *metric = e->metrics[k];
    if (!(metric->needs & METRIC_MODEL)) continue;
    perturb_value(v->model, metric, v->target[t], &values[k]);
  }
}

static bool right_slot(const struct evaluation *e, const struct metric *k, int t)
{
  return !k->slot || !strcmp(k->slot, e->target[t]);
}

/** The metrics of one map. */
static void map_values(struct evaluator *v, const struct evaluation_layer *l, int t,
                       struct metric_map *m, double *values)
{
  const struct evaluation *e = v->e;
  enlarge(v, l, m);
  if (v->there[t] != OBJECT_NONE)
    m->object = v->object + (int64_t)t * v->part.rows * v->part.columns;
  for (int k = 0; k < e->n_metrics; k++) {
    const struct metric *metric = e->metrics[k];
    if (metric->needs & METRIC_MODEL) continue;
    values[k] = right_slot(e, metric, t) ? metric_of(metric, m, v->work) : (double)NAN;
  }
}

void evaluator_layer(struct evaluator *v, int layer, const float *row, double *values)
{
  const struct evaluation *e = v->e;
  const struct evaluation_layer *l = &e->layers[layer];
  const int64_t plane = (int64_t)l->height * l->width;
  const bool pairs = evaluation_needs(e, METRIC_OTHER);
  for (int t = 0; t < e->n_targets; t++) {
    for (int k = 0; k < l->n_methods; k++, values += e->n_metrics) {
      for (int i = 0; i < e->n_metrics; i++) values[i] = NAN;
      if (v->target[t] < 0) continue;
      const float *slot = row + (int64_t)t * l->n_methods * plane;
      struct metric_map m = frame(v, l);
      m.map = slot + k * plane;
      if (l->energy >= 0) m.energy = slot + l->energy * plane;
      if (pairs && t != e->predicted && v->target[e->predicted] >= 0) {
        m.input = as_input(v, l, m.map, v->input);
        m.other =
            as_input(v, l, row + ((int64_t)e->predicted * l->n_methods + k) * plane, v->other);
      }
      map_values(v, l, t, &m, values);
      if (evaluation_needs(e, METRIC_MODEL)) model_values(v, l, t, m.map, values);
    }
  }
}
