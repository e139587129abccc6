/** @file
 *  The engine under the clock, driven line by line so that its rounds can alternate with another
 *  program's without loading anything again:
 *
 *      engine MODEL.onnx SAMPLES [METHODS LAYERS]...   one unit of SAMPLES; METHODS at LAYERS, both
 *                                                      comma-separated; several pairs may follow
 *      engine sgemm N                                  one product of N x N matrices
 *
 *  It prints one JSON line about the plan, then answers each line of stdin with one JSON line:
 *
 *      input PATH   take the input from a file of float32 [SAMPLES, C, H, W]
 *      run          one round: {"forward": seconds, "backward": seconds of all passes}
 *      logits       {"logits": [...]} of one forward, [SAMPLES, classes]
 *      rows PATH    write the maps of the last round to a file, as tape_rows has them
 *
 *  Sample b is explained for class b.  Logits and maps are there for a check that two programs
 *  compute the same. */
#include "core/blas.h"
#include "core/product.h"
#include "core/select.h"
#include "core/tape.h"
#include "io/onnx.h"
#include "pipeline/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 4096 };

struct engine {
  struct graph *graph;
  struct plan *plan;
  struct tape *tape;
  int *classes; /* [samples] */
  FILE *input;  /* NULL: a fixed pattern */
};

/** What is asked for: methods and where each is taken. */
struct wish {
  struct method *methods; /* [n] */
  int n;
  bool *at; /* [n][n_taps] */
};

/** A comma-separated list; its commas become ends of names. */
struct names {
  const char **item; /* [n], pointing into the text */
  int n;
};

static err names_cut(char *text, struct names *out)
{
  size_t most = 1;
  for (const char *p = text; *p; p++) most += *p == ',';
  *out = (struct names){.item = calloc(most, sizeof *out->item)};
  CHECK(out->item, ERR_MEMORY, "no memory for %zu names", most);
  char *rest = NULL;
  for (char *p = strtok_r(text, ",", &rest); p; p = strtok_r(NULL, ",", &rest))
    out->item[out->n++] = p;
  return ERR_OK;
}

static err wish_grow(struct wish *w, const struct method *more, int n, const bool *chosen,
                     int n_taps)
{
  const size_t methods = (size_t)w->n + (size_t)n;
  struct method *m = realloc(w->methods, methods * sizeof *m);
  CHECK(m, ERR_MEMORY, "no memory for %zu methods", methods);
  w->methods = m;
  bool *at = realloc(w->at, methods * (size_t)n_taps * sizeof *at);
  CHECK(at, ERR_MEMORY, "no memory for %zu methods", methods);
  w->at = at;
  for (int i = 0; i < n; i++, w->n++) {
    w->methods[w->n] = more[i];
    for (int t = 0; t < n_taps; t++)
      w->at[w->n * n_taps + t] = chosen[t] && (t == 0 || !more[i].input_only);
  }
  return ERR_OK;
}

/** Add one pair of the command line. */
static err wish_add(struct wish *w, const struct graph *g, char *methods, char *layers)
{
  struct names name = {0}, layer = {0};
  struct method *m = NULL;
  int n = 0;
  bool *chosen = calloc((size_t)g->n_taps, sizeof *chosen);
  err e = ERR_OK;
  CHECK_DONE(chosen, ERR_MEMORY, "no memory");
  TRY_DONE(names_cut(methods, &name));
  TRY_DONE(names_cut(layers, &layer));
  TRY_DONE(method_expand(name.item, name.n, &m, &n));
  TRY_DONE(select_taps(g, layer.item, layer.n, chosen));
  TRY_DONE(wish_grow(w, m, n, chosen, g->n_taps));

done:
  free(name.item);
  free(layer.item);
  free(m);
  free(chosen);
  return e;
}

/** Plan of the pairs that end the command line. */
static err make_plan(const struct graph *g, int samples, char **pairs, struct plan **out)
{
  struct wish w = {0};
  bool *wanted = NULL;
  err e = ERR_OK;
  for (; pairs[0]; pairs += 2) TRY_DONE(wish_add(&w, g, pairs[0], pairs[1]));
  wanted = calloc((size_t)g->n_taps * (size_t)w.n + 1, sizeof *wanted);
  CHECK_DONE(wanted, ERR_MEMORY, "no memory");
  for (int t = 0; t < g->n_taps; t++)
    for (int i = 0; i < w.n; i++) wanted[t * w.n + i] = w.at[i * g->n_taps + t];
  const struct plan_request r = {.graph = g,
                                 .batch = samples,
                                 .n_targets = 1,
                                 .n_methods = w.n,
                                 .methods = w.methods,
                                 .wanted = wanted};
  TRY_DONE(plan_make(&r, out));

done:
  free(w.methods);
  free(w.at);
  free(wanted);
  return e;
}

/** Print a name as a JSON string. */
static void print_text(const char *text)
{
  (void)putchar('"');
  for (; *text; text++)
    (void)putchar(*text == '"' || *text == '\\' || (unsigned char)*text < 32 ? '?' : *text);
  (void)putchar('"');
}

static void print_kernels(void)
{
  char text[256];
  (void)snprintf(text, sizeof text, "%s (%s); sgemm of %s", product_family(), product_vectors(),
                 blas_family());
  (void)printf("{\"kernels\": ");
  print_text(text);
  (void)printf(", \"warning\": ");
  print_text(blas_warning() ? blas_warning() : "");
}

static void print_plan(const struct engine *e)
{
  const struct plan *p = e->plan;
  print_kernels();
  (void)printf(", \"samples\": %d, \"weights\": %lld, \"arena\": %lld, \"prepared\": %lld, "
               "\"rows\": %lld, \"passes\": %d, \"taps\": [",
               p->batch, (long long)p->graph->weight_bytes, (long long)p->arena_bytes,
               (long long)p->prepared_bytes, (long long)p->rows_floats * 4, p->n_passes);
  for (int i = 0; i < p->n_taps; i++) {
    const struct plan_tap *t = &p->taps[i];
    (void)printf("%s{\"name\": ", i ? ", " : "");
    print_text(p->graph->values[t->value].name);
    (void)printf(", \"methods\": %d, \"height\": %d, \"width\": %d}", t->n_methods, t->height,
                 t->width);
  }
  (void)printf("]}\n");
}

/** A fixed pattern of numbers around 0: timings should not depend on luck. */
static void fill(real *x, int64_t n)
{
  uint32_t state = 12345;
  for (int64_t i = 0; i < n; i++) {
    state = state * 1664525U + 1013904223U;
    x[i] = (real)((double)(int32_t)state / 2147483648.0);
  }
}

/** Fill the tape's input [C][samples][H * W] from the file [samples, C, H, W]: no copy of it is
 *  kept, so that the memory measured is the engine's alone. */
static err load_input(const struct engine *e)
{
  const struct shape *s = &e->graph->values[e->graph->input].is.shape;
  const int64_t plane = shape_inner(s);
  const int samples = e->plan->batch, channels = shape_channels(s);
  real *x = tape_input(e->tape);
  if (!e->input) {
    fill(x, shape_count(s) * samples);
    return ERR_OK;
  }
  rewind(e->input);
  for (int64_t b = 0; b < samples; b++) {
    for (int64_t c = 0; c < channels; c++) {
      const size_t n = fread(x + (c * samples + b) * plane, sizeof *x, (size_t)plane, e->input);
      CHECK(n == (size_t)plane, ERR_INPUT, "the input file is shorter than %d samples", samples);
    }
  }
  return ERR_OK;
}

static err do_input(struct engine *e, const char *path)
{
  if (e->input) (void)fclose(e->input);
  e->input = fopen(path, "rb");
  CHECK(e->input, ERR_INPUT, "cannot open '%s'", path);
  TRY(load_input(e));
  (void)printf("{}\n");
  return ERR_OK;
}

static err do_run(struct engine *e, const char *path)
{
  (void)path;
  TRY(load_input(e));
  const double begin = progress_clock();
  tape_forward(e->tape);
  const double middle = progress_clock();
  for (int k = 0; k < e->plan->n_passes; k++) tape_backward(e->tape, k, 0, e->classes);
  (void)printf("{\"forward\": %.6f, \"backward\": %.6f}\n", middle - begin,
               progress_clock() - middle);
  return ERR_OK;
}

static err do_logits(struct engine *e, const char *path)
{
  (void)path;
  TRY(load_input(e));
  tape_forward(e->tape);
  const real *y = tape_logits(e->tape);
  const int samples = e->plan->batch;
  (void)printf("{\"logits\": [");
  for (int b = 0; b < samples; b++) {
    for (int k = 0; k < e->graph->classes; k++)
      (void)printf("%s%.9g", b || k ? ", " : "", (double)y[(int64_t)k * samples + b]);
  }
  (void)printf("]}\n");
  return ERR_OK;
}

static err do_rows(struct engine *e, const char *path)
{
  const size_t n = (size_t)e->plan->rows_floats;
  FILE *f = fopen(path, "wb");
  CHECK(f, ERR_IO, "cannot write '%s'", path);
  const bool whole = !n || fwrite(tape_rows(e->tape, 0), sizeof(float), n, f) == n;
  CHECK(!fclose(f) && whole, ERR_IO, "writing '%s' failed", path);
  (void)printf("{}\n");
  return ERR_OK;
}

static const struct command {
  const char *name;
  err (*run)(struct engine *e, const char *path);
} commands[] = {{"input", do_input}, {"run", do_run}, {"logits", do_logits}, {"rows", do_rows}};

/** Answer the lines of stdin until it ends. */
static err serve(struct engine *e)
{
  char line[LINE];
  (void)fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *path = strchr(line, ' ');
    if (path) *path++ = 0;
    const struct command *c = NULL;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
      if (!strcmp(commands[i].name, line)) c = &commands[i];
    CHECK(c, ERR_USAGE, "there is no command '%s'", line);
    TRY(c->run(e, path ? path : ""));
    (void)fflush(stdout);
  }
  return ERR_OK;
}

static err engine_open(struct engine *e, const char *model, int samples, char **pairs)
{
  TRY(onnx_read(model, &(struct onnx_options){0}, &e->graph));
  TRY(graph_gather_weights(e->graph));
  TRY(make_plan(e->graph, samples, pairs, &e->plan));
  plan_release_constants(e->plan, e->graph, false);
  TRY(tape_make(e->plan, &e->tape));
  e->classes = calloc((size_t)samples, sizeof *e->classes);
  CHECK(e->classes, ERR_MEMORY, "no memory");
  for (int b = 0; b < samples; b++) e->classes[b] = b % e->graph->classes;
  print_plan(e);
  return ERR_OK;
}

static void engine_close(struct engine *e)
{
  if (e->input) (void)fclose(e->input);
  free(e->classes);
  tape_free(&e->tape);
  plan_free(&e->plan);
  graph_free(&e->graph);
}

/** Answer every line of stdin with the seconds of one product of n x n matrices. */
static err serve_sgemm(int n)
{
  char line[LINE];
  const int64_t count = (int64_t)n * n;
  real *m = calloc((size_t)count * 3, sizeof *m);
  CHECK(m, ERR_MEMORY, "no memory for three %d x %d matrices", n, n);
  fill(m, count * 3);
  print_kernels();
  (void)printf("}\n");
  (void)fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    const double begin = progress_clock();
    blas_gemm(false, false, n, n, n, m, n, m + count, n, REAL(0.0), m + 2 * count, n);
    (void)printf("{\"seconds\": %.9f}\n", progress_clock() - begin);
    (void)fflush(stdout);
  }
  free(m);
  return ERR_OK;
}

static err run(char **argv)
{
  char *end = NULL;
  const long size = strtol(argv[2], &end, 10);
  CHECK(!*end && size > 0 && size <= 1 << 14, ERR_USAGE, "'%s' is not a size", argv[2]);
  blas_single_thread();
  if (!strcmp(argv[1], "sgemm")) return serve_sgemm((int)size);
  struct engine e = {0};
  err failed = engine_open(&e, argv[1], (int)size, argv + 3);
  if (!failed) failed = serve(&e);
  engine_close(&e);
  return failed;
}

int main(int argc, char **argv)
{
  if (argc < 3 || argc % 2 == 0) {
    (void)fprintf(stderr, "engine MODEL.onnx SAMPLES [METHODS LAYERS]... | engine sgemm N\n");
    return 2;
  }
  if (!run(argv)) return 0;
  (void)fprintf(stderr, "engine: %s\n", err_message());
  return 1;
}
