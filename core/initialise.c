/** @file
 *  Ways to fill weights. */
#include "core/initialise.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { CHUNK = 1 << 10 }; /* a multiple of 4: numbers are counted in fours */

static void constant(int64_t n, real value, real *x)
{
  for (int64_t i = 0; i < n; i++) x[i] = value;
}

/** x[i] = scale times a standard normal number, or one uniform in (-1, 1). */
static void draw(const struct random_place *at, int64_t n, double scale, bool normal, real *x)
{
  double u[CHUNK];
  struct random_place part = *at;
  for (int64_t first = 0; first < n; first += CHUNK) {
    const int64_t count = n - first < CHUNK ? n - first : CHUNK;
    part.sample = (uint64_t)(first / CHUNK);
    random_uniform(&part, count, u);
    for (int64_t i = 0; i < count; i++)
      x[first + i] = (real)(scale * (normal ? random_normal(u[i]) : 2.0 * u[i] - 1.0));
  }
}

static void all_normal(const struct random_place *at, const struct initialise_tensor *t, double std,
                       real *x)
{
  draw(at, t->count, std, true, x);
}

static void torch_default(const struct random_place *at, const struct initialise_tensor *t,
                          double std, real *x)
{
  (void)std;
  if (t->part == INITIALISE_SCALE || t->part == INITIALISE_SHIFT) {
    constant(t->count, t->part == INITIALISE_SCALE ? REAL(1.0) : REAL(0.0), x);
  } else {
    draw(at, t->count, 1.0 / sqrt((double)t->fan_in), false, x);
  }
}

static void kaiming_normal(const struct random_place *at, const struct initialise_tensor *t,
                           double std, real *x)
{
  (void)std;
  if (t->part == INITIALISE_WEIGHT) {
    draw(at, t->count, sqrt(2.0 / (double)t->fan_out), true, x);
  } else {
    constant(t->count, t->part == INITIALISE_SCALE ? REAL(1.0) : REAL(0.0), x);
  }
}

const struct initialise initialise_all[] = {
#define INITIALISE(name, fill, formula, source) {name, formula, source, fill},
#include "core/initialise_list.h"
#undef INITIALISE
    {0},
};

const struct initialise *initialise_find(const char *name)
{
  for (const struct initialise *i = initialise_all; i->name; i++)
    if (!strcmp(i->name, name)) return i;
  return NULL;
}
