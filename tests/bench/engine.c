/** @file
 *  Time of the engine on one model: engine MODEL.onnx SAMPLES ROUNDS METHODS LAYERS prints one JSON
 *  line with the seconds of every round, forward and backward apart, for one unit of SAMPLES. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blas.h"
#include "core/select.h"
#include "core/tape.h"
#include "io/onnx.h"
#include "pipeline/progress.h"

enum { MAX_NAMES = 64 };

/** Cut a comma-separated list in place; returns how many names there are. */
static int cut(char *text, const char **name)
{
  int n = 0;
  for (char *p = strtok(text, ","); p && n < MAX_NAMES; p = strtok(NULL, ",")) name[n++] = p;
  return n;
}

static err make_plan(const struct graph *g, int samples, char *methods, char *layers,
                     struct plan **out)
{
  const char *name[MAX_NAMES];
  struct method *m = NULL;
  int n = 0;
  bool *chosen = calloc((size_t)g->n_taps, sizeof *chosen);
  CHECK(chosen, ERR_MEMORY, "no memory");
  TRY(method_expand(name, cut(methods, name), &m, &n));
  TRY(select_taps(g, name, cut(layers, name), chosen));
  bool *wanted = calloc((size_t)g->n_taps * (size_t)n, sizeof *wanted);
  CHECK(wanted, ERR_MEMORY, "no memory");
  for (int t = 0; t < g->n_taps; t++)
    for (int i = 0; i < n; i++) wanted[t * n + i] = chosen[t] && (t == 0 || !m[i].input_only);
  const struct plan_request r = {.graph = g, .batch = samples, .n_targets = 1, .n_methods = n,
                                 .methods = m, .wanted = wanted};
  const err e = plan_make(&r, out);
  free(chosen);
  free(wanted);
  free(m);
  return e;
}

/** A fixed pattern of numbers around 0: timings should not depend on luck. */
static void fill(float *x, int64_t n)
{
  uint32_t state = 12345;
  for (int64_t i = 0; i < n; i++) {
    state = state * 1664525U + 1013904223U;
    x[i] = (float)(int32_t)(state >> 8) / 8388608.0F - 1.0F;
  }
}

static err measure(const struct graph *g, const struct plan *p, int samples, int rounds)
{
  struct tape *t = NULL;
  int *classes = calloc((size_t)samples, sizeof *classes);
  CHECK(classes, ERR_MEMORY, "no memory");
  TRY(tape_make(p, &t));
  (void)printf("{\"kernels\": \"%s\", \"arena\": %lld, \"samples\": %d, \"rounds\": [", blas_family(),
               (long long)p->arena_bytes, samples);
  for (int r = 0; r < rounds; r++) {
    fill(tape_input(t), shape_count(&g->values[g->input].is.shape) * samples);
    const double begin = progress_clock();
    tape_forward(t);
    const double middle = progress_clock();
    for (int k = 0; k < p->n_passes; k++) tape_backward(t, k, 0, classes);
    (void)printf("%s[%.6f, %.6f]", r ? ", " : "", middle - begin, progress_clock() - middle);
  }
  (void)printf("]}\n");
  tape_free(&t);
  free(classes);
  return ERR_OK;
}

static err run(char **argv)
{
  struct graph *g = NULL;
  struct plan *p = NULL;
  const int samples = atoi(argv[2]), rounds = atoi(argv[3]); /* NOLINT(cert-err34-c): our own script */
  blas_single_thread();
  TRY(onnx_read(argv[1], &(struct onnx_options){0}, &g));
  TRY(make_plan(g, samples, argv[4], argv[5], &p));
  TRY(measure(g, p, samples, rounds));
  plan_free(&p);
  graph_free(&g);
  return ERR_OK;
}

int main(int argc, char **argv)
{
  if (argc != 6) return 2;
  if (!run(argv)) return 0;
  (void)fprintf(stderr, "%s\n", err_message());
  return 1;
}
