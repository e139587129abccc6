/** @file
 *  Choosing pool images, and what a change does to their margins. */
#include "core/scan_push.h"

#include <math.h>
#include <string.h>

/** Whether an image is of that noise, or any, of another class than `target`, and sure of it. */
static bool is_useful(const struct scan_pool *p, int i, int target, int noise, double least)
{
  return p->classes[i] != target && (noise < 0 || p->noise[i] == noise) && p->margins[i] >= least;
}

/** Whether the pool has enough useful images of a noise for all parts. */
static bool has_enough(const struct scan_pool *p, int target, int noise, int parts)
{
  int n = 0;
  for (int i = 0; i < p->n; i++) n += is_useful(p, i, target, noise, p->least);
  return n >= SCAN_ENOUGH * parts;
}

int scan_choose(const struct scan_pool *p, int target, struct scan_part of, bool rest, int *index)
{
  bool any = false;
  for (int k = 0; k < SCAN_NOISES; k++) any = any || has_enough(p, target, k, of.parts);
  const double least = any ? p->least : -(double)INFINITY;
  int n = 0, seen = 0;
  if (any && !has_enough(p, target, of.noise, of.parts)) return 0;
  for (int i = 0; i < p->n; i++) {
    if (!is_useful(p, i, target, of.noise, least)) continue;
    const bool inside = seen++ % of.parts == of.part;
    if (inside != rest) index[n++] = i;
  }
  return n;
}

double scan_gain(struct scan_lab *l, const struct scan_pool *p, int target, const int *index, int n,
                 scan_change *change, const void *with, double *rate)
{
  const int64_t k = l->classes;
  double sum = 0.0;
  int hits = 0;
  for (int i = 0; i < n; i += l->batch) {
    const int m = n - i < l->batch ? n - i : l->batch;
    for (int b = 0; b < m; b++) {
      real *to = l->images + b * l->pixels;
      memcpy(to, p->images + index[i + b] * l->pixels, (size_t)l->pixels * sizeof *to);
      change(with, l, to);
    }
    const real *logits = class_engine_forward(l->engine, m, l->images);
    for (int b = 0; b < m; b++) {
      const double after = scan_margin(logits + b * k, l->classes, target);
      sum += after - scan_margin(p->logits + index[i + b] * k, l->classes, target);
      hits += after > 0.0;
    }
  }
  if (rate) *rate = n ? (double)hits / n : 0.0;
  return n ? sum / n : 0.0;
}
