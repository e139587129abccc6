/** @file
 *  For tests: run models forward, one line of stdin each:  MODEL SAMPLES X Y
 *
 *  X holds float32 [SAMPLES, C, H, W], Y receives float32 [SAMPLES, classes].  Answers "ok CLASSES" or
 *  "no " and the message, a line each. */
#include "core/blas.h"
#include "core/tape.h"
#include "io/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 4096 };

struct job {
  const char *model, *x, *y;
  int samples;
};

static err read_input(const struct job *j, const struct graph *g, struct tape *t)
{
  const struct shape *s = &g->values[g->input].is.shape;
  const int64_t plane = shape_inner(s), channels = shape_channels(s);
  FILE *f = fopen(j->x, "rb");
  CHECK(f, ERR_IO, "cannot open '%s'", j->x);
  bool whole = true;
  for (int b = 0; b < j->samples; b++) {
    for (int64_t c = 0; c < channels; c++) {
      float *at = tape_input(t) + (c * j->samples + b) * plane;
      whole = whole && fread(at, sizeof *at, (size_t)plane, f) == (size_t)plane;
    }
  }
  (void)fclose(f);
  CHECK(whole, ERR_IO, "'%s' is too short", j->x);
  return ERR_OK;
}

static err write_logits(const struct job *j, const struct graph *g, const struct tape *t)
{
  FILE *f = fopen(j->y, "wb");
  CHECK(f, ERR_IO, "cannot write '%s'", j->y);
  bool whole = true;
  for (int b = 0; b < j->samples; b++) {
    for (int k = 0; k < g->classes; k++)
      whole = whole && fwrite(tape_logits(t) + (int64_t)k * j->samples + b, 4, 1, f) == 1;
  }
  CHECK(!fclose(f) && whole, ERR_IO, "writing '%s' failed", j->y);
  return ERR_OK;
}

static err run(const struct job *j, int *classes)
{
  struct graph *g = NULL;
  struct plan *p = NULL;
  struct tape *t = NULL;
  err e = ERR_OK;
  TRY_DONE(onnx_read(j->model, &(struct onnx_options){0}, &g));
  const struct plan_request r = {.graph = g, .batch = j->samples, .n_targets = 1};
  TRY_DONE(plan_make(&r, &p));
  TRY_DONE(tape_make(p, &t));
  TRY_DONE(read_input(j, g, t));
  tape_forward(t);
  TRY_DONE(write_logits(j, g, t));
  *classes = g->classes;
done:
  tape_free(&t);
  plan_free(&p);
  graph_free(&g);
  return e;
}

int main(void)
{
  char line[LINE];
  blas_single_thread();
  while (fgets(line, sizeof line, stdin)) {
    char *rest = NULL;
    const char *word[4];
    for (int i = 0; i < 4; i++) word[i] = strtok_r(i ? NULL : line, " \n", &rest);
    if (!word[3]) return 2;
    const struct job j = {word[0], word[2], word[3], (int)strtol(word[1], NULL, 10)};
    int classes = 0;
    if (run(&j, &classes)) {
      (void)printf("no %s\n", err_message());
    } else {
      (void)printf("ok %d\n", classes);
    }
    (void)fflush(stdout);
  }
  return 0;
}
