/** @file
 *  What skipping zeros brings: products of packed weights, in the shapes of ResNet-50's 1x1 convolutions on 8
 *  images of 224 x 224, with some share of the activations or signals zero.  For each share it prints the
 *  processor time in milliseconds, the smallest of several rounds, and how many times as fast that is as
 *  without zeros. */
#include "core/product.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 12, SHARES = 4 };

struct shape {
  int outputs, inputs, positions;
};

static const struct shape shapes[] = {
    {64, 256, 25088},  {256, 64, 25088},  {128, 512, 6272}, {512, 128, 6272},
    {256, 1024, 1568}, {1024, 256, 1568}, {512, 2048, 392}, {2048, 512, 392},
};
static const int zeros[SHARES] = {0, 25, 50, 75}; /* percent */

static uint32_t next(void)
{
  static uint32_t state = 12345;
  state = state * 1664525U + 1013904223U;
  return state >> 8;
}

static real *numbers(int64_t n, int percent)
{
  real *v = malloc((size_t)n * sizeof *v);
  if (!v) exit(EXIT_FAILURE);
  for (int64_t i = 0; i < n; i++)
    v[i] = (int)(next() % 100) < percent ? REAL(0.0) : (real)(next() % 1000 + 1) / REAL(500.0);
  return v;
}

/** Milliseconds of processor time. */
static double milliseconds(const struct product *p)
{
  double best = 1e9;
  for (int i = 0; i < ROUNDS; i++) {
    const clock_t begin = clock();
    product(p);
    const double ms = (double)(clock() - begin) * 1000.0 / CLOCKS_PER_SEC;
    best = ms < best ? ms : best;
  }
  return best;
}

static void measure(const struct shape *s, bool back)
{
  real *w = numbers((int64_t)s->outputs * s->inputs, 0);
  real *packed = numbers(product_packed_count(s->outputs, s->inputs), 0);
  product_pack(s->outputs, s->inputs, w, s->inputs, packed);
  struct product p = {.m = back ? s->inputs : s->outputs,
                      .n = s->positions,
                      .k = back ? s->outputs : s->inputs,
                      .a_transposed = back,
                      .packed = {packed, s->inputs, 0},
                      .b_step = s->positions,
                      .c_step = s->positions,
                      .work = malloc(product_work_bytes(s->positions))};
  p.c = numbers((int64_t)p.m * p.n, 0);
  if (!p.work) exit(EXIT_FAILURE);
  (void)printf("| %d x %d x %d | %s |", s->outputs, s->inputs, s->positions,
               back ? "backward" : "forward");
  double dense = 0.0;
  for (int i = 0; i < SHARES; i++) {
    real *b = numbers((int64_t)p.k * p.n, zeros[i]);
    p.b = b;
    const double ms = milliseconds(&p);
    if (i == 0) dense = ms;
    (void)printf(" %.2f (%.2f) |", ms, dense / ms);
    free(b);
  }
  (void)printf("\n");
  free(p.c);
  free(p.work);
  free(packed);
  free(w);
}

int main(void)
{
  if (product_is_blas()) {
    (void)printf("products are OpenBLAS's here: nothing is skipped\n");
    return EXIT_SUCCESS;
  }
  (void)printf("%s (%s), ms of processor time (times as fast as without zeros)\n\n",
               product_family(), product_vectors());
  (void)printf("| weights x positions | direction | no zeros | 25 %% | 50 %% | 75 %% |\n");
  (void)printf("|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    measure(&shapes[i], false);
    measure(&shapes[i], true);
  }
  return EXIT_SUCCESS;
}
