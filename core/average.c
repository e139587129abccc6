/** @file
 *  The table of averages, made from average_list.h, and baselines. */
#include "core/average.h"

#include "core/vmath.h"

#include <stdio.h>
#include <string.h>

#define AVERAGE(name) extern const struct average average_##name;
#include "core/average_list.h"
#undef AVERAGE

const struct average *const average_all[] = {
#define AVERAGE(name) &average_##name,
#include "core/average_list.h"
#undef AVERAGE
    NULL,
};

const struct average *average_find(const char *name)
{
  for (const struct average *const *a = average_all; *a; a++)
    if (!strcmp((*a)->name, name)) return *a;
  return NULL;
}

err average_parse(const char *text, struct average_use *out)
{
  char name[USE_TEXT];
  (void)snprintf(name, sizeof name, "%.*s", use_name_length(text), text);
  struct average_use u = {.average = average_find(name)};
  CHECK(u.average, ERR_USAGE, "there is no average '%s' (see retrograd methods)", name);
  TRY(use_parse(text, "average", u.average->params, &u.with));
  *out = u;
  return ERR_OK;
}

bool average_shares(const struct average_use *a, const struct average_use *b)
{
  if (!a->average || !b->average) return a->average == b->average;
  return a->average->make == b->average->make &&
         !memcmp(a->with.param, b->with.param, sizeof a->with.param);
}

int average_planes(unsigned keeps)
{
  int n = 0;
  for (; keeps; keeps &= keeps - 1) n++;
  return n;
}

enum { MOST_RADIUS = 4096 };

int64_t average_work_bytes(int height, int width)
{
  const int line = height > width ? height : width;
  return (int64_t)sizeof(double) * (MOST_RADIUS + 1 + (int64_t)height * width + line);
}

enum { ZERO, BLACK, MEAN, BLUR, GIVEN };
const char *const average_baselines[] = {"zero", "black", "mean", "blur", "given", NULL};

bool average_baseline_given(const double *value, const struct param *params)
{
  for (int i = 0; params[i].name; i++)
    if (params[i].words == average_baselines && (int)value[i] == GIVEN) return true;
  return false;
}

bool average_wants_baselines(const struct average_use *u)
{
  return u->average->wants_baselines || average_baseline_given(u->with.param, u->average->params);
}

static void fill(const struct average_image *a, int channel, real value, real *to)
{
  for (int64_t u = 0; u < (int64_t)a->height * a->width; u++) to[channel * a->stride + u] = value;
}

static real mean_of(const struct average_image *a, int channel)
{
  const int64_t n = (int64_t)a->height * a->width;
  double sum = 0.0;
  for (int64_t u = 0; u < n; u++) sum += (double)a->x[channel * a->stride + u];
  return (real)(sum / (double)n);
}

static int clamp(int i, int n)
{
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/** One line of `n` numbers, `step` apart, blurred; beyond the ends the last number goes on. */
static void blur_line(const double *x, int n, int64_t step, const double *w, int radius,
                      double *restrict y, int64_t y_step)
{
  for (int i = 0; i < n; i++) {
    double sum = w[0] * x[i * step];
    for (int k = 1; k <= radius; k++)
      sum += w[k] * (x[clamp(i - k, n) * step] + x[clamp(i + k, n) * step]);
    y[i * y_step] = sum;
  }
}

/** One channel; kernel cut off at four sigma. */
static void blur(const struct average_site *s, int channel, double sigma, real *to)
{
  const struct average_image *a = &s->image;
  const real *x = a->x + channel * a->stride;
  double *w = s->work, *rows = w + MOST_RADIUS + 1, total = 0.0;
  const int radius = (int)(4.0 * sigma) < MOST_RADIUS ? (int)(4.0 * sigma) : MOST_RADIUS;
  double *line = rows + (int64_t)a->height * a->width;
  for (int k = 0; k <= radius; k++) {
    w[k] = (double)vmath_exp((real)(-0.5 * k * k / (sigma * sigma)));
    total += k ? 2.0 * w[k] : w[k];
  }
  for (int k = 0; k <= radius; k++) w[k] /= total;
  for (int i = 0; i < a->height; i++) {
    for (int j = 0; j < a->width; j++) line[j] = (double)x[(int64_t)i * a->width + j];
    blur_line(line, a->width, 1, w, radius, rows + (int64_t)i * a->width, 1);
  }
  for (int j = 0; j < a->width; j++) {
    blur_line(rows + j, a->height, a->width, w, radius, line, 1);
    for (int i = 0; i < a->height; i++)
      to[channel * a->stride + (int64_t)i * a->width + j] = (real)line[i];
  }
}

void average_baseline(const struct average_site *s, const struct param *params, real *to)
{
  const struct average_image *a = &s->image;
  const int64_t n = (int64_t)a->height * a->width;
  const int kind = (int)use_number(s->with, params, "baseline");
  for (int k = 0; k < a->channels; k++) {
    if (kind == BLUR) {
      blur(s, k, use_number(s->with, params, "sigma"), to);
    } else if (kind == GIVEN) {
      memcpy(to + k * a->stride, s->baselines + k * n, (size_t)n * sizeof *to);
    } else {
      fill(a, k,
           kind == MEAN                ? mean_of(a, k)
           : kind == BLACK && s->black ? s->black[k]
                                       : REAL(0.0),
           to);
    }
  }
}
