/** @file
 *  Winograd's convolution against the plain one, over random geometries.
 *
 *  Bound, forward.  Row sums of |B'| are at most 10, of |A'| 18, of |G| 1, so the transformed inputs
 *  are below 100 max|x|, the transformed weights below max|w|, and an output gathers 18^2 of their
 *  products summed over C channels.  Every operation rounds once: with eps = 2^-24 (2^-53 in double)
 *    |error| <= eps (C + 40) * C * 18^2 * 100 * max|x| max|w|.
 *  That is the worst case of all signs; random signs stay far below it, so the test also holds the
 *  error to 1e-6 of 9 C max|x| max|w|, the largest value that an output can take, in float.  With stride 2
 *  all three row sums are smaller: 2, 3 and 2. */
#include "check.h"
#include "core/conv.h"
#include "op_driver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 60, MAX_BATCH = 3 };

struct geometry {
  char attrs[96], inputs[96];
  int channels;
};

/** A random 3x3 convolution that Winograd takes, of stride 1 or 2. */
static struct geometry describe(uint64_t *state)
{
  struct geometry g;
  const int c = 16 + (int)driver_random(state, 40), m = 16 + (int)driver_random(state, 20);
  const int h = 6 + (int)driver_random(state, 24), w = 6 + (int)driver_random(state, 24);
  int pad[4];
  for (int i = 0; i < 4; i++) pad[i] = (int)driver_random(state, 3);
  const int stride = 1 + (int)driver_random(state, 2);
  (void)snprintf(g.attrs, sizeof g.attrs, "pads=[%d,%d,%d,%d] strides=[%d,%d]", pad[0], pad[1],
                 pad[2], pad[3], stride, stride);
  (void)snprintf(g.inputs, sizeof g.inputs, "x%d,%d,%d c%d,%d,3,3 c%d", c, h, w, m, c, m);
  g.channels = c;
  return g;
}

static double largest(const double *v, int64_t n)
{
  double most = 0.0;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(v[i]));
  return most;
}

static double largest_difference(const double *a, const double *b, int64_t n)
{
  double most = 0.0;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(a[i] - b[i]));
  return most;
}

static double copy_and_run(struct op_driver *d, double **y, double **dx)
{
  const int64_t n = driver_count(d, 0);
  driver_forward(d);
  driver_backward(d, 1, 0);
  *y = malloc((size_t)d->n_y * sizeof **y);
  *dx = malloc((size_t)n * sizeof **dx);
  assert_non_null(*y);
  assert_non_null(*dx);
  memcpy(*y, d->y, (size_t)d->n_y * sizeof **y);
  memcpy(*dx, d->dx[0], (size_t)n * sizeof **dx);
  return largest(d->value[0], n) * largest(d->value[1], driver_count(d, 1));
}

/** The same convolution by the plain kernels. */
static void compare(const struct geometry *g, int batch, uint64_t seed)
{
  struct op_driver d;
  double *fast_y, *fast_dx, *y, *dx;
  const struct op_case c = {"Conv", 11, g->attrs, g->inputs};
  assert_int_equal(driver_make(&d, &c, batch, DRIVER_SPREAD, seed), ERR_OK);
  assert_string_equal(((const struct conv *)d.at.attr)->kernel->name, "winograd");
  const double scale = 9.0 * copy_and_run(&d, &fast_y, &fast_dx) * g->channels;
  d.at.plain = true;
  d.at.prepared = NULL;
  free(d.work);
  d.work = malloc(d.op->work_bytes(&d.at));
  (void)copy_and_run(&d, &y, &dx);
  const double dx_scale = scale * largest(d.dy, d.n_y) / largest(d.value[0], driver_count(&d, 0)) *
                          ((const struct conv *)d.at.attr)->outputs / g->channels;
  const double unit = sizeof(real) == sizeof(float) ? 1.0 : 1e-8;
  assert_true(largest_difference(fast_y, y, d.n_y) <= 1e-6 * unit * scale);
  assert_true(largest_difference(fast_dx, dx, driver_count(&d, 0)) <= 1e-6 * unit * dx_scale);
  free(fast_y);
  free(fast_dx);
  free(y);
  free(dx);
  driver_free(&d);
}

static void winograd_equals_the_plain_convolution(void **unused)
{
  uint64_t state = 7;
  (void)unused;
  for (int i = 0; i < CASES; i++) {
    const struct geometry g = describe(&state);
    compare(&g, 1 + (int)driver_random(&state, MAX_BATCH), (uint64_t)i);
  }
}

/** <forward(x), dy> = <x, backward(dy)> without a bias: the backward is the exact adjoint. */
static void winograd_backward_is_the_adjoint(void **unused)
{
  uint64_t state = 11;
  (void)unused;
  for (int i = 0; i < CASES; i++) {
    struct geometry g = describe(&state);
    struct op_driver d;
    double left = 0.0, right = 0.0, size = 0.0;
    *strrchr(g.inputs, ' ') = 0;
    const struct op_case c = {"Conv", 11, g.attrs, g.inputs};
    assert_int_equal(driver_make(&d, &c, 2, DRIVER_SPREAD, (uint64_t)i), ERR_OK);
    driver_forward(&d);
    driver_backward(&d, 1, 0);
    for (int64_t k = 0; k < d.n_y; k++) left += d.y[k] * d.dy[k];
    for (int64_t k = 0; k < d.n_y; k++) size += fabs(d.y[k] * d.dy[k]);
    for (int64_t k = 0; k < driver_count(&d, 0); k++) right += d.value[0][k] * d.dx[0][k];
    assert_true(fabs(left - right) <= (sizeof(real) == sizeof(float) ? 1e-5 : 1e-13) * size);
    driver_free(&d);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(winograd_equals_the_plain_convolution),
      cmocka_unit_test(winograd_backward_is_the_adjoint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
