/** @file
 *  Choosing pool images, and what a change does to their margins. */
#include "core/scan_push.h"

#include <string.h>

int scan_choose(const struct scan_pool *p, int target, int part, int parts, bool rest, int *index)
{
  int n = 0, seen = 0;
  for (int i = 0; i < p->n; i++) {
    if (p->classes[i] == target) continue;
    const bool inside = seen++ % parts == part;
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
