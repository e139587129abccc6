/** @file
 *  Running units in tests. */
#include "core_unit.h"

#include "check.h"
#include "core/select.h"
#include "core/tape_extract.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NAMES = 64 };

/** Split "a,b" at commas; copy [strlen + 1] holds the parts. */
static int split(const char *text, char *copy, const char **part)
{
  int n = 0;
  memcpy(copy, text, strlen(text) + 1);
  for (char *p = strtok(copy, ","); p; p = strtok(NULL, ",")) {
    assert_true(n < MOST_NAMES);
    part[n++] = p;
  }
  return n;
}

int64_t unit_positions(const struct unit *u, int i)
{
  return (int64_t)u->plan->taps[i].height * u->plan->taps[i].width;
}

int64_t unit_elements(const struct unit *u, int i)
{
  return unit_positions(u, i) * u->plan->taps[i].channels;
}

/** From storage [channels][batch][positions] to [batch, channels, positions]. */
static void to_logical(const struct unit *u, const struct tape_tap *t, const real *from, real *to)
{
  const int64_t n = unit_positions(u, t->tap), k = u->plan->taps[t->tap].channels;
  for (int64_t c = 0; c < k; c++) {
    for (int64_t b = 0; b < t->samples; b++) {
      memcpy(to + ((t->first + b) * k + c) * n, from + (c * t->samples + b) * n,
             (size_t)n * sizeof *to);
    }
  }
}

static void keep(void *who, const struct tape_tap *t)
{
  struct unit *u = who;
  const int i = (int)(t->pass - t->plan->passes) * u->plan->n_taps + t->tap;
  const size_t bytes = (size_t)(unit_elements(u, t->tap) * u->plan->batch) * sizeof(real);
  if (!u->g[i]) u->g[i] = malloc(bytes);
  assert_non_null(u->g[i]);
  to_logical(u, t, t->g, u->g[i]);
  if (!t->a) return;
  if (!u->a[i]) u->a[i] = malloc(bytes);
  assert_non_null(u->a[i]);
  to_logical(u, t, t->a, u->a[i]);
}

static struct plan *make_plan(const struct graph *g, int batch, int n_targets, const char *methods,
                              const char *layers, int head, int part, const bool *resume)
{
  char copy[512];
  const char *name[MOST_NAMES];
  struct plan_request r = {.graph = g,
                           .batch = batch,
                           .n_targets = n_targets,
                           .head = head,
                           .part = part,
                           .resume = resume};
  struct method *list = NULL;
  struct plan *plan = NULL;
  if (method_expand(name, split(methods, copy, name), &list, &r.n_methods))
    fail_msg("%s", err_message());
  bool *chosen = calloc((size_t)g->n_taps, sizeof *chosen);
  bool *wanted = calloc((size_t)g->n_taps * (size_t)r.n_methods, sizeof *wanted);
  assert_true(chosen && wanted);
  if (select_taps(g, name, split(layers, copy, name), chosen)) fail_msg("%s", err_message());
  for (int i = 0; i < g->n_taps * r.n_methods; i++) {
    wanted[i] =
        chosen[i / r.n_methods] && plan_lives_at(g, &list[i % r.n_methods], i / r.n_methods);
  }
  static const real low[] = {REAL(-2.0), REAL(-2.0), REAL(-2.0)};
  static const real high[] = {REAL(2.0), REAL(2.0), REAL(2.0)};
  r.methods = list;
  r.wanted = wanted;
  r.input_low = low;
  r.input_high = high;
  if (plan_make(&r, &plan)) fail_msg("%s", err_message());
  free(chosen);
  free(wanted);
  free(list);
  return plan;
}

static void add_tape(struct unit *out)
{
  const size_t n = (size_t)out->plan->n_passes * (size_t)out->plan->n_taps;
  if (tape_make(out->plan, &out->tape)) fail_msg("%s", err_message());
  out->a = calloc(n, sizeof *out->a);
  out->g = calloc(n, sizeof *out->g);
  assert_true(out->a && out->g);
}

void unit_make(const struct graph *g, int batch, int n_targets, const char *methods,
               const char *layers, struct unit *out)
{
  unit_make_in_parts(g, batch, n_targets, methods, layers, 0, 0, out);
}

void unit_make_in_parts(const struct graph *g, int batch, int n_targets, const char *methods,
                        const char *layers, int head, int part, struct unit *out)
{
  *out = (struct unit){.plan = make_plan(g, batch, n_targets, methods, layers, head, part, NULL)};
  add_tape(out);
}

void unit_make_resumed(const struct graph *g, int batch, int n_targets, const char *methods,
                       const char *layers, const bool *resume, struct unit *out)
{
  *out = (struct unit){.plan = make_plan(g, batch, n_targets, methods, layers, 0, 0, resume)};
  add_tape(out);
}

void unit_watch(struct unit *u)
{
  tape_set_watch(u->tape, (struct tape_watch){.who = u, .see = keep});
}

void unit_free(struct unit *u)
{
  const int n = u->plan->n_passes * u->plan->n_taps;
  for (int i = 0; i < n; i++) {
    free(u->a[i]);
    free(u->g[i]);
  }
  free((void *)u->a);
  free((void *)u->g);
  tape_free(&u->tape);
  plan_free(&u->plan);
}

void unit_forward(struct unit *u, const double *x)
{
  const struct graph *g = u->plan->graph;
  const struct shape *shape = &g->values[g->input].is.shape;
  const int64_t n = shape_inner(shape), batch = u->plan->batch;
  real *to = tape_input(u->tape);
  for (int64_t c = 0; c < shape->dim[1]; c++) {
    for (int64_t b = 0; b < batch; b++) {
      for (int64_t i = 0; i < n; i++)
        to[(c * batch + b) * n + i] = (real)x[(b * shape->dim[1] + c) * n + i];
    }
  }
  tape_forward(u->tape);
}

void unit_run(struct unit *u, const double *x, const int *classes)
{
  unit_forward(u, x);
  tape_backward_all(u->tape, classes, 0);
}

int unit_tap(const struct unit *u, const char *name)
{
  for (int i = 0; i < u->plan->n_taps; i++)
    if (!strcmp(u->plan->graph->values[u->plan->taps[i].value].name, name)) return i;
  fail_msg("no tap %s", name);
  return -1;
}

int unit_method(const struct unit *u, const char *name)
{
  for (int i = 0; i < u->plan->n_methods; i++)
    if (!strcmp(u->plan->methods[i].given, name)) return i;
  fail_msg("no method %s", name);
  return -1;
}

const float *unit_map(const struct unit *u, const char *tap, const char *method, int sample,
                      int slot)
{
  const int i = unit_tap(u, tap), m = unit_method(u, method);
  const struct plan_tap *t = &u->plan->taps[i];
  int k = 0;
  while (t->methods[k] != m) k++;
  const int64_t row = ((int64_t)sample * u->plan->n_targets + slot) * t->n_methods + k;
  return tape_rows(u->tape, i) + row * unit_positions(u, i);
}
