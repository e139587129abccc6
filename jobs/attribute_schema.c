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

static void add_text(struct attribute_schema *a, const char *name, const char *text)
{
  a->attrs[a->schema.n_attrs++] =
      (struct store_attr){.name = name, .type = STORE_TEXT, .text = text};
}

static void add_number(struct attribute_schema *a, const char *name, int64_t value)
{
  int64_t *v = pool_take(a->pool, 1, sizeof *v);
  if (!v) return;
  *v = value;
  a->attrs[a->schema.n_attrs++] =
      (struct store_attr){.name = name, .type = STORE_I64, .n = 1, .i64 = v};
}

void attribute_schema_dim(struct attribute_schema *a, const char *group, const char *name,
                          int64_t size, const char *const *text, const char *long_name)
{
  a->dims[a->schema.n_dims++] = (struct store_dim){
      .group = group, .name = name, .size = size, .text = text, .long_name = long_name};
}

void attribute_schema_var(struct attribute_schema *a, const struct store_var *v)
{
  a->vars[a->schema.n_vars++] = *v;
}

/** Which part of the data set the file is about. */
static void add_shard(struct attribute_schema *a)
{
  const struct setup *s = a->setup;
  add_text(a, "shard", pool_text(a->pool, "%d/%d", s->shard, s->n_shards));
  add_number(a, "first_sample", s->first);
  add_number(a, "n_samples", dataset_count(s->data));
}

void attribute_schema_root(struct attribute_schema *a, const struct options *o, const char *title,
                           const char *job, const char *config)
{
  const struct setup *s = a->setup;
  add_text(a, "title", title);
  add_text(a, "software", "retrograd");
  add_text(a, "software_version", RETROGRAD_VERSION);
  add_number(a, "schema_version", STORE_SCHEMA_VERSION);
  add_text(a, "job", job);
  if (s->n_shards) add_shard(a);
  add_text(a, "model_sha256", s->model_sha256);
  if (s->weights_sha256) add_text(a, "weights_sha256", s->weights_sha256);
  add_text(a, "config", pool_text(a->pool, "%s", config));
  add_text(a, "data_sha256", dataset_sha256(s->data));
  add_text(a, "kernel_family", pool_text(a->pool, "%s", product_family()));
  add_text(a, "libraries", pool_text(a->pool, "%s", versions_text()));
  add_text(a, "model", s->model_path);
  add_text(a, "data", s->data_path);
  if (options_text(o, "view"))
    add_text(a, "view", pool_text(a->pool, "%s", options_text(o, "view")));
  add_number(a, "unit", s->unit);
  add_number(a, "n_units", attribute_schema_units(a));
  add_number(a, "classes", s->graph->classes);
}

int64_t attribute_schema_units(const struct attribute_schema *a)
{
  return (a->setup->count + a->setup->unit - 1) / a->setup->unit;
}

void attribute_schema_passes(struct attribute_schema *a, int64_t forward, int64_t backward)
{
  add_number(a, "n_forward", forward);
  add_number(a, "n_backward", backward);
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
  const char **name = pool_take(a->pool, n, sizeof *name), **op = pool_take(a->pool, n, sizeof *op);
  int32_t *shape = pool_take(a->pool, 3 * n, sizeof *shape),
          *index = pool_take(a->pool, n, sizeof *index);
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
  attribute_schema_dim(a, "layers", "layer", p->n_places, name,
                       "Tap: a value of the model's graph");
  attribute_schema_dim(a, "layers", "axis_shape", 3, axis_shape, "Channels, height and width");
  attribute_schema_var(a, &(struct store_var){.group = "layers",
                                              .name = "operator",
                                              .type = STORE_TEXT,
                                              .n_dims = 1,
                                              .dims = {"layer"},
                                              .units = "1",
                                              .data = op,
                                              .long_name = "Operator that makes the value"});
  attribute_schema_var(a, &(struct store_var){.group = "layers",
                                              .name = "shape",
                                              .type = STORE_I32,
                                              .n_dims = 2,
                                              .dims = {"layer", "axis_shape"},
                                              .units = "1",
                                              .data = shape,
                                              .long_name = "Shape of the value for one sample"});
  attribute_schema_var(a, &(struct store_var){.group = "layers",
                                              .name = "index",
                                              .type = STORE_I32,
                                              .n_dims = 1,
                                              .dims = {"layer"},
                                              .units = "1",
                                              .data = index,
                                              .long_name = "Index of the tap in the model"});
  attribute_schema_var(a, &(struct store_var){.group = "layers",
                                              .name = "variable",
                                              .type = STORE_TEXT,
                                              .n_dims = 1,
                                              .dims = {"layer"},
                                              .units = "1",
                                              .data = a->variables,
                                              .long_name = "Name of the tap's variable"});
}

static void add_method_text(struct attribute_schema *a, const char *name, const char *long_name,
                            const char *const *text)
{
  attribute_schema_var(a, &(struct store_var){.group = "methods",
                                              .name = name,
                                              .type = STORE_TEXT,
                                              .n_dims = 1,
                                              .dims = {"method"},
                                              .units = "1",
                                              .data = text,
                                              .long_name = long_name});
}

void attribute_schema_methods(struct attribute_schema *a)
{
  const struct setup *s = a->setup;
  const size_t n = (size_t)s->n_methods;
  const char **name = pool_take(a->pool, n, sizeof *name);
  const char **canonical = pool_take(a->pool, n, sizeof *canonical);
  const char **formula = pool_take(a->pool, n, sizeof *formula);
  const char **source = pool_take(a->pool, n, sizeof *source);
  const char **rule = pool_take(a->pool, n, sizeof *rule);
  if (!name || !canonical || !formula || !source || !rule) return;
  for (size_t i = 0; i < n; i++) {
    name[i] = s->methods[i].given;
    canonical[i] = s->methods[i].canonical;
    formula[i] = s->methods[i].formula;
    source[i] = s->methods[i].source;
    rule[i] = s->methods[i].rule.with.text;
  }
  attribute_schema_dim(a, "methods", "method", s->n_methods, name,
                       "Method, named as it was asked for");
  add_method_text(a, "canonical", "rule/extract/aggregate", canonical);
  add_method_text(a, "formula", "What a map holds at position u", formula);
  add_method_text(a, "source", "Where the method is from", source);
  add_method_text(a, "rule", "How the signal was carried back", rule);
}

void attribute_schema_checks(struct attribute_schema *a)
{
  const char **name = pool_take(a->pool, (size_t)a->schema.n_vars, sizeof *name);
  int n = 0;
  for (int i = 0; name && i < a->schema.n_vars; i++) {
    const struct store_var *v = &a->vars[i];
    if (!v->data && !strcmp(v->dims[0], "sample"))
      name[n++] = pool_text(a->pool, "%s/%s", v->group, v->name);
  }
  a->dims[a->schema.n_dims++] = attribute_maps_samples("checks", a->setup);
  attribute_schema_dim(a, "checks", "variable", n, name,
                       "Variable of this file with a row for each sample");
  attribute_schema_var(
      a, &(struct store_var){.group = "checks",
                             .name = "crc32",
                             .type = STORE_U32,
                             .n_dims = 2,
                             .dims = {"sample", "variable"},
                             .units = "1",
                             .long_name = "CRC-32 of the sample's row of the variable"});
}

static err fill(struct attribute_schema *a, const struct options *o)
{
  const size_t taps = (size_t)a->setup->plan->n_places;
  const struct evaluation *evaluation = a->setup->evaluation;
  const size_t dims = evaluation ? (size_t)evaluation_schema_dims(evaluation) : 0;
  const size_t vars = evaluation ? (size_t)evaluation_schema_vars(evaluation) : 0;
  a->attrs = pool_take(a->pool, ATTRIBUTE_SCHEMA_ATTRS, sizeof *a->attrs);
  a->dims = pool_take(a->pool,
                      ATTRIBUTE_SCHEMA_DIMS + ATTRIBUTE_MARKS_DIMS + ATTRIBUTE_COMPLETENESS_DIMS +
                          4 * taps + dims,
                      sizeof *a->dims);
  a->vars = pool_take(a->pool,
                      ATTRIBUTE_SCHEMA_VARS + ATTRIBUTE_MARKS_VARS + ATTRIBUTE_COMPLETENESS_VARS +
                          taps + vars,
                      sizeof *a->vars);
  a->variables = pool_take(a->pool, taps, sizeof *a->variables);
  CHECK(!pool_failed(a->pool), ERR_MEMORY, "no memory to describe the file");
  attribute_maps_names(a->pool, a->setup->plan, a->variables);
  TRY(add_root(a, o));
  attribute_schema_samples(a);
  attribute_maps_dims(a->pool, a->setup, a->slots, a->dims, &a->schema.n_dims);
  attribute_schema_layers(a);
  attribute_schema_methods(a);
  attribute_maps_vars(a->pool, a->setup, a->variables, a->vars, &a->schema.n_vars);
  attribute_marks_schema(a->pool, a->setup, a->slots, &a->schema, a->dims, a->vars);
  attribute_completeness_schema(a->pool, a->setup, a->slots, &a->schema, a->dims, a->vars);
  if (evaluation) evaluation_schema_add(evaluation, a->setup->first, &a->schema, a->dims, a->vars);
  attribute_schema_checks(a);
  a->schema.attrs = a->attrs;
  a->schema.dims = a->dims;
  a->schema.vars = a->vars;
  CHECK(!pool_failed(a->pool), ERR_MEMORY, "no memory to describe the file");
  return ERR_OK;
}

err attribute_schema_make(const struct setup *s, const struct options *o,
                          struct attribute_schema **out)
{
  struct pool *pool = pool_make();
  struct attribute_schema *a = pool ? pool_take(pool, 1, sizeof *a) : NULL;
  err e = a ? ERR_OK : FAIL(ERR_MEMORY, "no memory to describe the file");
  if (!e) {
    a->pool = pool;
    a->setup = s;
    e = fill(a, o);
  }
  if (e) {
    pool_free(&pool);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = a;
  return ERR_OK;
}

void attribute_schema_free(struct attribute_schema **a)
{
  if (!*a) return;
  struct pool *pool = (*a)->pool; /* holds the schema itself */
  pool_free(&pool);
  *a = NULL;
}

const struct store_schema *attribute_schema_of(const struct attribute_schema *a)
{
  return &a->schema;
}

const char *attribute_schema_variable(const struct attribute_schema *a, int i)
{
  return a->variables[i];
}
