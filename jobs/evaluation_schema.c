/** @file
 *  The groups /values and /tables. */
#include "jobs/evaluation_schema.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const table_subset[TABLE_SUBSETS] = {"all", "difficult"};
const char *const table_average[TABLE_AVERAGES] = {"instance", "class", "median"};

static bool same_methods(const struct evaluation_layer *a, const struct evaluation_layer *b)
{
  return a->n_methods == b->n_methods &&
         !memcmp(a->method_at, b->method_at, (size_t)a->n_methods * sizeof *a->method_at);
}

/** Number of the set of methods of layer i, from 1 in order of first use. */
static int method_set(const struct evaluation *e, int i)
{
  int number = 0;
  for (int k = 0; k <= i; k++) {
    int before = 0;
    while (before < k && !same_methods(&e->layers[before], &e->layers[k])) before++;
    if (before == k) number++;
    if (same_methods(&e->layers[k], &e->layers[i])) return number;
  }
  return number;
}

static bool first_of_set(const struct evaluation *e, int i)
{
  for (int k = 0; k < i; k++)
    if (same_methods(&e->layers[k], &e->layers[i])) return false;
  return true;
}

static const char **metric_names(struct draft *d, const struct evaluation *e)
{
  const char **name = pool_take(d->pool, (size_t)e->n_metrics, sizeof *name);
  for (int k = 0; name && k < e->n_metrics; k++) name[k] = e->metrics[k]->name;
  return name;
}

static void add_values(const struct evaluation *e, int64_t first, struct draft *d)
{
  draft_dim(d, "values", "sample", e->n_samples, NULL, "Sample of the data set")->first = first;
  (void)draft_dim(d, "values", "target", e->n_targets, e->target,
                  "Target slot: whose logit is explained");
  for (int i = 0; i < e->n_layers; i++) {
    const struct evaluation_layer *l = &e->layers[i];
    if (!first_of_set(e, i)) continue;
    const char **name = pool_take(d->pool, (size_t)l->n_methods, sizeof *name);
    for (int k = 0; name && k < l->n_methods; k++) name[k] = e->method[l->method_at[k]];
    (void)draft_dim(d, "values", pool_text(d->pool, "method_%d", method_set(e, i)), l->n_methods,
                    name, "Method");
  }
  (void)draft_dim(d, "values", "metric", e->n_metrics, metric_names(d, e), "Metric of a map");
  (void)draft_var(d, "values/object", STORE_U8, "sample target", "1", NULL,
                  "Object of the target's class: 0 none, 1 there, 2 there and difficult");
  (void)draft_var(d, "values/object_share", STORE_F64, "sample target", "1", NULL,
                  "Share of the seen part of the image that the object covers");
  for (int i = 0; i < e->n_layers; i++) {
    const struct evaluation_layer *l = &e->layers[i];
    (void)draft_var(d, pool_text(d->pool, "values/%s", l->variable), STORE_F64,
                    pool_text(d->pool, "sample target %s metric",
                              pool_text(d->pool, "method_%d", method_set(e, i))),
                    "1", NULL, pool_text(d->pool, "Metrics of the maps at %s", l->name));
  }
}

static void add_metric_text(struct draft *d, const struct evaluation *e, const char *name,
                            const char *long_name, size_t field)
{
  const char **text = pool_take(d->pool, (size_t)e->n_metrics, sizeof *text);
  for (int k = 0; text && k < e->n_metrics; k++)
    memcpy(&text[k], (const char *)e->metrics[k] + field, sizeof *text);
  (void)draft_var(d, pool_text(d->pool, "tables/%s", name), STORE_TEXT, "metric", "1", text,
                  long_name);
}

static void add_table(struct draft *d, const char *name, enum store_type type,
                      const char *long_name)
{
  draft_var(d, pool_text(d->pool, "tables/%s", name), type,
            "layer subset average target method metric", "1", NULL, long_name)
      ->zero = true;
}

static void add_tables(const struct evaluation *e, struct draft *d)
{
  const char **layer = pool_take(d->pool, (size_t)e->n_layers, sizeof *layer);
  for (int i = 0; layer && i < e->n_layers; i++) layer[i] = e->layers[i].name;
  (void)draft_dim(d, "tables", "layer", e->n_layers, layer, "Tap: a value of the model's graph");
  (void)draft_dim(d, "tables", "subset", TABLE_SUBSETS, table_subset,
                  "Samples: all, or those whose object is difficult");
  (void)draft_dim(d, "tables", "average", TABLE_AVERAGES, table_average,
                  "Mean over instances, mean over classes of their means, median over instances");
  (void)draft_dim(d, "tables", "target", e->n_targets, e->target,
                  "Target slot: whose logit is explained");
  (void)draft_dim(d, "tables", "method", e->n_methods, e->method, "Method");
  (void)draft_dim(d, "tables", "metric", e->n_metrics, metric_names(d, e), "Metric of a map");
  add_table(d, "value", STORE_F64, "The average; NaN where no sample has a value");
  add_table(d, "low", STORE_F64, "Lower end of its bootstrap interval");
  add_table(d, "high", STORE_F64, "Upper end of its bootstrap interval");
  add_table(d, "n", STORE_I32, "Samples with a value; 0 everywhere until all are done");
  add_metric_text(d, e, "formula", "What the metric is", offsetof(struct metric, formula));
  add_metric_text(d, e, "range", "Its values", offsetof(struct metric, range));
  add_metric_text(d, e, "better", "Which values are better", offsetof(struct metric, better));
  add_metric_text(d, e, "ties", "Equal values, and when it is NaN", offsetof(struct metric, ties));
  add_metric_text(d, e, "source", "Where the metric is from", offsetof(struct metric, source));
}

void evaluation_schema_add(const struct evaluation *e, int64_t first, struct draft *d)
{
  add_values(e, first, d);
  add_tables(e, d);
}

err evaluation_vars_find(const struct evaluation *e, struct store *f, struct evaluation_vars *out)
{
  struct evaluation_vars v = {0};
  TRY(store_find(f, "values/object", &v.there));
  TRY(store_find(f, "values/object_share", &v.share));
  TRY(store_find(f, "tables/value", &v.value));
  TRY(store_find(f, "tables/low", &v.low));
  TRY(store_find(f, "tables/high", &v.high));
  TRY(store_find(f, "tables/n", &v.n));
  v.values = calloc((size_t)e->n_layers, sizeof *v.values);
  CHECK(v.values, ERR_MEMORY, "no memory for %d layers", e->n_layers);
  for (int i = 0; i < e->n_layers; i++) {
    char path[1024];
    (void)snprintf(path, sizeof path, "values/%s", e->layers[i].variable);
    const err x = store_find(f, path, &v.values[i]);
    if (x) {
      evaluation_vars_free(&v);
      return err_trace(x, __FILE__, __LINE__);
    }
  }
  *out = v;
  return ERR_OK;
}

void evaluation_vars_free(struct evaluation_vars *v)
{
  free(v->values);
  v->values = NULL;
}

err evaluation_config(const struct evaluation *e, char **json)
{
  json_t *names = json_array();
  for (int k = 0; k < e->n_metrics; k++)
    (void)json_array_append_new(names, json_string(e->metrics[k]->name));
  json_t *c = json_pack("{s:o, s:i, s:f, s:i, s:i, s:f, s:I, s:s}", "metrics", names, "tolerance",
                        e->tolerance, "smooth", e->smooth, "step", e->step, "resamples",
                        e->bootstrap.resamples, "level", e->bootstrap.level, "bootstrap_seed",
                        (json_int_t)e->bootstrap.seed, "objects_sha256", e->objects_sha256);
  *json = c ? json_dumps(c, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(c);
  CHECK(*json, ERR_MEMORY, "no memory for the configuration");
  return ERR_OK;
}
