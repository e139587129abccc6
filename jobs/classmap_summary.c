/** @file
 *  The summary of a study of class maps. */
#include "jobs/classmap_summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double dot(const real *a, const real *b, int64_t n)
{
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
  return sum;
}

double classmap_cosine(const real *a, const real *b, int64_t n)
{
  const double aa = dot(a, a, n), bb = dot(b, b, n);
  return aa > 0.0 && bb > 0.0 ? dot(a, b, n) / sqrt(aa * bb) : NAN;
}

/** All that is read and made, of the n classes of the study and the K of the model. */
struct summary {
  const struct classmap *c;
  struct store *store;
  real *map, *other;                    /* [n][pixels] main maps, [pixels] */
  float *gains;                         /* [K] */
  float *gain, *cosine;                 /* [n][n] */
  float *margin, *halves, *refine;      /* [n] */
  uint8_t *best;                        /* [n] */
  float *with[CLASSMAP_RANDOMISED + 1]; /* [n][variants of the role] cosines with the main map */
};

static void summary_free(struct summary *s)
{
  free(s->map);
  free(s->other);
  free(s->gains);
  free(s->gain);
  free(s->cosine);
  free(s->margin);
  free(s->halves);
  free(s->refine);
  free(s->best);
  for (int r = 0; r <= CLASSMAP_RANDOMISED; r++) free(s->with[r]);
}

static err allocate(struct summary *s)
{
  const struct classmap *c = s->c;
  const size_t n = (size_t)c->n_classes, pixels = (size_t)c->pixels;
  bool all = true;
  for (int r = 0; r <= CLASSMAP_RANDOMISED; r++) {
    s->with[r] = calloc(n * (size_t)c->n_variants, sizeof *s->with[r]);
    all = all && s->with[r];
  }
  s->map = calloc(n * pixels, sizeof *s->map);
  s->other = calloc(pixels, sizeof *s->other);
  s->gains = calloc((size_t)c->setup->graph->classes, sizeof *s->gains);
  s->gain = calloc(n * n, sizeof *s->gain);
  s->cosine = calloc(n * n, sizeof *s->cosine);
  s->margin = calloc(n, sizeof *s->margin);
  s->halves = calloc(n, sizeof *s->halves);
  s->refine = calloc(n, sizeof *s->refine);
  s->best = calloc(n, sizeof *s->best);
  CHECK(all && s->map && s->other && s->gains && s->gain && s->cosine && s->margin && s->halves &&
            s->refine && s->best,
        ERR_MEMORY, "no memory for the maps of %d classes at once", c->n_classes);
  return ERR_OK;
}

static err read_rows(struct store *s, const char *path, int64_t first, int64_t n, void *out)
{
  int var = 0;
  TRY(store_find(s, path, &var));
  return store_read(s, var, first, n, out);
}

/** Gains of class k's map: its row of the matrix, and how much more its own logit gains. */
static err take_gains(struct summary *s, int k)
{
  const struct classmap *c = s->c;
  float most = -INFINITY;
  TRY(read_rows(s->store, "samples/gain", k, 1, s->gains));
  for (int j = 0; j < c->n_classes; j++) s->gain[k * c->n_classes + j] = s->gains[c->classes[j]];
  for (int j = 0; j < c->setup->graph->classes; j++)
    if (j != c->classes[k] && s->gains[j] > most) most = s->gains[j];
  s->margin[k] = s->gains[c->classes[k]] - most;
  return ERR_OK;
}

static err take_refinement(struct summary *s, int k)
{
  float rate[CLASSMAP_FACTORS] = {0}, refined[CLASSMAP_FACTORS] = {0};
  TRY(read_rows(s->store, "samples/rate", k, 1, rate));
  TRY(read_rows(s->store, "samples/refined_rate", k, 1, refined));
  s->refine[k] = refined[CLASSMAP_WHOLE] - rate[CLASSMAP_WHOLE];
  return ERR_OK;
}

static err take_main(struct summary *s)
{
  const int n = s->c->n_classes;
  TRY(read_rows(s->store, "maps/map", 0, n, s->map));
  TRY(read_rows(s->store, "samples/halves_cosine", 0, n, s->halves));
  for (int k = 0; k < n; k++) {
    TRY(take_gains(s, k));
    TRY(take_refinement(s, k));
  }
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      s->cosine[i * n + j] = (float)classmap_cosine(s->map + i * s->c->pixels,
                                                    s->map + j * s->c->pixels, s->c->pixels);
      s->best[i] = (uint8_t)((j == 0 || s->best[i]) && s->gain[j * n + i] <= s->gain[i * n + i]);
    }
  }
  return ERR_OK;
}

/** Cosines of the main maps with those of every variant of a role. */
static err take_role(struct summary *s, enum classmap_role role)
{
  const struct classmap *c = s->c;
  int first = 0;
  const int m = classmap_role_count(c, role, &first);
  for (int v = 0; v < m; v++) {
    for (int k = 0; k < c->n_classes; k++) {
      TRY(read_rows(s->store, "maps/map", (int64_t)(first + v) * c->n_classes + k, 1, s->other));
      s->with[role][k * m + v] =
          (float)classmap_cosine(s->map + k * c->pixels, s->other, c->pixels);
    }
  }
  return ERR_OK;
}

/* A check's values, one for each class, NaN where it cannot be said. */

static double least_of(const struct summary *s, enum classmap_role role, int k, bool largest_size)
{
  int first = 0;
  const int m = classmap_role_count(s->c, role, &first);
  double least = INFINITY, most = 0.0;
  for (int v = 0; v < m; v++) {
    const double x = (double)s->with[role][k * m + v];
    if (isnan(x)) return largest_size ? 0.0 : NAN; /* a zero map has no direction at all */
    least = fmin(least, x);
    most = fmax(most, fabs(x));
  }
  return largest_size ? most : least;
}

static double value_of(const struct summary *s, enum classmap_check check, int k)
{
  const double values[CLASSMAP_CHECKS] = {
      [CLASSMAP_SEEDS] = least_of(s, CLASSMAP_SEED, k, false),
      [CLASSMAP_HALVES] = (double)s->halves[k],
      [CLASSMAP_DISTRIBUTION] = least_of(s, CLASSMAP_CONTRAST, k, false),
      [CLASSMAP_SPECIFICITY] = (double)s->margin[k],
      [CLASSMAP_FIDELITY] = (double)s->refine[k],
      [CLASSMAP_COLLAPSE] = least_of(s, CLASSMAP_RANDOMISED, k, true)};
  return values[check];
}

static bool is_looked_at(const struct summary *s, enum classmap_check check)
{
  int first = 0;
  if (check == CLASSMAP_SEEDS) return classmap_role_count(s->c, CLASSMAP_SEED, &first) > 0;
  if (check == CLASSMAP_DISTRIBUTION)
    return classmap_role_count(s->c, CLASSMAP_CONTRAST, &first) > 0;
  if (check == CLASSMAP_COLLAPSE) return classmap_role_count(s->c, CLASSMAP_RANDOMISED, &first) > 0;
  return true;
}

/** Worst value and how many classes meet the threshold. */
static void judge(const struct summary *s, enum classmap_check check, double *worst,
                  int32_t *passed, int32_t *of)
{
  const double threshold = classmap_check_all[check].threshold;
  *worst = NAN;
  *passed = *of = 0;
  if (!is_looked_at(s, check)) return;
  for (int k = 0; k < s->c->n_classes; k++) {
    const double x = value_of(s, check, k);
    const bool small = check == CLASSMAP_COLLAPSE;
    const bool good = small                           ? x <= threshold
                      : check == CLASSMAP_SPECIFICITY ? x > threshold
                                                      : x >= threshold;
    (*of)++;
    *passed += good;
    if (isnan(*worst) || (small ? x > *worst : x < *worst)) *worst = x;
  }
}

/** Write a whole variable. */
static err put(struct summary *s, const char *path, const void *data)
{
  int var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS];
  TRY(store_find(s->store, path, &var));
  store_extent(s->store, var, &n_dims, dims);
  return store_write(s->store, var, 0, dims[0], data);
}

static err put_roles(struct summary *s)
{
  static const char *const paths[] = {[CLASSMAP_SEED] = "summary/seed_cosine",
                                      [CLASSMAP_CONTRAST] = "summary/contrast_cosine",
                                      [CLASSMAP_RANDOMISED] = "summary/randomised_cosine"};
  for (int r = CLASSMAP_SEED; r <= CLASSMAP_RANDOMISED; r++) {
    int first = 0;
    if (classmap_role_count(s->c, (enum classmap_role)r, &first)) TRY(put(s, paths[r], s->with[r]));
  }
  return ERR_OK;
}

static err put_checks(struct summary *s)
{
  double worst[CLASSMAP_CHECKS];
  int32_t passed[CLASSMAP_CHECKS], of[CLASSMAP_CHECKS];
  for (int k = 0; k < CLASSMAP_CHECKS; k++)
    judge(s, (enum classmap_check)k, &worst[k], &passed[k], &of[k]);
  TRY(put(s, "summary/worst", worst));
  TRY(put(s, "summary/passed", passed));
  TRY(put(s, "summary/of", of));
  return ERR_OK;
}

static err write_all(struct summary *s)
{
  TRY(allocate(s));
  TRY(take_main(s));
  for (int r = CLASSMAP_SEED; r <= CLASSMAP_RANDOMISED; r++)
    TRY(take_role(s, (enum classmap_role)r));
  TRY(put(s, "summary/gain", s->gain));
  TRY(put(s, "summary/cosine", s->cosine));
  TRY(put(s, "summary/margin", s->margin));
  TRY(put(s, "summary/best_map", s->best));
  TRY(put(s, "summary/halves_cosine", s->halves));
  TRY(put(s, "summary/refined_rate_gain", s->refine));
  TRY(put_roles(s));
  return put_checks(s);
}

err classmap_summary_write(const struct classmap *c, struct store *store)
{
  struct summary s = {.c = c, .store = store};
  const err e = write_all(&s);
  summary_free(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
