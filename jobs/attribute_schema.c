/** @file
 *  Groups and attributes of the file; /samples is in attribute_samples.c, /maps in attribute_maps.c. */
#include "core/product.h"
#include "io/versions.h"
#include "jobs/attribute_completeness.h"
#include "jobs/attribute_config.h"
#include "jobs/attribute_maps.h"
#include "jobs/attribute_marks.h"
#include "jobs/attribute_schema_impl.h"
#include "jobs/evaluation_schema.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const axis_shape[] = {"channels", "height", "width"};

/** Which part of the data set the file is about. */
static void add_shard(struct attribute_schema *a)
{
  const struct setup *s = a->setup;
  draft_text(a->draft, "shard", pool_text(a->draft->pool, "%d/%d", s->shard, s->n_shards));
  draft_number(a->draft, "first_sample", s->first);
  draft_number(a->draft, "n_samples", dataset_count(s->data));
}

void attribute_schema_root(struct attribute_schema *a, const struct options *o, const char *title,
                           const char *job, const char *config)
{
  const struct setup *s = a->setup;
  draft_root(a->draft, title, job);
  if (s->n_shards) add_shard(a);
  draft_text(a->draft, "model_sha256", s->model_sha256);
  if (s->weights_sha256) draft_text(a->draft, "weights_sha256", s->weights_sha256);
  draft_text(a->draft, "config", pool_text(a->draft->pool, "%s", config));
  draft_text(a->draft, "data_sha256", dataset_sha256(s->data));
  draft_text(a->draft, "kernel_family", pool_text(a->draft->pool, "%s", product_family()));
  draft_text(a->draft, "libraries", pool_text(a->draft->pool, "%s", versions_text()));
  draft_text(a->draft, "model", s->model_path);
  draft_text(a->draft, "data", s->data_path);
  if (options_text(o, "view"))
    draft_text(a->draft, "view", pool_text(a->draft->pool, "%s", options_text(o, "view")));
  draft_number(a->draft, "unit", s->unit);
  draft_number(a->draft, "n_units", attribute_schema_units(a));
  draft_number(a->draft, "classes", s->graph->classes);
}

int64_t attribute_schema_units(const struct attribute_schema *a)
{
  return (a->setup->count + a->setup->unit - 1) / a->setup->unit;
}

void attribute_schema_passes(struct attribute_schema *a, int64_t forward, int64_t backward)
{
  draft_number(a->draft, "n_forward", forward);
  draft_number(a->draft, "n_backward", backward);
}

/** What determines the numbers, and what the numbers are about. */
static err add_root(struct attribute_schema *a, const struct options *o)
{
  const int64_t units = attribute_schema_units(a);
  char *config = NULL;
  TRY(attribute_config(a->setup, o, &config));
  attribute_schema_root(a, o, "Saliency maps of a data set", "attribute", config);
  attribute_schema_passes(a, units * a->setup->plan->n_forward, units * a->setup->plan->n_backward);
  free(config);
  return ERR_OK;
}

void attribute_schema_layers(struct attribute_schema *a)
{
  const struct plan *p = a->setup->plan;
  const size_t n = (size_t)p->n_places;
  const char **name = pool_take(a->draft->pool, n, sizeof *name),
             **op = pool_take(a->draft->pool, n, sizeof *op);
  int32_t *shape = pool_take(a->draft->pool, 3 * n, sizeof *shape),
          *index = pool_take(a->draft->pool, n, sizeof *index);
  if (!name || !op || !shape || !index || !a->variables) return;
  for (size_t i = 0; i < n; i++) {
    const struct plan_tap *t = plan_place(p, (int)i);
    name[i] = plan_place_name(p, (int)i);
    op[i] = plan_place_op(p, (int)i);
    index[i] = t->tap;
    shape[3 * i] = t->channels;
    shape[3 * i + 1] = t->height;
    shape[3 * i + 2] = t->width;
  }
  (void)draft_dim(a->draft, "layers", "layer", p->n_places, name,
                  "Tap: a value of the model's graph");
  (void)draft_dim(a->draft, "layers", "axis_shape", 3, axis_shape, "Channels, height and width");
  (void)draft_var(a->draft, "layers/operator", STORE_TEXT, "layer", "1", op,
                  "Operator that makes the value");
  (void)draft_var(a->draft, "layers/shape", STORE_I32, "layer axis_shape", "1", shape,
                  "Shape of the value for one sample");
  (void)draft_var(a->draft, "layers/index", STORE_I32, "layer", "1", index,
                  "Index of the tap in the model");
  (void)draft_var(a->draft, "layers/variable", STORE_TEXT, "layer", "1", a->variables,
                  "Name of the tap's variable");
}

static void add_method_text(struct attribute_schema *a, const char *name, const char *long_name,
                            const char *const *text)
{
  (void)draft_var(a->draft, pool_text(a->draft->pool, "methods/%s", name), STORE_TEXT, "method",
                  "1", text, long_name);
}

void attribute_schema_methods(struct attribute_schema *a)
{
  const struct setup *s = a->setup;
  const size_t n = (size_t)s->n_methods;
  const char **name = pool_take(a->draft->pool, n, sizeof *name);
  const char **canonical = pool_take(a->draft->pool, n, sizeof *canonical);
  const char **formula = pool_take(a->draft->pool, n, sizeof *formula);
  const char **source = pool_take(a->draft->pool, n, sizeof *source);
  const char **rule = pool_take(a->draft->pool, n, sizeof *rule);
  if (!name || !canonical || !formula || !source || !rule) return;
  for (size_t i = 0; i < n; i++) {
    name[i] = s->methods[i].given;
    canonical[i] = s->methods[i].canonical;
    formula[i] = s->methods[i].formula;
    source[i] = s->methods[i].source;
    rule[i] = s->methods[i].rule.with.text;
  }
  (void)draft_dim(a->draft, "methods", "method", s->n_methods, name,
                  "Method, named as it was asked for");
  add_method_text(a, "canonical", "rule/extract/aggregate", canonical);
  add_method_text(a, "formula", "What a map holds at position u", formula);
  add_method_text(a, "source", "Where the method is from", source);
  add_method_text(a, "rule", "How the signal was carried back", rule);
}

void attribute_schema_checks(struct attribute_schema *a)
{
  draft_checks(a->draft, a->setup->count, a->setup->first, "Sample of the data set", "sample");
}

void attribute_schema_names(struct attribute_schema *a)
{
  const struct plan *p = a->setup->plan;
  a->variables = pool_take(a->draft->pool, (size_t)p->n_places, sizeof *a->variables);
  if (a->variables) attribute_maps_names(a->draft->pool, p, a->variables);
}

static err fill(struct attribute_schema *a, const struct options *o)
{
  const struct evaluation *evaluation = a->setup->evaluation;
  attribute_schema_names(a);
  TRY(draft_end(a->draft));
  TRY(add_root(a, o));
  attribute_schema_samples(a);
  attribute_maps_dims(a->draft, a->setup, a->slots);
  attribute_schema_layers(a);
  attribute_schema_methods(a);
  attribute_maps_vars(a->draft, a->setup, a->variables);
  attribute_marks_schema(a->draft, a->setup, a->slots);
  attribute_completeness_schema(a->draft, a->setup, a->slots);
  if (evaluation) evaluation_schema_add(evaluation, a->setup->first, a->draft);
  attribute_schema_checks(a);
  return draft_end(a->draft);
}

struct attribute_schema *attribute_schema_begin(size_t bytes, const struct setup *s)
{
  struct draft *d = NULL;
  if (draft_make(&d)) return NULL;
  struct attribute_schema *a = pool_take(d->pool, 1, bytes);
  if (!a) {
    draft_free(&d);
    return NULL;
  }
  a->draft = d;
  a->setup = s;
  return a;
}

err attribute_schema_make(const struct setup *s, const struct options *o,
                          struct attribute_schema **out)
{
  struct attribute_schema *a = attribute_schema_begin(sizeof *a, s);
  CHECK(a, ERR_MEMORY, "no memory to describe the file");
  const err e = fill(a, o);
  if (e) {
    attribute_schema_free(&a);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = a;
  return ERR_OK;
}

void attribute_schema_free(struct attribute_schema **a)
{
  if (!*a) return;
  struct draft *d = (*a)->draft; /* whose pool holds the schema itself */
  draft_free(&d);
  *a = NULL;
}

const struct store_schema *attribute_schema_of(const struct attribute_schema *a)
{
  return &a->draft->schema;
}

const char *attribute_schema_variable(const struct attribute_schema *a, int i)
{
  return a->variables[i];
}
