/** @file
 *  Means of picked numbers, and the layer where one is largest. */
#include "core/bootstrap.h"
#include "jobs/report_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The mean of the values of each row that are there, in place. */
static void fold_rows(double *x, int64_t n, int64_t each)
{
  for (int64_t i = 0; i < n; i++) {
    double sum = 0.0;
    int64_t there = 0;
    for (int64_t k = 0; k < each; k++) {
      if (isnan(x[i * each + k])) continue;
      sum += x[i * each + k];
      there++;
    }
    x[i] = there ? sum / (double)there : (double)NAN;
  }
}

static double plain_mean(const double *x, int64_t n)
{
  double sum = 0.0;
  int64_t there = 0;
  for (int64_t i = 0; i < n; i++) {
    if (isnan(x[i])) continue;
    sum += x[i];
    there++;
  }
  return there ? sum / (double)there : (double)NAN;
}

static err count_layers(const struct report *r, const char *file, int64_t *n)
{
  struct store *s = NULL;
  char **name = NULL;
  TRY(report_open(r, file, &s));
  TRY(store_read_text(s, "layers/variable", n, &name));
  if (*n && !strcmp(name[*n - 1], "over_layers")) --*n;
  free((void *)name);
  return ERR_OK;
}

/** "GROUP/@best" to "GROUP/@i". */
static err find_best(const struct report *r, const struct report_pick *p, char *out, size_t bytes)
{
  const int group = (int)strcspn(p->variable, "@");
  struct report_pick one = *p;
  int64_t layers = 0;
  double most = NAN;
  out[0] = '\0';
  TRY(count_layers(r, p->file, &layers));
  for (int i = 0; i < (int)layers; i++) {
    char variable[1024];
    double *x = NULL;
    int64_t n = 0, each = 1;
    (void)snprintf(variable, sizeof variable, "%.*s@%d", group, p->variable, i);
    one.variable = variable;
    if (report_pick_values(r, &one, &x, &n, &each)) continue; /* the method is not at that layer */
    fold_rows(x, n, each);
    const double mean = plain_mean(x, n);
    if (!isnan(mean) && !(mean <= most)) {
      most = mean;
      (void)snprintf(out, bytes, "%s", variable);
    }
    free(x);
  }
  CHECK(out[0], ERR_FORMAT, "%s: no layer has a value of %s", p->file, p->variable);
  return ERR_OK;
}

err report_values(const struct report *r, const struct report_pick *p, double **out, int64_t *n,
                  int64_t *each)
{
  char variable[1024];
  struct report_pick found = *p;
  int64_t of_row = 1;
  if (strstr(p->variable, "@best")) {
    TRY(find_best(r, p, variable, sizeof variable));
    found.variable = variable;
  }
  TRY(report_pick_values(r, &found, out, n, &of_row));
  if (each) {
    *each = of_row;
  } else {
    *n *= of_row;
  }
  return ERR_OK;
}

static struct bootstrap intervals_of(const struct report *r)
{
  return (struct bootstrap){.seed = r->seed, .resamples = r->resamples, .level = 0.95};
}

err report_mean(const struct report *r, const struct report_pick *a, const struct report_pick *b,
                struct interval *out)
{
  const struct bootstrap how = intervals_of(r);
  double *x = NULL, *y = NULL;
  int64_t n = 0, other = 0, each = 1, other_each = 1;
  err e = report_values(r, a, &x, &n, &each);
  if (!e && b && b->file) e = report_values(r, b, &y, &other, &other_each);
  if (!e && y && (other != n || other_each != each))
    e = FAIL(ERR_FORMAT, "%s and %s have different rows", a->file, b->file);
  for (int64_t i = 0; !e && y && i < n * each; i++) x[i] -= y[i];
  if (!e) fold_rows(x, n, each);
  if (!e) e = bootstrap_means(&how, x, n, 1, NULL, 1, out);
  free(x);
  free(y);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Column `at` of `columns` columns of rows; *table is made for the first. */
static err put_column(const struct report_pick *p, const double *x, int64_t n, int at, int columns,
                      double **table, int64_t *rows)
{
  if (!*table) {
    *rows = n;
    *table = calloc((size_t)(n * columns) + 1, sizeof **table);
    CHECK(*table, ERR_MEMORY, "no memory for a line");
  }
  CHECK(n == *rows, ERR_FORMAT, "%s: %s has different rows", p->file, p->variable);
  for (int64_t i = 0; i < n; i++) (*table)[i * columns + at] = x[i];
  return ERR_OK;
}

err report_means(const struct report *r, struct report_pick p, int along, int points,
                 struct interval *out)
{
  const struct bootstrap how = intervals_of(r);
  double *table = NULL;
  int64_t rows = 0;
  err e = ERR_OK;
  for (int k = 0; !e && k < points; k++) {
    char number[16];
    double *x = NULL;
    int64_t n = 0, each = 1;
    (void)snprintf(number, sizeof number, "#%d", k);
    p.names[along] = number;
    e = report_values(r, &p, &x, &n, &each);
    if (!e) fold_rows(x, n, each);
    if (!e) e = put_column(&p, x, n, k, points, &table, &rows);
    free(x);
  }
  if (!e) e = bootstrap_means(&how, table, rows, points, NULL, 1, out);
  free(table);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err report_mean_only(const struct report *r, const struct report_pick *p, double *out)
{
  double *x = NULL;
  int64_t n = 0, each = 1;
  TRY(report_values(r, p, &x, &n, &each));
  fold_rows(x, n, each);
  *out = plain_mean(x, n);
  free(x);
  return ERR_OK;
}
