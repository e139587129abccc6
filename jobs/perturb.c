/** @file
 *  Changed images and what the model says of them. */
#include "jobs/perturb.h"

#include "core/math64.h"
#include "core/sort.h"

#include <stdlib.h>
#include <string.h>

enum { KERNEL = 11, REACH = 5, SIGMA = 5, FAR = 20, PERCENT_STEPS = 10 };

/** A path whose probabilities are not all there. */
struct path {
  const struct metric *metric;
  int class, steps, missing;
  double *score; /* [steps + 1] */
  double *value;
};

/** Whose image is in a slot of the queue. */
struct waiting {
  int path, step;
};

struct perturb {
  const struct plan *plan;
  struct tape *tape; /* not owned */
  int channels, height, width, step, steps, most_steps;
  float *images, *blurred; /* [channels][batch][pixels] */
  float *now;              /* [channels][pixels] while it changes */
  double *work, *value;    /* of sort_order; [pixels] */
  int32_t *order;          /* [pixels] the most relevant first */
  double kernel[KERNEL];
  float *says, *says_blurred; /* [classes][batch] of the images and of the blurred ones */
  float *says_zero;           /* [classes][batch] of zeros */
  bool knows_zero;
  int sample;            /* whose maps these are */
  int n_queued, n_paths; /* images in the queue; paths begun: path i is paths[i % (batch + 1)] */
  struct waiting *queue; /* [batch] */
  struct path *paths;    /* [batch + 1]: those that wait have an image in the queue each */
  double *scores;        /* [batch + 1][most_steps + 1] */
};

static int64_t pixels_of(const struct perturb *p)
{
  return (int64_t)p->height * p->width;
}

void perturb_free(struct perturb **p)
{
  if (!*p) return;
  free((*p)->images);
  free((*p)->blurred);
  free((*p)->now);
  free((*p)->work);
  free((*p)->value);
  free((*p)->order);
  free((*p)->says);
  free((*p)->says_blurred);
  free((*p)->says_zero);
  free((*p)->queue);
  free((*p)->paths);
  free((*p)->scores);
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

static err allocate(struct perturb *p)
{
  const size_t n = (size_t)pixels_of(p), c = (size_t)p->channels, batch = (size_t)p->plan->batch;
  const size_t says = (size_t)p->plan->graph->classes * batch;
  p->images = malloc(n * c * batch * sizeof *p->images);
  p->blurred = malloc(n * c * batch * sizeof *p->blurred);
  p->now = malloc(n * c * sizeof *p->now);
  p->value = malloc(n * sizeof *p->value);
  p->work = malloc(sort_work_doubles((int64_t)n) * sizeof *p->work);
  p->order = malloc(n * sizeof *p->order);
  p->says = malloc(says * sizeof *p->says);
  p->says_blurred = malloc(says * sizeof *p->says_blurred);
  p->says_zero = malloc(says * sizeof *p->says_zero);
  p->queue = calloc(batch, sizeof *p->queue);
  p->paths = calloc(batch + 1, sizeof *p->paths);
  p->scores = calloc((batch + 1) * ((size_t)p->most_steps + 1), sizeof *p->scores);
  CHECK(p->images && p->blurred && p->now && p->value && p->work && p->order && p->says &&
            p->says_blurred && p->says_zero && p->queue && p->paths && p->scores,
        ERR_MEMORY, "no memory for changed images");
  return ERR_OK;
}

err perturb_make(struct tape *t, const struct plan *plan, int step, struct perturb **out)
{
  struct perturb *p = calloc(1, sizeof *p);
  CHECK(p, ERR_MEMORY, "no memory for changed images");
  const struct shape *s = &plan->graph->values[plan->graph->input].is.shape;
  p->tape = t;
  p->plan = plan;
  p->channels = shape_channels(s);
  p->height = s->dim[2];
  p->width = s->dim[3];
  p->step = step;
  p->steps = (int)((pixels_of(p) + step - 1) / step);
  p->most_steps = p->steps > PERCENT_STEPS ? p->steps : PERCENT_STEPS;
  make_kernel(p->kernel);
  const err e = allocate(p);
  if (e) {
    perturb_free(&p);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = p;
  return ERR_OK;
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

/** Every plane of the unit blurred; `now` is scratch. */
static void blur(struct perturb *p)
{
  const int64_t n = pixels_of(p);
  for (int64_t c = 0; c < (int64_t)p->channels * p->plan->batch; c++) {
    const float *in = p->images + c * n;
    float *between = p->now, *out = p->blurred + c * n;
    for (int64_t u = 0; u < n; u++) {
      between[u] =
          (float)blur_at(p->kernel, in + u / p->width * p->width, p->width, 1, (int)(u % p->width));
    }
    for (int64_t u = 0; u < n; u++) {
      out[u] = (float)blur_at(p->kernel, between + u % p->width, p->height, p->width,
                              (int)(u / p->width));
    }
  }
}

static size_t unit_bytes(const struct perturb *p)
{
  return (size_t)pixels_of(p) * (size_t)(p->channels * p->plan->batch) * sizeof(float);
}

/** What the model says of whole unit x, NULL: of zeros. */
static void ask(struct perturb *p, const float *x, float *says)
{
  float *input = tape_input(p->tape);
  if (x) {
    memcpy(input, x, unit_bytes(p));
  } else {
    memset(input, 0, unit_bytes(p));
  }
  tape_predict(p->tape);
  memcpy(says, tape_logits(p->tape),
         (size_t)p->plan->graph->classes * (size_t)p->plan->batch * sizeof *says);
}

void perturb_unit(struct perturb *p, const float *x, bool blurred)
{
  if (!p->knows_zero) ask(p, NULL, p->says_zero);
  p->knows_zero = true;
  p->n_paths = 0;
  memcpy(p->images, x, unit_bytes(p));
  ask(p, p->images, p->says);
  if (!blurred) return;
  blur(p);
  ask(p, p->blurred, p->says_blurred);
}

const float *perturb_logits(const struct perturb *p)
{
  return p->says;
}

void perturb_sample(struct perturb *p, int b)
{
  p->sample = b;
}

void perturb_order(struct perturb *p, const float *map)
{
  const int64_t n = pixels_of(p);
  for (int64_t u = 0; u < n; u++) p->value[u] = -(double)map[u];
  sort_order(p->value, n, p->order, p->work);
}

/** Softmax of the class in a slot of logits [classes][batch], in double. */
static double probability(const struct perturb *p, const float *logits, int slot, int class)
{
  const int64_t step = p->plan->batch;
  const int classes = p->plan->graph->classes;
  logits += slot;
  double top = (double)logits[0], sum = 0.0;
  for (int c = 1; c < classes; c++)
    if ((double)logits[c * step] > top) top = (double)logits[c * step];
  for (int c = 0; c < classes; c++) sum += math64_exp((double)logits[c * step] - top);
  return math64_exp((double)logits[class * step] - top) / sum;
}

static struct path *path_at(const struct perturb *p, int i)
{
  return &p->paths[i % (p->plan->batch + 1)];
}

static void take_score(struct path *path, int step, double score)
{
  path->score[step] = score;
  if (--path->missing == 0) *path->value = path->metric->value(path->score, path->steps);
}

void perturb_flush(struct perturb *p)
{
  const int64_t n = pixels_of(p), batch = p->plan->batch;
  if (!p->n_queued) return;
  for (int64_t c = 0; c < p->channels; c++) {
    memset(tape_input(p->tape) + (c * batch + p->n_queued) * n, 0,
           (size_t)((batch - p->n_queued) * n) * sizeof(float));
  }
  tape_predict(p->tape);
  for (int b = 0; b < p->n_queued; b++) {
    struct path *path = path_at(p, p->queue[b].path);
    take_score(path, p->queue[b].step, probability(p, tape_logits(p->tape), b, path->class));
  }
  p->n_queued = 0;
}

/** Put the image as it is into the queue, as a step of the last path. */
static void enqueue(struct perturb *p, int step)
{
  const int64_t n = pixels_of(p);
  float *input = tape_input(p->tape);
  for (int64_t c = 0; c < p->channels; c++) {
    memcpy(input + (c * p->plan->batch + p->n_queued) * n, p->now + c * n,
           (size_t)n * sizeof *input);
  }
  p->queue[p->n_queued++] = (struct waiting){p->n_paths - 1, step};
  if (p->n_queued == p->plan->batch) perturb_flush(p);
}

/** Pixels that have changed after step i. */
static int64_t changed(const struct perturb *p, const struct metric_path *path, int i)
{
  const int64_t n = pixels_of(p);
  if (path->percent) return (int64_t)((double)i * (double)n / 100.0 + 0.5);
  return (int64_t)i * p->step < n ? (int64_t)i * p->step : n;
}

/** Plane c of the sample's image, or of its substrate; NULL: zeros. */
static const float *plane(const struct perturb *p, bool image, bool blurred, int64_t c)
{
  const int64_t at = (c * p->plan->batch + p->sample) * pixels_of(p);
  return image ? p->images + at : blurred ? p->blurred + at : NULL;
}

/** Change pixels [from, to) of the order. */
static void change(struct perturb *p, const struct metric_path *path, int64_t from, int64_t to)
{
  const int64_t n = pixels_of(p);
  for (int64_t c = 0; c < p->channels; c++) {
    const float *other = plane(p, path->insertion, path->blurred, c);
    float *now = p->now + c * n;
    for (int64_t k = from; k < to; k++) {
      const int32_t u = p->order[path->ascending ? n - 1 - k : k];
      now[u] = other ? other[u] : 0.0F;
    }
  }
}

/** The image before the first step. */
static void start(struct perturb *p, const struct metric_path *path)
{
  const int64_t n = pixels_of(p);
  for (int64_t c = 0; c < p->channels; c++) {
    const float *from = plane(p, !path->insertion, path->blurred, c);
    if (from) {
      memcpy(p->now + c * n, from, (size_t)n * sizeof *from);
    } else {
      memset(p->now + c * n, 0, (size_t)n * sizeof *p->now);
    }
  }
}

/** Probability of the class for the image, or for its substrate, which were asked about with the unit. */
static double known(const struct perturb *p, const struct metric_path *path, bool image, int class)
{
  const float *says = image ? p->says : path->blurred ? p->says_blurred : p->says_zero;
  return probability(p, says, p->sample, class);
}

// NOLINTNEXTLINE(readability-non-const-parameter): written when the last probability is there
void perturb_value(struct perturb *p, const struct metric *k, int class, double *value)
{
  const struct metric_path *path = &k->path;
  const int steps = path->percent ? PERCENT_STEPS : p->steps, at = p->n_paths++;
  struct path *mine = path_at(p, at);
  int64_t done = 0;
  bool queued = false;
  *mine =
      (struct path){.metric = k,
                    .class = class,
                    .steps = steps,
                    .missing = steps + 1,
                    .score = p->scores + (int64_t)(at % (p->plan->batch + 1)) * (p->most_steps + 1),
                    .value = value};
  start(p, path);
  for (int i = 0; i <= steps; i++) {
    const int64_t to = changed(p, path, i);
    if (to == 0 || to == pixels_of(p)) {
      take_score(mine, i, known(p, path, (to == 0) != path->insertion, class));
      continue;
    }
    change(p, path, done, to);
    done = to;
    enqueue(p, i);
    queued = true;
  }
  if (!queued) p->n_paths--;
}
