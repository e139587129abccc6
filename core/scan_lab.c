/** @file
 *  What the parts of a scan share. */
#include "core/scan_lab.h"

#include "core/rows.h"

#include <math.h>
#include <stdlib.h>

err scan_lab_make(const struct plan *plan, const struct pixel_scale *scale, struct scan_lab **out)
{
  struct scan_lab *l = calloc(1, sizeof *l);
  CHECK(l, ERR_MEMORY, "no memory for a scan");
  const err e = class_engine_make(plan, scale, &l->engine);
  if (e) {
    scan_lab_free(&l);
    return err_trace(e, __FILE__, __LINE__);
  }
  const struct shape *s = &plan->graph->values[plan->graph->input].is.shape;
  l->scale = *scale;
  l->channels = scale->channels;
  l->height = (int)shape_height(s);
  l->width = (int)shape_width(s);
  l->plane = shape_inner(s);
  l->pixels = l->plane * l->channels;
  l->root = sqrt((double)l->pixels);
  l->classes = class_engine_classes(l->engine);
  l->batch = class_engine_batch(l->engine);
  l->images = calloc((size_t)l->batch * (size_t)l->pixels, sizeof *l->images);
  l->scratch = calloc(2 * (size_t)l->pixels, sizeof *l->scratch);
  l->targets = calloc((size_t)l->batch, sizeof *l->targets);
  l->margins = calloc((size_t)l->batch, sizeof *l->margins);
  if (!l->images || !l->scratch || !l->targets || !l->margins) {
    scan_lab_free(&l);
    return FAIL(ERR_MEMORY, "no memory for the images of a scan");
  }
  *out = l;
  return ERR_OK;
}

void scan_lab_free(struct scan_lab **lab)
{
  struct scan_lab *l = *lab;
  if (!l) return;
  class_engine_free(&l->engine);
  free(l->images);
  free(l->scratch);
  free(l->targets);
  free(l->margins);
  free(l);
  *lab = NULL;
}

double scan_margin(const real *logits, int classes, int target)
{
  const int other = class_largest(logits, classes, target);
  return (double)logits[target] - (other < 0 ? 0.0 : (double)logits[other]);
}

const real *scan_descend(struct scan_lab *lab, int n, int target, double *margins)
{
  const real *logits = class_engine_forward(lab->engine, n, lab->images);
  for (int i = 0; i < n; i++) {
    lab->targets[i] = target;
    if (margins) margins[i] = scan_margin(logits + i * (int64_t)lab->classes, lab->classes, target);
  }
  return class_engine_backward(lab->engine, class_loss_find("cross_entropy"), lab->targets, NULL);
}

double scan_length(int64_t n, const real *x)
{
  double sum;
  ROWS_SUM(n, (double)x[i] * (double)x[i], sum);
  return sqrt(sum);
}
