/** @file
 *  Numbers picked from the files of a study. */
#include "jobs/report.h"

#include "core/bootstrap.h"
#include "io/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 4096 };

void report_say(const struct report *r, const char *fmt, ...)
{
  va_list args;
  va_start(args, fmt);
  (void)vfprintf(r->page, fmt, args);
  va_end(args);
}

void report_figure(const struct report *r, const char *stem, const char *caption)
{
  report_say(r, "\n![%s](%s.png)\n\n*%s* ([SVG](%s.svg))\n", caption, stem, caption, stem);
}

static err open_file(const struct report *r, const char *file, struct store **out)
{
  char path[PATH];
  (void)snprintf(path, sizeof path, "%s/%s", r->folder, file);
  return store_open_read(path, out);
}

/** Place of a name among [n]; -1: none. */
static int64_t place(const char *name, char *const *names, int64_t n)
{
  if (!name) return 0;
  if (name[0] == '#') {
    char *end = NULL;
    const double v = strtod(name + 1, &end);
    const int64_t i =
        *end == '%' ? (int64_t)lround(v / 100.0 * (double)(n - 1)) : (int64_t)v + (v < 0.0 ? n : 0);
    return i >= 0 && i < n ? i : -1;
  }
  for (int64_t i = 0; i < n; i++)
    if (!strcmp(names[i], name)) return i;
  const size_t length = strlen(name); /* a rule with its parameters */
  for (int64_t i = 0; i < n; i++)
    if (!strncmp(names[i], name, length) && names[i][length] == '(') return i;
  return -1;
}

/** "similarity/@-1" to "similarity/NAME". */
static err resolve(struct store *s, const char *variable, char *out, size_t bytes)
{
  const char *at = strchr(variable, '@');
  char **name = NULL;
  int64_t n = 0;
  (void)snprintf(out, bytes, "%s", variable);
  if (!at) return ERR_OK;
  TRY(store_read_text(s, "layers/variable", &n, &name));
  char number[32];
  (void)snprintf(number, sizeof number, "#%s", at + 1);
  const int64_t i = place(number, name, n);
  const bool there = i >= 0;
  if (there) (void)snprintf(out, bytes, "%.*s%s", (int)(at - variable), variable, name[i]);
  free((void *)name);
  CHECK(there, ERR_FORMAT, "the file has no layer %s", at);
  return ERR_OK;
}

/** Names of axis `axis` of a variable, the sample's axis being 0. */
static err axis_names(struct store *s, const char *variable, int var, int axis, int64_t *n,
                      char ***out)
{
  char name[128], path[1024];
  TRY(store_dim_name(s, var, axis, name, sizeof name));
  (void)snprintf(path, sizeof path, "%.*s/%s", (int)(strchr(variable, '/') - variable), variable,
                 name);
  return store_read_text(s, path, n, out);
}

/** Box of one sample. */
struct box {
  int var, n_dims;
  int64_t first[STORE_MAX_DIMS], count[STORE_MAX_DIMS];
};

static err find_box(struct store *s, const struct report_pick *p, const char *variable,
                    struct box *b, int64_t *samples)
{
  int64_t dims[STORE_MAX_DIMS];
  TRY(store_find(s, variable, &b->var));
  store_extent(s, b->var, &b->n_dims, dims);
  *samples = dims[0];
  for (int k = 0; k < b->n_dims; k++) b->count[k] = 1;
  b->first[0] = 0;
  for (int k = 1; k < b->n_dims; k++) {
    char **names = NULL;
    int64_t n = 0;
    TRY(axis_names(s, variable, b->var, k, &n, &names));
    b->first[k] = place(p->names[k - 1], names, n);
    free((void *)names);
    CHECK(b->first[k] >= 0, ERR_FORMAT, "%s: %s has no '%s'", p->file, variable, p->names[k - 1]);
  }
  return ERR_OK;
}

/** values [n] of samples that are done. */
static err read_done(struct store *s, struct box *b, int64_t samples, double *values, int64_t *n)
{
  int status_var = 0;
  uint8_t status = 0;
  const bool wide = store_kind(s, b->var) == STORE_F64;
  TRY(store_find(s, "samples/status", &status_var));
  for (int64_t i = 0; i < samples; i++) {
    float narrow = 0.0F;
    TRY(store_read(s, status_var, i, 1, &status));
    if (status != SAMPLE_DONE) continue;
    b->first[0] = i;
    TRY(store_read_box(s, b->var, b->first, b->count,
                       wide ? (void *)&values[*n] : (void *)&narrow));
    if (!wide) values[*n] = (double)narrow;
    (*n)++;
  }
  return ERR_OK;
}

static err read_values(struct store *s, const struct report_pick *p, double **out, int64_t *n)
{
  char variable[1024];
  struct box b;
  int64_t samples = 0;
  TRY(resolve(s, p->variable, variable, sizeof variable));
  TRY(find_box(s, p, variable, &b, &samples));
  double *values = calloc((size_t)samples + 1, sizeof *values);
  CHECK(values, ERR_MEMORY, "no memory for %" PRId64 " values", samples);
  *n = 0;
  const err e = read_done(s, &b, samples, values, n);
  if (e) {
    free(values);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = values;
  return ERR_OK;
}

err report_values(const struct report *r, const struct report_pick *p, double **out, int64_t *n)
{
  struct store *s = NULL;
  TRY(open_file(r, p->file, &s));
  const err e = read_values(s, p, out, n);
  store_close(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err report_mean(const struct report *r, const struct report_pick *a, const struct report_pick *b,
                struct interval *out)
{
  const struct bootstrap how = {.seed = r->seed, .resamples = r->resamples, .level = 0.95};
  double *x = NULL, *y = NULL;
  int64_t n = 0, other = 0;
  err e = report_values(r, a, &x, &n);
  if (!e && b && b->file) e = report_values(r, b, &y, &other);
  if (!e && y && other != n)
    e = FAIL(ERR_FORMAT, "%s and %s have different samples", a->file, b->file);
  for (int64_t i = 0; !e && y && i < n; i++) x[i] -= y[i];
  if (!e) e = bootstrap_means(&how, x, n, 1, NULL, 1, out);
  free(x);
  free(y);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err report_axis(const struct report *r, const char *file, const char *variable, int axis,
                int64_t *n, char ***names)
{
  struct store *s = NULL;
  char resolved[1024];
  int var = 0;
  TRY(open_file(r, file, &s));
  err e = resolve(s, variable, resolved, sizeof resolved);
  if (!e) e = store_find(s, resolved, &var);
  if (!e) e = axis_names(s, resolved, var, axis + 1, n, names);
  store_close(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
