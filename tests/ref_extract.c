/** @file
 *  The products of METHODS section 1.1, one entry after the other. */
#include "ref_extract.h"

#include "check.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static double at(const struct field *f, const double *v, int k, int r, int c)
{
  if (r < 0 || c < 0 || r >= f->h || c >= f->w) return 0.0;
  return v[((int64_t)k * f->h + r) * f->w + c];
}

static void put(struct gamma *y, double v)
{
  y->entry[y->n++] = v;
}

static void bias(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) put(y, at(f, f->g, k, r, c));
}

static void scaling(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) put(y, at(f, f->a, k, r, c) * at(f, f->g, k, r, c));
}

static void conv1x1(const struct field *f, int r, int c, struct gamma *y)
{
  for (int i = 0; i < f->k; i++)
    for (int j = 0; j < f->k; j++) put(y, at(f, f->a, i, r, c) * at(f, f->g, j, r, c));
}

static void conv3x3(const struct field *f, int r, int c, struct gamma *y)
{
  for (int d = 0; d < 9; d++) {
    for (int i = 0; i < f->k; i++) {
      for (int j = 0; j < f->k; j++)
        put(y, at(f, f->a, i, r + d / 3 - 1, c + d % 3 - 1) * at(f, f->g, j, r, c));
    }
  }
}

static void conv3x3_depthwise(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) {
    for (int d = 0; d < 9; d++)
      put(y, at(f, f->a, k, r + d / 3 - 1, c + d % 3 - 1) * at(f, f->g, k, r, c));
  }
}

static void cam(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) {
    double total = 0.0; /* exact where signs differ: all are multiples of 2^-23 */
    for (int u = f->h * f->w - 1; u >= 0; u--) total += f->g[k * f->h * f->w + u];
    put(y, total / (f->h * f->w) * at(f, f->a, k, r, c));
  }
}

static const struct extract_ref extract_refs[] = {
    {"bias", bias, 0},       {"scaling", scaling, 0}, {"conv1x1", conv1x1, 0},
    {"conv3x3", conv3x3, 0}, {"cam", cam, 0},         {"conv3x3_depthwise", conv3x3_depthwise, 5}};

static double root_of_squares(const struct gamma *y, double below)
{
  double sum = 0.0;
  for (int i = y->n - 1; i >= 0; i--) {
    const double v = y->entry[i] < below ? below : y->entry[i];
    sum += v * v;
  }
  return sqrt(sum);
}

static double sum(const struct gamma *y)
{
  double s = 0.0;
  for (int i = y->n - 1; i >= 0; i--) s += y->entry[i];
  return s;
}

static double max(const struct gamma *y)
{
  double m = y->entry[0];
  for (int i = 1; i < y->n; i++) m = fmax(m, y->entry[i]);
  return m;
}

static double maxabs(const struct gamma *y)
{
  double m = 0.0;
  for (int i = 0; i < y->n; i++) m = fmax(m, fabs(y->entry[i]));
  return m;
}

static double norm(const struct gamma *y)
{
  return root_of_squares(y, -INFINITY);
}
static double filter_norm(const struct gamma *y)
{
  return root_of_squares(y, 0.0);
}
static double relu_sum(const struct gamma *y)
{
  return fmax(sum(y), 0.0);
}

static double size_of_sum(const struct gamma *y)
{
  double s = 0.0;
  for (int i = 0; i < y->n; i++) s += fabs(y->entry[i]);
  return s;
}

static const struct aggregate_ref aggregate_refs[] = {
    {"sum", sum, size_of_sum, false},
    {"max", max, maxabs, false},
    {"norm", norm, norm, true},
    {"maxabs", maxabs, maxabs, false},
    {"filter_norm", filter_norm, filter_norm, true},
    {"relu_sum", relu_sum, size_of_sum, false},
};

const struct extract_ref *ref_extract_find(const char *name)
{
  for (size_t i = 0; i < sizeof extract_refs / sizeof *extract_refs; i++)
    if (!strcmp(extract_refs[i].name, name)) return &extract_refs[i];
  fail_msg("the extract %s has no reference", name);
  return NULL;
}

const struct aggregate_ref *ref_aggregate_find(const char *name)
{
  for (size_t i = 0; i < sizeof aggregate_refs / sizeof *aggregate_refs; i++)
    if (!strcmp(aggregate_refs[i].name, name)) return &aggregate_refs[i];
  fail_msg("the aggregate %s has no reference", name);
  return NULL;
}
