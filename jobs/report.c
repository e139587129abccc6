/** @file
 *  Numbers picked from the files of a study. */
#include "io/dataset.h"
#include "jobs/report_impl.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 4096, FILES = 8 };

void report_say(const struct report *r, const char *fmt, ...)
{
  va_list args;
  va_start(args, fmt);
  /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started one line above */
  (void)vfprintf(r->page, fmt, args);
  va_end(args);
}

void report_figure(const struct report *r, const char *stem, const char *caption)
{
  report_say(r, "\n![%s](%s.png)\n\n*%s* ([SVG](%s.svg))\n", caption, stem, caption, stem);
}

struct report_files {
  int n;
  char *name[FILES];
  struct store *store[FILES];
};

err report_begin(struct report *r)
{
  r->files = calloc(1, sizeof *r->files);
  CHECK(r->files, ERR_MEMORY, "no memory for the files of a page");
  return ERR_OK;
}

void report_close(struct report *r)
{
  for (int i = 0; r->files && i < r->files->n; i++) {
    store_close(&r->files->store[i]);
    free(r->files->name[i]);
  }
  free(r->files);
  r->files = NULL;
}

err report_open(const struct report *r, const char *file, struct store **out)
{
  struct report_files *f = r->files;
  char path[PATH];
  for (int i = 0; i < f->n; i++) {
    *out = f->store[i];
    if (!strcmp(f->name[i], file)) return ERR_OK;
  }
  CHECK(f->n < FILES, ERR_SHAPE, "a page is of at most %d files", FILES);
  (void)snprintf(path, sizeof path, "%s/%s", r->folder, file);
  f->name[f->n] = strdup(file);
  CHECK(f->name[f->n], ERR_MEMORY, "no memory for a name");
  const err e = store_open_read(path, out);
  if (e) {
    free(f->name[f->n]);
    return err_trace(e, __FILE__, __LINE__);
  }
  f->store[f->n++] = *out;
  return ERR_OK;
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

static bool is_sample(struct store *s, int var)
{
  char name[128];
  const err e = store_dim_name(s, var, 0, name, sizeof name);
  return !e && !strcmp(name, "sample");
}

/** How the columns of the last dimension come to one value. */
enum fold { FOLD_ONE, FOLD_OWN, FOLD_OTHERS, FOLD_MOST, FOLD_LEAST };

static enum fold fold_of(const char *name)
{
  static const char *const words[] = {[FOLD_OWN] = "#own",
                                      [FOLD_OTHERS] = "#others",
                                      [FOLD_MOST] = "#most",
                                      [FOLD_LEAST] = "#least"};
  for (int k = FOLD_OWN; name && k <= FOLD_LEAST; k++)
    if (!strcmp(name, words[k])) return (enum fold)k;
  return FOLD_ONE;
}

/** Box of one row. */
struct box {
  int var, n_dims;
  int64_t each; /* values of a row */
  enum fold fold;
  bool absolute;
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
  b->each = 1;
  b->fold = b->n_dims == 2 ? fold_of(p->names[0]) : FOLD_ONE;
  if (b->fold) b->count[1] = dims[1];
  for (int k = 1; k < b->n_dims && !b->fold; k++) {
    char **names = NULL;
    int64_t n = 0;
    if (p->names[k - 1] && !strcmp(p->names[k - 1], "#each")) {
      b->count[k] = b->each = dims[k];
      continue;
    }
    TRY(axis_names(s, variable, b->var, k, &n, &names));
    b->first[k] = place(p->names[k - 1], names, n);
    free((void *)names);
    CHECK(b->first[k] >= 0, ERR_FORMAT, "%s: %s has no '%s'", p->file, variable, p->names[k - 1]);
  }
  return ERR_OK;
}

/** One value of whatever type. */
static double number_at(enum store_type kind, const void *values, int64_t i)
{
  if (kind == STORE_F64) return ((const double *)values)[i];
  if (kind == STORE_F32) return (double)((const float *)values)[i];
  if (kind == STORE_I32) return (double)((const int32_t *)values)[i];
  return (double)((const uint8_t *)values)[i];
}

static double value_at(const struct box *b, enum store_type kind, const void *values, int64_t i)
{
  const double x = number_at(kind, values, i);
  return b->absolute ? fabs(x) : x;
}

/** The columns of row i as one value; NaN where a column that counts is. */
static double folded(const struct box *b, enum store_type kind, const void *values, int64_t i)
{
  double out = NAN;
  for (int64_t k = 0; k < b->count[1]; k++) {
    const double x = value_at(b, kind, values, k);
    if (b->fold == FOLD_OWN ? k != i : b->fold == FOLD_OTHERS && k == i) continue;
    if (isnan(x)) return NAN;
    if (isnan(out) || (b->fold == FOLD_LEAST ? x < out : x > out)) out = x;
  }
  return out;
}

/** The values of row i. */
static void put_row(const struct box *b, enum store_type kind, const void *row, int64_t i,
                    double *out)
{
  for (int64_t k = 0; k < b->each; k++)
    out[k] = b->fold ? folded(b, kind, row, i) : value_at(b, kind, row, k);
}

/** values [n][each] of the rows [from, until) that are done. */
static err read_done(struct store *s, struct box *b, int64_t from, int64_t until, double *values,
                     int64_t *n)
{
  const enum store_type kind = store_kind(s, b->var);
  const bool of_samples = is_sample(s, b->var);
  int status_var = 0;
  uint8_t status = SAMPLE_DONE;
  CHECK(kind == STORE_F64 || kind == STORE_F32 || kind == STORE_I32 || kind == STORE_U8, ERR_FORMAT,
        "a variable has no numbers that can be averaged");
  if (of_samples) TRY(store_find(s, "samples/status", &status_var));
  double *row = calloc((size_t)(b->fold ? b->count[1] : b->each), sizeof *row);
  CHECK(row, ERR_MEMORY, "no memory for a row");
  err e = ERR_OK;
  for (int64_t i = from; !e && i < until; i++) {
    if (of_samples) e = store_read(s, status_var, i, 1, &status);
    if (e || status != SAMPLE_DONE) continue;
    b->first[0] = i;
    e = store_read_box(s, b->var, b->first, b->count, row);
    if (!e) put_row(b, kind, row, i, values + (*n)++ * b->each);
  }
  free(row);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** A variable as a pick names it, in its parts. */
struct wanted {
  char variable[1024], row[128];
  bool absolute;
};

static void take_apart(const char *text, struct wanted *w)
{
  w->absolute = text[0] == '|';
  const char *name = text + w->absolute;
  const size_t n = strcspn(name, "[|"), skip = name[n] == '[' ? n + 1 : n;
  (void)snprintf(w->variable, sizeof w->variable, "%.*s", (int)n, name);
  (void)snprintf(w->row, sizeof w->row, "%.*s", (int)strcspn(name + skip, "]|"), name + skip);
}

/** The row that is asked for: [*from, *until). */
static err choose_row(struct store *s, const struct report_pick *p, const struct wanted *w, int var,
                      int64_t *from, int64_t *until)
{
  char **names = NULL;
  int64_t n = 0;
  if (!w->row[0]) return ERR_OK;
  TRY(axis_names(s, w->variable, var, 0, &n, &names));
  *from = place(w->row, names, n);
  *until = *from + 1;
  free((void *)names);
  CHECK(*from >= 0, ERR_FORMAT, "%s: %s has no '%s'", p->file, w->variable, w->row);
  return ERR_OK;
}

static err read_values(struct store *s, const struct report_pick *p, double **out, int64_t *n,
                       int64_t *each)
{
  char variable[1024];
  struct wanted w;
  struct box b = {0};
  int64_t samples = 0, from = 0;
  take_apart(p->variable, &w);
  TRY(resolve(s, w.variable, variable, sizeof variable));
  TRY(find_box(s, p, variable, &b, &samples));
  b.absolute = w.absolute;
  TRY(choose_row(s, p, &w, b.var, &from, &samples));
  double *values = calloc((size_t)(samples * b.each) + 1, sizeof *values);
  CHECK(values, ERR_MEMORY, "no memory for %" PRId64 " values", samples * b.each);
  *n = 0;
  const err e = read_done(s, &b, from, samples, values, n);
  if (e) {
    free(values);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = values;
  *each = b.each;
  return ERR_OK;
}

err report_pick_values(const struct report *r, const struct report_pick *p, double **out,
                       int64_t *n, int64_t *each)
{
  struct store *s = NULL;
  TRY(report_open(r, p->file, &s));
  TRY(read_values(s, p, out, n, each));
  return ERR_OK;
}

err report_axis(const struct report *r, const char *file, const char *variable, int axis,
                int64_t *n, char ***names)
{
  struct store *s = NULL;
  char resolved[1024];
  int var = 0;
  TRY(report_open(r, file, &s));
  TRY(resolve(s, variable, resolved, sizeof resolved));
  TRY(store_find(s, resolved, &var));
  TRY(axis_names(s, resolved, var, axis + 1, n, names));
  return ERR_OK;
}
