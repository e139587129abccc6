/** @file
 *  Changed images and what the model says of them. */
#include "jobs/perturb.h"

#include "core/math64.h"
#include "core/sort.h"
#include "core/tape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KERNEL = 11, REACH = 5, SIGMA = 5, FAR = 20, PERCENT_STEPS = 10 };

struct perturb {
  const struct graph *graph;
  struct plan *plan;
  struct tape *tape;
  int channels, height, width;
  float *image, *blurred; /* [channels][pixels] */
  float *now;             /* the same, while it changes */
  double *work, *value;   /* of sort_order; [pixels] */
  int32_t *order;         /* [pixels] the most relevant first */
  double kernel[KERNEL];
  bool is_blurred; /* of this image */
};

static int64_t pixels_of(const struct perturb *p)
{
  return (int64_t)p->height * p->width;
}

void perturb_free(struct perturb **p)
{
  if (!*p) return;
  tape_free(&(*p)->tape);
  plan_free(&(*p)->plan);
  free((*p)->image);
  free((*p)->blurred);
  free((*p)->now);
  free((*p)->work);
  free((*p)->value);
  free((*p)->order);
  free(*p);
  *p = NULL;
}

/** A delta of 11 numbers, filtered by a Gaussian with borders mirrored about the edge of the last number. */
static void make_kernel(double kernel[KERNEL])
{
  double sum = 0.0;
  for (int d = -FAR; d <= FAR; d++) sum += math64_exp(-0.5 * d * d / (SIGMA * SIGMA));
  for (int i = 0; i < KERNEL; i++) {
    kernel[i] = 0.0;
    for (int d = -FAR; d <= FAR; d++) {
      int at = (i + d) % (2 * KERNEL);
      if (at < 0) at += 2 * KERNEL;
      if (at >= KERNEL) at = 2 * KERNEL - 1 - at;
      if (at == REACH) kernel[i] += math64_exp(-0.5 * d * d / (SIGMA * SIGMA)) / sum;
    }
  }
}

static err allocate(struct perturb *p, const struct plan_request *r)
{
  const size_t n = (size_t)pixels_of(p), all = n * (size_t)p->channels;
  p->image = malloc(all * sizeof *p->image);
  p->blurred = malloc(all * sizeof *p->blurred);
  p->now = malloc(all * sizeof *p->now);
  p->value = malloc(n * sizeof *p->value);
  p->work = malloc(sort_work_doubles((int64_t)n) * sizeof *p->work);
  p->order = malloc(n * sizeof *p->order);
  CHECK(p->image && p->blurred && p->now && p->value && p->work && p->order, ERR_MEMORY,
        "no memory for changed images");
  TRY(plan_make(r, &p->plan));
  return tape_make(p->plan, &p->tape);
}

err perturb_make(const struct graph *g, const struct recipe *r, int batch, bool plain,
                 struct perturb **out)
{
  struct perturb *p = calloc(1, sizeof *p);
  const struct plan_request request = {.graph = g, .batch = batch, .plain = plain};
  CHECK(p, ERR_MEMORY, "no memory for changed images");
  p->graph = g;
  p->channels = r->channels;
  p->height = r->height;
  p->width = r->width;
  make_kernel(p->kernel);
  const err e = allocate(p, &request);
  if (e) {
    perturb_free(&p);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = p;
  return ERR_OK;
}

void perturb_image(struct perturb *p, const float *x)
{
  memcpy(p->image, x, (size_t)pixels_of(p) * (size_t)p->channels * sizeof *x);
  p->is_blurred = false;
}

/** Sum of the kernel's weights times up to 11 numbers around `at` of n, `step` apart; zeros outside. */
static double blur_at(const double kernel[KERNEL], const float *v, int n, int64_t step, int at)
{
  double sum = 0.0;
  for (int k = 0; k < KERNEL; k++) {
    const int i = at + k - REACH;
    if (i >= 0 && i < n) sum += kernel[k] * (double)v[i * step];
  }
  return sum;
}

/** The image blurred, once per image; `now` is scratch. */
static void blur(struct perturb *p)
{
  const int64_t n = pixels_of(p);
  if (p->is_blurred) return;
  for (int c = 0; c < p->channels; c++) {
    const float *in = p->image + c * n;
    float *between = p->now + c * n, *out = p->blurred + c * n;
    for (int64_t u = 0; u < n; u++) {
      between[u] =
          (float)blur_at(p->kernel, in + u / p->width * p->width, p->width, 1, (int)(u % p->width));
    }
    for (int64_t u = 0; u < n; u++) {
      out[u] = (float)blur_at(p->kernel, between + u % p->width, p->height, p->width,
                              (int)(u / p->width));
    }
  }
  p->is_blurred = true;
}

/** Put the image as it is now into a slot of the unit. */
static void put(struct perturb *p, int slot)
{
  const int64_t n = pixels_of(p);
  float *input = tape_input(p->tape);
  for (int c = 0; c < p->channels; c++)
    memcpy(input + (c * p->plan->batch + slot) * n, p->now + c * n, (size_t)n * sizeof *input);
}

static void clear(struct perturb *p)
{
  memset(tape_input(p->tape), 0,
         (size_t)pixels_of(p) * (size_t)(p->channels * p->plan->batch) * sizeof(float));
}

void perturb_logits(struct perturb *p, float *logits)
{
  const int64_t n = pixels_of(p);
  memcpy(p->now, p->image, (size_t)n * (size_t)p->channels * sizeof *p->now);
  clear(p);
  put(p, 0);
  tape_forward(p->tape);
  const float *got = tape_logits(p->tape);
  for (int c = 0; c < p->graph->classes; c++) logits[c] = got[(int64_t)c * p->plan->batch];
}

int perturb_steps(const struct perturb *p, const struct metric_path *path, int step)
{
  return path->percent ? PERCENT_STEPS : (int)((pixels_of(p) + step - 1) / step);
}

void perturb_order(struct perturb *p, const float *map)
{
  const int64_t n = pixels_of(p);
  for (int64_t u = 0; u < n; u++) p->value[u] = -(double)map[u];
  sort_order(p->value, n, p->order, p->work);
}

/** Pixels that have changed after step i. */
static int64_t changed(const struct perturb *p, const struct metric_path *path, int step, int i)
{
  const int64_t n = pixels_of(p);
  if (path->percent) return (int64_t)((double)i * (double)n / 100.0 + 0.5);
  return (int64_t)i * step < n ? (int64_t)i * step : n;
}

/** Change pixels [from, to) of the order. */
static void change(struct perturb *p, const struct metric_path *path, int64_t from, int64_t to)
{
  const int64_t n = pixels_of(p);
  for (int64_t k = from; k < to; k++) {
    const int32_t u = p->order[path->ascending ? n - 1 - k : k];
    for (int c = 0; c < p->channels; c++) {
      const float other = path->blurred ? p->blurred[c * n + u] : 0.0F;
      p->now[c * n + u] = path->insertion ? p->image[c * n + u] : other;
    }
  }
}

/** The image before the first step. */
static void start(struct perturb *p, const struct metric_path *path)
{
  const size_t bytes = (size_t)pixels_of(p) * (size_t)p->channels * sizeof *p->now;
  if (path->blurred) blur(p);
  if (!path->insertion) {
    memcpy(p->now, p->image, bytes);
  } else if (path->blurred) {
    memcpy(p->now, p->blurred, bytes);
  } else {
    memset(p->now, 0, bytes);
  }
}

/** Softmax of the class in a slot, in double. */
static double probability(const struct perturb *p, int slot, int class)
{
  const float *logits = tape_logits(p->tape) + slot;
  const int64_t step = p->plan->batch;
  double top = (double)logits[0], sum = 0.0;
  for (int c = 1; c < p->graph->classes; c++)
    if ((double)logits[c * step] > top) top = (double)logits[c * step];
  for (int c = 0; c < p->graph->classes; c++) sum += math64_exp((double)logits[c * step] - top);
  return math64_exp((double)logits[class * step] - top) / sum;
}

void perturb_scores(struct perturb *p, const struct metric_path *path, int step, int class,
                    double *score)
{
  const int steps = perturb_steps(p, path, step), batch = p->plan->batch;
  int64_t done = 0;
  start(p, path);
  for (int first = 0; first <= steps; first += batch) {
    const int count = steps + 1 - first < batch ? steps + 1 - first : batch;
    if (count < batch) clear(p);
    for (int b = 0; b < count; b++) {
      const int64_t to = changed(p, path, step, first + b);
      change(p, path, done, to);
      done = to;
      put(p, b);
    }
    tape_forward(p->tape);
    for (int b = 0; b < count; b++) score[first + b] = probability(p, b, class);
  }
}
