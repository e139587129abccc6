/** @file
 *  Methods on the weights after a step of gradient descent, sample by sample and target by target. */
#include "core/power.h"
#include "core/tape_impl.h"
#include "core/weigh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** What one step's tape makes. */
struct step {
  struct tape *tape; /* one of the inner ones */
  real *gradients;   /* [n_weights] in the order of the parameters */
  real **of_value;   /* [n_values] where a parameter's begin; NULL for other values */
};

struct tape_metas {
  struct step *step; /* [n_metas] */
  real *seed;        /* [classes] */
};

void tape_metas_free(struct tape_metas **metas, int n)
{
  struct tape_metas *m = *metas;
  if (!m) return;
  for (int i = 0; m->step && i < n; i++) {
    free(m->step[i].gradients);
    free((void *)m->step[i].of_value);
  }
  free(m->step);
  free(m->seed);
  free(m);
  *metas = NULL;
}

static err make_step(const struct plan_meta *m, struct tape **tape, struct step *s)
{
  s->gradients = calloc((size_t)m->n_weights + 1, sizeof *s->gradients);
  s->of_value = (real **)calloc((size_t)m->graph.n_values, sizeof(real *));
  CHECK(s->gradients && s->of_value, ERR_MEMORY, "no memory for %.1f MiB of gradients of weights",
        (double)m->n_weights * sizeof(real) / 1048576.0);
  real *at = s->gradients;
  for (int i = 0; i < m->n_parameters; i++) {
    s->of_value[m->parameters[i].value] = at;
    at += m->parameters[i].n;
  }
  TRY(tape_make(m->plan, tape));
  s->tape = *tape;
  return ERR_OK;
}

err tape_metas_make(const struct plan *p, struct tape **tape, struct tape_metas **out)
{
  struct tape_metas *m = *out = calloc(1, sizeof *m);
  CHECK(m, ERR_MEMORY, "no memory for meta-saliency");
  m->step = calloc((size_t)p->n_metas, sizeof *m->step);
  m->seed = calloc((size_t)p->graph->classes, sizeof *m->seed);
  CHECK(m->step && m->seed, ERR_MEMORY, "no memory for meta-saliency");
  for (int i = 0; i < p->n_metas; i++) TRY(make_step(&p->metas[i], &tape[i], &m->step[i]));
  return ERR_OK;
}

/** The input of sample b alone. */
static void give_input(const struct tape *t, struct tape *to, int b)
{
  const struct plan *p = t->plan;
  const struct shape *s = &p->graph->values[p->graph->input].is.shape;
  const int64_t n = shape_inner(s);
  for (int c = 0; c < shape_channels(s); c++) {
    memcpy(tape_input(to) + c * n, t->inner.x + ((int64_t)c * p->batch + b) * n,
           (size_t)n * sizeof(real));
  }
}

/** The model's own weights. */
static void restore(const struct plan_meta *m)
{
  for (int i = 0; i < m->n_parameters; i++) {
    const struct plan_parameter *w = &m->parameters[i];
    memcpy(w->to, w->from, (size_t)w->n * sizeof *w->to);
  }
  plan_prepare_again(m->plan);
}

/** exp x for x <= 0. */
static double share(double x)
{
  return x < -700.0 ? 0.0 : power_exp(x);
}

/** d cross entropy / d logits = softmax - one-hot of the class; 0 where there is none. */
static void seed(const real *logits, int n, int class, real *out)
{
  double most = -(double)INFINITY, sum = 0.0;
  for (int c = 0; c < n; c++) most = (double)logits[c] > most ? (double)logits[c] : most;
  for (int c = 0; c < n; c++) sum += share((double)logits[c] - most);
  for (int c = 0; c < n; c++)
    out[c] = class < 0 ? REAL(0.0) : (real)(share((double)logits[c] - most) / sum - (c == class));
}

/** w = w - rate g, product and difference rounded once each. */
static void step(const struct plan_meta *m, const real *g)
{
  const double rate = meta_rate(&m->use);
  for (int64_t i = 0; i < m->n_weights; i++)
    m->weights[i] = (real)((double)m->weights[i] - rate * (double)g[i]);
  plan_prepare_again(m->plan);
}

static int place_of(const struct plan *p, const struct plan_tap *inner)
{
  for (int i = 0; i < p->n_places; i++)
    if (plan_place(p, i)->value == inner->value) return p->places[i];
  return -1;
}

/** What the step's tape has at its places goes where the methods are here. */
static void take_rows(struct tape *t, const struct plan_meta *m, struct tape *from, int slot, int b)
{
  const struct plan *p = t->plan, *inner = m->plan;
  for (int i = 0; i < inner->n_places; i++) {
    const struct plan_tap *at = plan_place(inner, i);
    const int place = place_of(p, at);
    const struct plan_tap *to = &p->taps[place];
    const int64_t n = (int64_t)at->height * at->width;
    for (int k = 0; k < at->n_methods; k++) {
      int j = 0;
      while (to->methods[j] != m->method[at->methods[k]]) j++;
      memcpy(tape_rows(t, place) + (((int64_t)b * p->n_targets + slot) * to->n_methods + j) * n,
             tape_rows(from, inner->places[i]) + k * n, (size_t)n * sizeof(float));
    }
  }
}

/** The maps of one sample and target after their step. */
static void run_one(struct tape *t, int i, int slot, int b, int class, int64_t sample)
{
  const struct plan_meta *m = &t->plan->metas[i];
  const struct step *s = &t->metas->step[i];
  restore(m);
  give_input(t, s->tape, b);
  tape_forward(s->tape);
  seed(tape_logits(s->tape), t->plan->graph->classes, class, t->metas->seed);
  memset(s->gradients, 0, (size_t)m->n_weights * sizeof *s->gradients);
  tape_weigh(s->tape, t->metas->seed, s->of_value);
  step(m, s->gradients);
  give_input(t, s->tape, b);
  tape_forward(s->tape);
  tape_backward_all(s->tape, &class, sample);
  take_rows(t, m, s->tape, slot, b);
}

void tape_metas_run(struct tape *t, const int *classes, int64_t first)
{
  const struct plan *p = t->plan;
  for (int i = 0; i < p->n_metas; i++) {
    for (int b = 0; b < p->batch; b++) {
      for (int slot = 0; slot < p->n_targets; slot++)
        run_one(t, i, slot, b, classes[slot * p->batch + b], first + b);
    }
  }
}
