/** @file
 *  Synthetic images that look like the model's own idea of its classes. */
#include "core/scan_pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void scan_pool_free(struct scan_pool **pool)
{
  struct scan_pool *p = *pool;
  if (!p) return;
  free(p->classes);
  free(p->noise);
  free(p->images);
  free(p->logits);
  free(p->margins);
  free(p->given);
  free(p);
  *pool = NULL;
}

err scan_pool_make(const struct scan_lab *lab, int n, struct scan_pool **out)
{
  struct scan_pool *p = calloc(1, sizeof *p);
  if (p) {
    p->n = n;
    p->classes = calloc((size_t)n, sizeof *p->classes);
    p->noise = calloc((size_t)n, sizeof *p->noise);
    p->images = calloc((size_t)n * (size_t)lab->pixels, sizeof *p->images);
    p->logits = calloc((size_t)n * (size_t)lab->classes, sizeof *p->logits);
    p->margins = calloc((size_t)n, sizeof *p->margins);
    p->given = calloc((size_t)n, sizeof *p->given);
  }
  if (p && p->classes && p->noise && p->images && p->logits && p->margins && p->given) {
    for (int i = 0; i < n; i++) {
      p->classes[i] = n < lab->classes ? (int)((int64_t)i * lab->classes / n) : i % lab->classes;
      p->noise[i] = (n < lab->classes ? i : i / lab->classes) % SCAN_NOISES;
    }
    *out = p;
    return ERR_OK;
  }
  scan_pool_free(&p);
  return FAIL(ERR_MEMORY, "no memory for a pool of %d images", n);
}

/** to = mean of x over 2 r + 1 neighbours along a line of n numbers, those inside it; numbers `by` apart. */
static void box_line(int n, int64_t by, int r, const real *x, real *to)
{
  double sum = 0.0;
  int count = 0;
  for (int i = 0; i < r && i < n; i++, count++) sum += (double)x[i * by];
  for (int i = 0; i < n; i++) {
    if (i + r < n) {
      sum += (double)x[(i + r) * by];
      count++;
    }
    to[i * by] = (real)(sum / count);
    if (i >= r) {
      sum -= (double)x[(i - r) * by];
      count--;
    }
  }
}

/** One box mean of every channel: x -> work -> to, which may be x. */
static void box(const struct scan_lab *l, int r, const real *x, real *work, real *to)
{
  for (int c = 0; c < l->channels; c++, x += l->plane, to += l->plane) {
    for (int i = 0; i < l->height; i++)
      box_line(l->width, 1, r, x + (int64_t)i * l->width, work + (int64_t)i * l->width);
    for (int j = 0; j < l->width; j++) box_line(l->height, l->width, r, work + j, to + j);
  }
}

static void walk(const struct scan_lab *l, double by, const real *g, real *x)
{
  const int shorter = l->height < l->width ? l->height : l->width;
  const int r = (int)(1.5 * shorter / 32.0);
  real *smooth = l->scratch, *work = smooth + l->pixels;
  for (int k = 0; k < SCAN_POOL_BOXES; k++) box(l, r, k ? smooth : g, work, smooth);
  const double length = scan_length(l->pixels, smooth);
  if (!(length > 0.0)) return;
  for (int64_t u = 0; u < l->pixels; u++)
    x[u] = synthetic_clip((double)x[u] - by * l->root * (double)smooth[u] / length);
}

/** Nudge the n images from image `first` on together; those that are there keep still. */
static void nudge(const struct scan_pool_settings *s, struct scan_lab *l, int first, int n,
                  struct scan_pool *p)
{
  const int64_t k = l->classes;
  const struct class_loss *loss = class_loss_find("cross_entropy");
  real *x = p->images + first * l->pixels;
  for (int t = 0; t < s->steps; t++) {
    const real *logits = class_engine_forward(l->engine, n, x);
    int moving = 0;
    for (int i = 0; i < n; i++) {
      const int c = p->classes[first + i];
      l->targets[i] = scan_margin(logits + i * k, (int)k, c) < s->margin ? c : -1;
      moving += l->targets[i] >= 0;
    }
    if (!moving) return;
    const real *g = class_engine_backward(l->engine, loss, l->targets, NULL);
    for (int i = 0; i < n; i++)
      if (l->targets[i] >= 0) walk(l, s->step, g + i * l->pixels, x + i * l->pixels);
  }
}

void scan_pool_look(struct scan_lab *l, int first, int end, struct scan_pool *p)
{
  const size_t k = (size_t)l->classes;
  for (int i = first; i < end; i += l->batch) {
    const int n = end - i < l->batch ? end - i : l->batch;
    const real *logits = class_engine_forward(l->engine, n, p->images + i * l->pixels);
    memcpy(p->logits + (size_t)i * k, logits, (size_t)n * k * sizeof *logits);
    for (int b = 0; b < n; b++)
      p->margins[i + b] = scan_margin(logits + (size_t)b * k, l->classes, p->classes[i + b]);
  }
}

/** The noise that image i begins as. */
static void begin(const struct scan_pool_settings *s, const struct scan_lab *l,
                  const struct synthetic_use *from, int i, void *work, real *to)
{
  synthetic_make(from,
                 (struct synthetic_site){.scale = &l->scale,
                                         .height = l->height,
                                         .width = l->width,
                                         .seed = s->seed,
                                         .class = 0,
                                         .sample = (uint64_t)i,
                                         .work = work},
                 to);
}

void scan_pool_fill(const struct scan_pool_settings *s, struct scan_lab *l, int first, int end,
                    struct scan_pool *p)
{
  struct synthetic_use noise[SCAN_NOISES];
  double *work = malloc((size_t)synthetic_work_bytes(l->height, l->width));
  const err bad = synthetic_parse("normal", &noise[0]) ||
                  synthetic_parse("smooth(sigma=0.0625,sd=0.25,fine=0)", &noise[1]);
  assert(!bad && work);
  (void)bad;
  for (int i = first; i < end; i++)
    begin(s, l, &noise[p->noise[i]], i, work, p->images + i * l->pixels);
  free(work);
  for (int i = first; i < end; i += l->batch)
    nudge(s, l, i, end - i < l->batch ? end - i : l->batch, p);
  scan_pool_look(l, first, end, p);
}
