/** @file
 *  Figures of a study. */
#include "core/bootstrap.h"
#include "core/sort.h"
#include "io/plot.h"
#include "jobs/report_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 256, PATH = 4096 };

static void path_of(const struct report *r, const char *stem, char *path)
{
  (void)snprintf(path, PATH, "%s/%s", r->folder, stem);
}

/** Points of one line. */
struct line {
  double x[MOST], y[MOST], low[MOST], high[MOST];
};

static err fill_line(const struct report *r, struct report_pick p, int along, int points, bool one,
                     struct line *l)
{
  struct interval m[MOST];
  if (one) l->y[0] = l->low[0] = l->high[0] = 1.0;
  for (int i = 0; i < points + one; i++) l->x[i] = i;
  TRY(report_means(r, p, along, points, m));
  for (int i = 0; i < points; i++) {
    l->y[i + one] = m[i].value;
    l->low[i + one] = m[i].low;
    l->high[i + one] = m[i].high;
  }
  return ERR_OK;
}

/** Names under the points: `first`, then the axis's. */
static void name_points(const char *first, char *const *names, int64_t n, const char **out)
{
  if (first) *out++ = first;
  for (int64_t i = 0; i < n; i++) out[i] = names[i];
}

err report_lines(const struct report *r, struct report_pick p, int along, const char *first,
                 const struct report_drawing *d)
{
  const char *tick[MOST];
  char **axis = NULL, path[PATH];
  int64_t points = 0;
  struct plot_series series[PLOT_SERIES];
  struct line *line = calloc((size_t)d->n, sizeof *line);
  err e = line ? ERR_OK : FAIL(ERR_MEMORY, "no memory for a figure");
  if (!e) e = report_axis(r, p.file, p.variable, along, &points, &axis);
  if (!e && (points >= MOST || d->n > PLOT_SERIES)) {
    e = FAIL(ERR_SHAPE, "%s: too many points", d->stem);
  }
  for (int k = 0; !e && k < d->n; k++) {
    p.names[d->by] = d->names[k];
    e = fill_line(r, p, along, (int)points, first != NULL, &line[k]);
    series[k] = (struct plot_series){d->names[k], (int)points + (first != NULL),
                                     line[k].x,   line[k].y,
                                     line[k].low, line[k].high};
  }
  if (!e) {
    name_points(first, axis, points, tick);
    path_of(r, d->stem, path);
    e = plot_lines(&(struct plot_lines){.title = d->caption,
                                        .y_label = d->label,
                                        .x_label = "",
                                        .n_ticks = (int)points + (first != NULL),
                                        .ticks = tick,
                                        .n_series = d->n,
                                        .series = series},
                   path);
  }
  if (!e) report_figure(r, d->stem, d->caption);
  free(line);
  free((void *)axis);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Percentiles 5, 25, 50, 75, 95 of the values that are there. */
static err five_of(const struct report *r, const struct report_pick *p, double five[5])
{
  static const double share[] = {0.05, 0.25, 0.5, 0.75, 0.95};
  double *v = NULL;
  int64_t n = 0, there = 0;
  TRY(report_values(r, p, &v, &n, NULL));
  int32_t *order = calloc((size_t)n + 1, sizeof *order);
  double *work = calloc(sort_work_doubles(n + 1), sizeof *work);
  if (order && work) {
    sort_order(v, n, order, work);
    for (int64_t i = 0; i < n; i++) there += !isnan(v[i]);
    for (int k = 0; k < 5; k++) {
      const double h = share[k] * (double)(there - 1);
      const int64_t i = (int64_t)h, j = i + 1 < there ? i + 1 : i;
      five[k] = there ? v[order[i]] + (h - (double)i) * (v[order[j]] - v[order[i]]) : NAN;
    }
  }
  const bool made = order && work;
  free(order);
  free(work);
  free(v);
  CHECK(made, ERR_MEMORY, "no memory for a figure");
  return ERR_OK;
}

err report_boxes(const struct report *r, struct report_pick p, const struct report_drawing *d)
{
  double(*five)[5] = calloc((size_t)d->n, sizeof *five);
  const char **name = (const char **)calloc((size_t)d->n, sizeof *name);
  char path[PATH];
  int n = 0; /* a method that is not at the layer has no box */
  err e = five && name ? ERR_OK : FAIL(ERR_MEMORY, "no memory for a figure");
  for (int k = 0; !e && k < d->n; k++) {
    p.names[d->by] = name[n] = d->names[k];
    e = five_of(r, &p, five[n]);
    n += !e && (!isnan(five[n][0]) || (n == 0 && k == d->n - 1));
  }
  path_of(r, d->stem, path);
  if (!e) {
    e = plot_boxes(&(struct plot_boxes){.title = d->caption,
                                        .y_label = d->label,
                                        .n = n,
                                        .names = name,
                                        .five = (const void *)five},
                   path);
  }
  if (!e) report_figure(r, d->stem, d->caption);
  free(five);
  free((void *)name);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** A cell; a method that is not at a layer has none. */
static double cell(const struct report *r, const struct report_pick *p)
{
  double mean = NAN;
  return report_mean_only(r, p, &mean) ? NAN : mean;
}

err report_layers(const struct report *r, struct report_pick p, double low, double high,
                  const struct report_drawing *d)
{
  struct store *s = NULL;
  char **layer = NULL, path[PATH], variable[64], group[32];
  int64_t layers = 0;
  TRY(report_open(r, p.file, &s));
  TRY(store_read_text(s, "layers/layer", &layers, &layer));
  double *values = calloc((size_t)(d->n * layers) + 1, sizeof *values);
  err e = values ? ERR_OK : FAIL(ERR_MEMORY, "no memory for a figure");
  (void)snprintf(group, sizeof group, "%.*s", (int)strcspn(p.variable, "@"), p.variable);
  for (int64_t i = 0; !e && i < d->n * layers; i++) {
    (void)snprintf(variable, sizeof variable, "%s@%d", group, (int)(i % layers));
    p.variable = variable;
    p.names[d->by] = d->names[i / layers];
    values[i] = cell(r, &p);
  }
  path_of(r, d->stem, path);
  if (!e) {
    e = plot_matrix(&(struct plot_matrix){.title = d->caption,
                                          .rows = d->n,
                                          .columns = (int)layers,
                                          .row = d->names,
                                          .column = (const char *const *)layer,
                                          .values = values,
                                          .low = low,
                                          .high = high},
                    path);
  }
  if (!e) report_figure(r, d->stem, d->caption);
  free(values);
  free((void *)layer);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** The whole of a table, and the ends of its colours where none are given. */
static err draw_table(struct store *s, const char *path, const char *variable, char **row,
                      char **column, struct plot_matrix *m)
{
  float *narrow = calloc((size_t)m->rows * (size_t)m->columns, sizeof *narrow);
  double *values = calloc((size_t)m->rows * (size_t)m->columns, sizeof *values);
  int var = 0;
  err e = narrow && values ? ERR_OK : FAIL(ERR_MEMORY, "no memory for a figure");
  if (!e) e = store_find(s, variable, &var);
  if (!e) {
    const bool wide = store_kind(s, var) == STORE_F64;
    e = store_read(s, var, 0, m->rows, wide ? (void *)values : (void *)narrow);
    for (int i = 0; !wide && i < m->rows * m->columns; i++) values[i] = (double)narrow[i];
  }
  double most = 0.0;
  for (int i = 0; !e && i < m->rows * m->columns; i++) most = fmax(most, fabs(values[i]));
  if (!(m->low < m->high)) {
    m->high = most > 0.0 ? most : 1.0;
    m->low = -m->high;
  }
  m->row = (const char *const *)row;
  m->column = (const char *const *)column;
  m->values = values;
  if (!e) e = plot_matrix(m, path);
  free(narrow);
  free(values);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err report_table(const struct report *r, const char *file, const char *variable, double low,
                 double high, const char *stem, const char *caption)
{
  struct store *s = NULL;
  char **row = NULL, **column = NULL, path[PATH];
  int64_t rows = 0, columns = 0;
  struct plot_matrix m = {.title = caption, .low = low, .high = high};
  TRY(report_open(r, file, &s));
  err e = report_axis(r, file, variable, -1, &rows, &row);
  if (!e) e = report_axis(r, file, variable, 0, &columns, &column);
  m.rows = (int)rows;
  m.columns = (int)columns;
  path_of(r, stem, path);
  if (!e) e = draw_table(s, path, variable, row, column, &m);
  if (!e) report_figure(r, stem, caption);
  free((void *)row);
  free((void *)column);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
