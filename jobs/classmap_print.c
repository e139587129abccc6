/** @file
 *  What a study of class maps came to, as a table. */
#include "jobs/classmap_summary.h"
#include "jobs/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 18, MOST_CLASSES = 40 };

/** A whole variable; new, the caller frees. */
static err read_all(struct store *s, const char *path, void **out)
{
  int var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS];
  TRY(store_find(s, path, &var));
  store_extent(s, var, &n_dims, dims);
  *out = malloc((size_t)(dims[0] * store_row_bytes(s, var)));
  CHECK(*out, ERR_MEMORY, "no memory for %s", path);
  const err e = store_read(s, var, 0, dims[0], *out);
  if (!e) return ERR_OK;
  free(*out);
  *out = NULL;
  return err_trace(e, __FILE__, __LINE__);
}

static void print_check(const struct classmap_check_about *a, double worst, int passed, int of)
{
  if (!of) {
    (void)printf("  --    %-13s left out\n", a->name);
    return;
  }
  (void)printf("  %-5s %-13s %d of %d classes; worst %.3f; %s %g\n", passed == of ? "ok" : "FAIL",
               a->name, passed, of, worst, a->about, a->threshold);
}

static err print_checks(struct store *s)
{
  double worst[CLASSMAP_CHECKS] = {0.0};
  int32_t passed[CLASSMAP_CHECKS] = {0}, of[CLASSMAP_CHECKS] = {0};
  int var = 0;
  TRY(store_find(s, "summary/worst", &var));
  TRY(store_read(s, var, 0, CLASSMAP_CHECKS, worst));
  TRY(store_find(s, "summary/passed", &var));
  TRY(store_read(s, var, 0, CLASSMAP_CHECKS, passed));
  TRY(store_find(s, "summary/of", &var));
  TRY(store_read(s, var, 0, CLASSMAP_CHECKS, of));
  for (int k = 0; k < CLASSMAP_CHECKS; k++)
    print_check(&classmap_check_all[k], worst[k], passed[k], of[k]);
  return ERR_OK;
}

/** One column of the table: a variable of /samples or /summary. */
struct column {
  const char *heading, *path;
  int stride, offset; /* value of class k: k stride + offset */
  float *values;
};

static err print_classes(const struct classmap *c, struct store *s)
{
  struct column columns[] = {
      {"base rate", "samples/base_rate", 1, 0, NULL},
      {"rate", "samples/rate", CLASSMAP_FACTORS, CLASSMAP_WHOLE, NULL},
      {"refined", "samples/refined_rate", CLASSMAP_FACTORS, CLASSMAP_WHOLE, NULL},
      {"own gain", "summary/gain", c->n_classes + 1, 0, NULL},
      {"margin", "summary/margin", 1, 0, NULL},
      {"halves", "summary/halves_cosine", 1, 0, NULL}};
  enum { COLUMNS = sizeof columns / sizeof *columns };
  int64_t n = 0;
  char **name = NULL;
  err e = store_read_text(s, "summary/map_class", &n, &name);
  for (int k = 0; k < COLUMNS && !e; k++)
    e = read_all(s, columns[k].path, (void **)&columns[k].values);
  if (!e) (void)printf("  %-*s", NAME, "class");
  for (int k = 0; k < COLUMNS && !e; k++) (void)printf(" %9s", columns[k].heading);
  if (!e) (void)printf("\n");
  for (int i = 0; i < c->n_classes && i < MOST_CLASSES && !e; i++) {
    (void)printf("  ");
    print_cell(name[i], NAME);
    for (int k = 0; k < COLUMNS; k++) {
      (void)printf(" %9.3f",
                   (double)columns[k].values[(int64_t)i * columns[k].stride + columns[k].offset]);
    }
    (void)printf("\n");
  }
  if (!e && c->n_classes > MOST_CLASSES)
    (void)printf("  and %d more\n", c->n_classes - MOST_CLASSES);
  for (int k = 0; k < COLUMNS; k++) free(columns[k].values);
  free((void *)name);
  return e;
}

err classmap_summary_print(const struct classmap *c, struct store *s)
{
  TRY(print_classes(c, s));
  TRY(print_checks(s));
  return ERR_OK;
}
