/** @file
 *  Tables as CSV, RFC 4180. */
#include "jobs/evaluation_schema.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** A field: quoted where it holds what separates. */
static void put_text(FILE *f, const char *text)
{
  const bool plain = !text[strcspn(text, ",\"\r\n")];
  if (!plain) (void)fputc('"', f);
  for (; *text; text++) {
    if (*text == '"') (void)fputc('"', f);
    (void)fputc(*text, f);
  }
  if (!plain) (void)fputc('"', f);
}

/** A number that reads back as it is; nothing for NaN. */
static void put_number(FILE *f, double v)
{
  (void)fputc(',', f);
  if (!isnan(v)) (void)fprintf(f, "%.17g", v);
}

struct lines {
  const struct evaluation *e;
  FILE *f;
  double *value, *low, *high; /* one row of the tables */
  int32_t *n;
};

/** The lines of one layer; cells without a value have none. */
static void put_layer(struct lines *t, int layer)
{
  const struct evaluation *e = t->e;
  const int64_t cells = (int64_t)e->n_targets * e->n_methods * e->n_metrics;
  const int64_t all = cells * TABLE_SUBSETS * TABLE_AVERAGES;
  for (int64_t i = 0; i < all; i++) {
    if (!t->n[i]) continue;
    const int64_t metric = i % e->n_metrics, method = i / e->n_metrics % e->n_methods;
    const int64_t target = i / e->n_metrics / e->n_methods % e->n_targets, which = i / cells;
    put_text(t->f, e->layers[layer].name);
    (void)fputc(',', t->f);
    put_text(t->f, e->method[method]);
    (void)fputc(',', t->f);
    put_text(t->f, e->target[target]);
    (void)fprintf(t->f, ",%s,%s,%s", e->metrics[metric]->name, table_subset[which / TABLE_AVERAGES],
                  table_average[which % TABLE_AVERAGES]);
    put_number(t->f, t->value[i]);
    put_number(t->f, t->low[i]);
    put_number(t->f, t->high[i]);
    (void)fprintf(t->f, ",%d\r\n", (int)t->n[i]);
  }
}

static err put_lines(struct lines *t, const char *study)
{
  struct store *s = NULL;
  struct evaluation_vars v = {0};
  TRY(store_open_read(study, &s));
  err e = evaluation_vars_find(t->e, s, &v);
  (void)fputs("layer,method,target,metric,subset,average,value,low,high,n\r\n", t->f);
  for (int i = 0; i < t->e->n_layers && !e; i++) {
    e = store_read(s, v.value, i, 1, t->value);
    if (!e) e = store_read(s, v.low, i, 1, t->low);
    if (!e) e = store_read(s, v.high, i, 1, t->high);
    if (!e) e = store_read(s, v.n, i, 1, t->n);
    if (!e) put_layer(t, i);
  }
  evaluation_vars_free(&v);
  store_close(&s);
  return e;
}

/** Write all lines to a file that has its name when it is whole and on the disk. */
static err put_file(struct lines *t, const char *study, const char *temporary, const char *path)
{
  t->f = fopen(temporary, "wb");
  CHECK(t->f, ERR_IO, "cannot write %s: %s", temporary, strerror(errno));
  err e = put_lines(t, study);
  const bool whole = !ferror(t->f) && fflush(t->f) == 0 && fsync(fileno(t->f)) == 0;
  if ((fclose(t->f) != 0 || !whole) && !e)
    e = FAIL(ERR_IO, "cannot write %s: %s", path, strerror(errno));
  if (!e && rename(temporary, path) != 0)
    e = FAIL(ERR_IO, "cannot write %s: %s", path, strerror(errno));
  if (e) (void)unlink(temporary);
  return e;
}

err evaluation_csv(const struct evaluation *e, const char *study, const char *path)
{
  const size_t n = (size_t)TABLE_SUBSETS * TABLE_AVERAGES * (size_t)e->n_targets *
                   (size_t)e->n_methods * (size_t)e->n_metrics;
  struct lines t = {.e = e,
                    .value = malloc(n * sizeof *t.value),
                    .low = malloc(n * sizeof *t.low),
                    .high = malloc(n * sizeof *t.high),
                    .n = malloc(n * sizeof *t.n)};
  const char *temporary = pool_text(e->pool, "%s.tmp", path);
  err x = t.value && t.low && t.high && t.n ? put_file(&t, study, temporary, path)
                                            : FAIL(ERR_MEMORY, "no memory for tables");
  free(t.value);
  free(t.low);
  free(t.high);
  free(t.n);
  if (x) return err_trace(x, __FILE__, __LINE__);
  return ERR_OK;
}
