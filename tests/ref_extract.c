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

/** Entries with one weight a channel; of: the weight of channel k. */
static void weighted(const struct field *f, int r, int c,
                     double (*of)(const struct field *f, int k), struct gamma *y)
{
  for (int k = 0; k < f->k; k++) put(y, of(f, k) * at(f, f->a, k, r, c));
}

enum mean_of { POSITIVE, NEGATIVE, ABSOLUTE };

static double mean(const struct field *f, int k, enum mean_of what)
{
  double total = 0.0;
  for (int u = f->h * f->w - 1; u >= 0; u--) {
    const double g = f->g[k * f->h * f->w + u];
    total += what == ABSOLUTE ? fabs(g) : what == POSITIVE ? fmax(g, 0.0) : fmin(g, 0.0);
  }
  return total / (f->h * f->w);
}

static double mean_signal(const struct field *f, int k)
{
  double total = 0.0; /* exact where signs differ: all are multiples of 2^-23 */
  for (int u = f->h * f->w - 1; u >= 0; u--) total += f->g[k * f->h * f->w + u];
  return total / (f->h * f->w);
}
static double mean_positive(const struct field *f, int k)
{
  return mean(f, k, POSITIVE);
}
static double mean_negative(const struct field *f, int k)
{
  return mean(f, k, NEGATIVE);
}
static double mean_absolute(const struct field *f, int k)
{
  return mean(f, k, ABSOLUTE);
}

static void cam(const struct field *f, int r, int c, struct gamma *y)
{
  weighted(f, r, c, mean_signal, y);
}
static void cam_positive(const struct field *f, int r, int c, struct gamma *y)
{
  weighted(f, r, c, mean_positive, y);
}
static void cam_negative(const struct field *f, int r, int c, struct gamma *y)
{
  weighted(f, r, c, mean_negative, y);
}
static void cam_absolute(const struct field *f, int r, int c, struct gamma *y)
{
  weighted(f, r, c, mean_absolute, y);
}

static double total_of(const struct field *f, const double *v, int k)
{
  double total = 0.0;
  for (int u = f->h * f->w - 1; u >= 0; u--) total += v[k * f->h * f->w + u];
  return total;
}

/** sum of alpha g over positions: METHODS 5.9, the form of pytorch-grad-cam. */
static double plus_plus(const struct field *f, int k, bool positive)
{
  const double total = total_of(f, f->a, k);
  double w = 0.0;
  for (int u = f->h * f->w - 1; u >= 0; u--) {
    const double g = f->g[k * f->h * f->w + u];
    if (g == 0.0 || (positive && g < 0.0)) continue;
    w += (g * g) / (2.0 * (g * g) + total * (g * g * g) + 1e-6) * g;
  }
  return w;
}

static double plus_plus_positive(const struct field *f, int k)
{
  return plus_plus(f, k, true);
}
static double plus_plus_signed(const struct field *f, int k)
{
  return plus_plus(f, k, false);
}

/** METHODS 5.9, the authors' form. */
static double plus_plus_normalised(const struct field *f, int k)
{
  const double total = total_of(f, f->a, k);
  double w = 0.0, alphas = 0.0;
  for (int u = f->h * f->w - 1; u >= 0; u--) {
    const double g = f->g[k * f->h * f->w + u];
    const double below = 2.0 * (g * g) + total * (g * g * g);
    const double alpha = (g * g) / (below == 0.0 ? 1.0 : below);
    if (g <= 0.0) continue;
    alphas += alpha;
    w += alpha * g;
  }
  return w / (alphas == 0.0 ? 1.0 : alphas);
}

static double signal_by_activation(const struct field *f, int k)
{
  double w = 0.0;
  for (int u = f->h * f->w - 1; u >= 0; u--)
    w += f->g[k * f->h * f->w + u] * f->a[k * f->h * f->w + u];
  return w / (total_of(f, f->a, k) + 1e-7);
}

static void cam_pp(const struct field *f, int r, int c, struct gamma *y)
{
  weighted(f, r, c, plus_plus_positive, y);
}
static void cam_pp_signed(const struct field *f, int r, int c, struct gamma *y)
{
  weighted(f, r, c, plus_plus_signed, y);
}
static void cam_pp_normalised(const struct field *f, int r, int c, struct gamma *y)
{
  weighted(f, r, c, plus_plus_normalised, y);
}
static void cam_x(const struct field *f, int r, int c, struct gamma *y)
{
  weighted(f, r, c, signal_by_activation, y);
}

static void elementwise(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) put(y, fmax(at(f, f->a, k, r, c) * at(f, f->g, k, r, c), 0.0));
}

static void activation(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) put(y, at(f, f->a, k, r, c));
}

static void layercam(const struct field *f, int r, int c, struct gamma *y)
{
  for (int k = 0; k < f->k; k++) put(y, fmax(at(f, f->g, k, r, c), 0.0) * at(f, f->a, k, r, c));
}

static const struct extract_ref extract_refs[] = {
    {"bias", bias, 0},
    {"scaling", scaling, 0},
    {"conv1x1", conv1x1, 0},
    {"conv3x3", conv3x3, 0},
    {"conv3x3_depthwise", conv3x3_depthwise, 5},
    {"cam", cam, 0},
    {"cam_positive", cam_positive, 0},
    {"cam_negative", cam_negative, 0},
    {"cam_absolute", cam_absolute, 0},
    {"cam_pp", cam_pp, 0},
    {"cam_pp_signed", cam_pp_signed, 0},
    {"cam_pp_normalised", cam_pp_normalised, 0},
    {"cam_x", cam_x, 0},
    {"elementwise", elementwise, 0},
    {"layercam", layercam, 0},
    {"activation", activation, 0},
    {"real_conv", conv3x3, 0}, /* behind a padded 3x3 convolution of a itself */
};

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
