/** @file
 *  The engine of class maps and scans. */
#include "core/class_engine.h"

#include "core/tape.h"
#include "core/tape_extract.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct class_engine {
  const struct plan *plan;
  struct pixel_scale scale;
  struct tape *tape;
  int n;                      /* images of the last forward pass */
  int64_t plane, pixels;      /* of an image */
  int attention_tap;          /* of the plan, -1: none */
  real *logits;               /* [batch][classes] */
  real *seed;                 /* [classes][batch] */
  real *row;                  /* [classes] */
  real *gradient, *attention; /* [batch][C][plane], [batch][plane of the tap] */
};

enum { SIGNAL, ATTENTION, METHODS }; /* the engine's methods */

err class_cells_make(const struct graph *g, int attention_tap, struct class_cells *out)
{
  static const char *const names[] = {"gradient/bias/sum", "gradient/scaling/sum"};
  struct class_cells c = {0};
  TRY(method_expand(names, attention_tap < 0 ? 1 : METHODS, &c.methods, &c.n_methods));
  c.wanted = calloc((size_t)g->n_taps * (size_t)c.n_methods, sizeof *c.wanted);
  if (!c.wanted) class_cells_free(&c);
  CHECK(c.wanted, ERR_MEMORY, "no memory for %d layers", g->n_taps);
  c.wanted[SIGNAL] = true;
  if (attention_tap >= 0) c.wanted[attention_tap * METHODS + ATTENTION] = true;
  *out = c;
  return ERR_OK;
}

void class_cells_free(struct class_cells *c)
{
  free(c->methods);
  free(c->wanted);
  *c = (struct class_cells){0};
}

/** Samples [first, first + n) of the signal at the input, as stored, times d(input)/d(pixel). */
static void take_gradient(struct class_engine *e, const struct tape_tap *t)
{
  for (int c = 0; c < e->scale.channels; c++) {
    const double by = e->scale.gain / e->scale.std[c];
    for (int b = 0; b < t->samples; b++) {
      const real *g = t->g + ((int64_t)c * t->samples + b) * e->plane;
      real *to = e->gradient + (t->first + b) * e->pixels + c * e->plane;
      for (int64_t u = 0; u < e->plane; u++) to[u] = (real)(by * (double)g[u]);
    }
  }
}

/** The mean over channels of the activation at the attention tap. */
static void take_attention(struct class_engine *e, const struct tape_tap *t)
{
  const struct plan_tap *tap = &e->plan->taps[t->tap];
  const int64_t plane = (int64_t)tap->height * tap->width;
  for (int b = 0; b < t->samples; b++) {
    real *to = e->attention + (t->first + b) * plane;
    for (int64_t u = 0; u < plane; u++) {
      double sum = 0.0;
      for (int k = 0; k < tap->channels; k++)
        sum += (double)t->a[((int64_t)k * t->samples + b) * plane + u];
      to[u] = (real)(sum / tap->channels);
    }
  }
}

static void see(void *who, const struct tape_tap *t)
{
  struct class_engine *e = who;
  if (t->tap == e->attention_tap) take_attention(e, t);
  if (e->plan->taps[t->tap].value == e->plan->graph->input) take_gradient(e, t);
}

void class_engine_free(struct class_engine **engine)
{
  struct class_engine *e = *engine;
  if (!e) return;
  tape_free(&e->tape);
  free(e->logits);
  free(e->seed);
  free(e->row);
  free(e->gradient);
  free(e->attention);
  free(e);
  *engine = NULL;
}

static err allocate(struct class_engine *e)
{
  const struct plan *p = e->plan;
  const size_t batch = (size_t)p->batch, classes = (size_t)p->graph->classes;
  size_t attention = 0;
  for (int i = 0; i < p->n_taps; i++) {
    if (p->taps[i].methods[0] != ATTENTION) continue;
    e->attention_tap = i;
    attention = batch * (size_t)p->taps[i].height * (size_t)p->taps[i].width;
  }
  e->logits = calloc(batch * classes, sizeof *e->logits);
  e->seed = calloc(batch * classes, sizeof *e->seed);
  e->row = calloc(classes, sizeof *e->row);
  e->gradient = calloc(batch * (size_t)e->pixels, sizeof *e->gradient);
  e->attention = calloc(attention + 1, sizeof *e->attention);
  CHECK(e->logits && e->seed && e->row && e->gradient && e->attention, ERR_MEMORY,
        "no memory for %d images of a pass", p->batch);
  return tape_make(p, &e->tape);
}

err class_engine_make(const struct plan *plan, const struct pixel_scale *scale,
                      struct class_engine **out)
{
  const struct shape *s = &plan->graph->values[plan->graph->input].is.shape;
  CHECK(shape_channels(s) == scale->channels, ERR_SHAPE,
        "the model's input has %d channels, its recipe %d", shape_channels(s), scale->channels);
  assert(plan->n_passes == 1 && plan->n_targets == 1);
  struct class_engine *e = calloc(1, sizeof *e);
  CHECK(e, ERR_MEMORY, "no memory for an engine");
  e->plan = plan;
  e->scale = *scale;
  e->plane = shape_inner(s);
  e->pixels = e->plane * scale->channels;
  e->attention_tap = -1;
  const err failed = allocate(e);
  if (failed) {
    class_engine_free(&e);
    return err_trace(failed, __FILE__, __LINE__);
  }
  tape_set_watch(e->tape, (struct tape_watch){.who = e, .see = see});
  *out = e;
  return ERR_OK;
}

int class_engine_batch(const struct class_engine *e)
{
  return e->plan->batch;
}

int class_engine_classes(const struct class_engine *e)
{
  return e->plan->graph->classes;
}

/** What the network sees of the images; grey where the batch has more room. */
static void fill_input(struct class_engine *e, int n, const real *pixels)
{
  const struct pixel_scale *s = &e->scale;
  for (int c = 0; c < s->channels; c++) {
    const double mean = s->mean[c], by = 1.0 / s->std[c];
    real *to = tape_input(e->tape) + (int64_t)c * e->plan->batch * e->plane;
    for (int b = 0; b < e->plan->batch; b++, to += e->plane) {
      const real *from = b < n ? pixels + b * e->pixels + c * e->plane : NULL;
      for (int64_t u = 0; u < e->plane; u++)
        to[u] = (real)((s->gain * (from ? (double)from[u] : 0.5) - mean) * by);
    }
  }
}

const real *class_engine_forward(struct class_engine *e, int n, const real *pixels)
{
  const int batch = e->plan->batch, classes = e->plan->graph->classes;
  assert(n >= 1 && n <= batch);
  e->n = n;
  fill_input(e, n, pixels);
  tape_forward(e->tape);
  const real *logits = tape_logits(e->tape);
  for (int b = 0; b < n; b++) {
    for (int c = 0; c < classes; c++)
      e->logits[b * (int64_t)classes + c] = logits[c * (int64_t)batch + b];
  }
  return e->logits;
}

static void put_seed(struct class_engine *e, int b, const real *row)
{
  const int batch = e->plan->batch, classes = e->plan->graph->classes;
  for (int c = 0; c < classes; c++) e->seed[c * (int64_t)batch + b] = row ? row[c] : REAL(0.0);
}

static const real *carry_back(struct class_engine *e)
{
  for (int b = e->n; b < e->plan->batch; b++) put_seed(e, b, NULL);
  tape_backward_from(e->tape, 0, 0, e->seed);
  return e->gradient;
}

const real *class_engine_backward(struct class_engine *e, const struct class_loss *loss,
                                  const int *targets, double *losses)
{
  const int classes = e->plan->graph->classes;
  for (int b = 0; b < e->n; b++) {
    const real *logits = e->logits + b * (int64_t)classes;
    const double value = targets[b] < 0 ? 0.0 : loss->take(logits, classes, targets[b], e->row);
    put_seed(e, b, targets[b] < 0 ? NULL : e->row);
    if (losses) losses[b] = value;
  }
  return carry_back(e);
}

const real *class_engine_backward_from(struct class_engine *e, const real *seed)
{
  for (int b = 0; b < e->n; b++) put_seed(e, b, seed + b * (int64_t)e->plan->graph->classes);
  return carry_back(e);
}

const real *class_engine_attention(const struct class_engine *e, int *height, int *width)
{
  if (e->attention_tap < 0) return NULL;
  const struct plan_tap *tap = &e->plan->taps[e->attention_tap];
  *height = tap->height;
  *width = tap->width;
  return e->attention;
}

void class_engine_passes(const struct class_engine *e, int64_t *forward, int64_t *backward)
{
  tape_passes(e->tape, forward, backward);
  *forward *= e->plan->batch;
  *backward *= e->plan->batch;
}
