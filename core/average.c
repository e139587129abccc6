/** @file
 *  The table of averages, made from average_list.h, and baselines. */
#include "core/average.h"

#include "core/blur.h"

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
  return a->average->make == b->average->make && use_same(&a->with, &b->with);
}

int average_planes(unsigned keeps)
{
  int n = 0;
  for (; keeps; keeps &= keeps - 1) n++;
  return n;
}

int64_t average_work_bytes(int height, int width)
{
  return blur_work_bytes(height, width);
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

void average_baseline(const struct average_site *s, const struct param *params, real *to)
{
  const struct average_image *a = &s->image;
  const int64_t n = (int64_t)a->height * a->width;
  const int kind = (int)use_number(s->with, params, "baseline");
  for (int k = 0; k < a->channels; k++) {
    if (kind == BLUR) {
      blur_plane(a->x + k * a->stride, a->height, a->width, use_number(s->with, params, "sigma"),
                 s->work, to + k * a->stride);
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
