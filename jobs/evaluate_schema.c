/** @file
 *  Groups and attributes of an evaluation's file; /values and /tables are in evaluation_schema.c. */
#include "jobs/evaluate_schema.h"

#include "io/dataset.h"
#include "io/sha256.h"
#include "io/versions.h"

#include <stdlib.h>
#include <string.h>

enum { ATTRS = 24, DIMS = 12, VARS = 16 };

struct making {
  const struct evaluation *e;
  struct view *view;
  struct store_schema schema;
  struct store_attr *attrs;
  struct store_dim *dims;
  struct store_var *vars;
};

static void add_text(struct making *a, const char *name, const char *text)
{
  a->attrs[a->schema.n_attrs++] =
      (struct store_attr){.name = name, .type = STORE_TEXT, .text = text};
}

static void add_number(struct making *a, const char *name, int64_t value)
{
  int64_t *v = pool_take(a->e->pool, 1, sizeof *v);
  if (!v) return;
  *v = value;
  a->attrs[a->schema.n_attrs++] =
      (struct store_attr){.name = name, .type = STORE_I64, .n = 1, .i64 = v};
}

/** A text attribute as the study has it, where it has one. */
static err copy_text(struct making *a, const char *name, const char *as)
{
  char *text = NULL;
  TRY(view_text(a->view, name, &text));
  if (*text) add_text(a, as, pool_text(a->e->pool, "%s", text));
  free(text);
  return ERR_OK;
}

static void add_dim(struct making *a, const char *group, const char *name, int64_t size,
                    const char *const *text, const char *long_name)
{
  a->dims[a->schema.n_dims++] = (struct store_dim){
      .group = group, .name = name, .size = size, .text = text, .long_name = long_name};
}

static void add_samples_dim(struct making *a, const char *group)
{
  add_dim(a, group, "sample", a->e->n_samples, NULL, "Sample of the data set");
  a->dims[a->schema.n_dims - 1].first = view_number(a->view, "first_sample", 0);
}

static void add_var(struct making *a, struct store_var v)
{
  v.units = "1";
  a->vars[a->schema.n_vars++] = v;
}

/** One hash of all that the study holds: of its checksums, or of its maps where it has none. */
static err study_sum(struct view *v, char *hex)
{
  struct sha256 *sum = NULL;
  int var = 0;
  TRY(store_find(v->store, "checks/crc32", &var));
  const int64_t bytes = store_row_bytes(v->store, var);
  uint8_t *rows = malloc((size_t)(bytes * v->n_samples) + 1);
  err e = rows ? ERR_OK : FAIL(ERR_MEMORY, "no memory for checksums");
  if (!e) e = store_read(v->store, var, 0, v->n_samples, rows);
  if (!e) e = sha256_make(&sum);
  if (!e) e = sha256_add(sum, rows, (size_t)(bytes * v->n_samples));
  if (!e) e = sha256_end(sum, hex);
  sha256_free(&sum);
  free(rows);
  return e;
}

static err add_root(struct making *a, int unit)
{
  char *config = NULL, hex[65];
  TRY(evaluation_config(a->e, &config));
  add_text(a, "title", "Metrics of saliency maps");
  add_text(a, "software", "retrograd");
  add_text(a, "software_version", RETROGRAD_VERSION);
  add_number(a, "schema_version", STORE_SCHEMA_VERSION);
  add_text(a, "job", "evaluate");
  add_text(a, "config", pool_text(a->e->pool, "%s", config));
  free(config);
  TRY(study_sum(a->view, hex));
  add_text(a, "study_sha256", pool_text(a->e->pool, "%s", hex));
  TRY(copy_text(a, "config", "study_config"));
  TRY(copy_text(a, "model_sha256", "model_sha256"));
  TRY(copy_text(a, "weights_sha256", "weights_sha256"));
  TRY(copy_text(a, "data_sha256", "data_sha256"));
  TRY(copy_text(a, "kernel_family", "kernel_family"));
  add_text(a, "libraries", pool_text(a->e->pool, "%s", versions_text()));
  add_text(a, "study", a->view->path);
  TRY(copy_text(a, "model", "model"));
  TRY(copy_text(a, "data", "data"));
  add_number(a, "unit", unit);
  add_number(a, "n_units", (a->e->n_samples + unit - 1) / unit);
  add_number(a, "classes", a->view->n_classes);
  return ERR_OK;
}

static err add_status(struct making *a)
{
#define E(name, word, text) (name),
  static const int64_t values[] = {SAMPLE_STATUS_LIST(E)};
#undef E
#define E(name, word, text) word " "
  static const char meanings[] = SAMPLE_STATUS_LIST(E);
#undef E
  enum { N = sizeof values / sizeof *values };
  struct store_attr *attr = pool_take(a->e->pool, 2, sizeof *attr);
  CHECK(attr, ERR_MEMORY, "no memory to describe the file");
  attr[0] = (struct store_attr){.name = "flag_values", .type = STORE_I64, .n = N, .i64 = values};
  attr[1] = (struct store_attr){
      .name = "flag_meanings",
      .type = STORE_TEXT,
      .text = pool_text(a->e->pool, "%.*s", (int)sizeof meanings - 2, meanings)};
  add_var(a, (struct store_var){.group = "samples",
                                .name = "status",
                                .type = STORE_U8,
                                .n_dims = 1,
                                .dims = {"sample"},
                                .zero = true,
                                .n_attrs = 2,
                                .attrs = attr,
                                .long_name = "What became of the sample; only 1 has data"});
  return ERR_OK;
}

static err add_samples(struct making *a)
{
  const struct view *v = a->view;
  add_samples_dim(a, "samples");
  add_dim(a, "samples", "target", v->n_targets, (const char *const *)v->target,
          "Target slot: whose logit is explained");
  add_var(a, (struct store_var){.group = "samples",
                                .name = "path",
                                .type = STORE_TEXT,
                                .n_dims = 1,
                                .dims = {"sample"},
                                .data = v->sample,
                                .long_name = "Where the sample lies in the data set"});
  add_var(a, (struct store_var){.group = "samples",
                                .name = "label",
                                .type = STORE_I32,
                                .n_dims = 1,
                                .dims = {"sample"},
                                .data = v->label,
                                .long_name = "Class of the sample, -1 where none is known"});
  TRY(add_status(a));
  add_var(a, (struct store_var){.group = "samples",
                                .name = "target_class",
                                .type = STORE_I32,
                                .n_dims = 2,
                                .dims = {"sample", "target"},
                                .data = v->target_class,
                                .long_name = "Class that the maps of the slot explain, -1: none"});
  return ERR_OK;
}

static void add_layers(struct making *a)
{
  static const char *const axis_shape[] = {"channels", "height", "width"};
  const struct view *v = a->view;
  add_dim(a, "layers", "layer", v->n_layers, (const char *const *)v->layer,
          "Tap: a value of the model's graph");
  add_dim(a, "layers", "axis_shape", 3, axis_shape, "Channels, height and width");
  add_var(a, (struct store_var){.group = "layers",
                                .name = "operator",
                                .type = STORE_TEXT,
                                .n_dims = 1,
                                .dims = {"layer"},
                                .data = v->layer_op,
                                .long_name = "Operator that makes the value"});
  add_var(a, (struct store_var){.group = "layers",
                                .name = "shape",
                                .type = STORE_I32,
                                .n_dims = 2,
                                .dims = {"layer", "axis_shape"},
                                .data = v->layer_shape,
                                .long_name = "Shape of the value for one sample"});
  add_var(a, (struct store_var){.group = "layers",
                                .name = "index",
                                .type = STORE_I32,
                                .n_dims = 1,
                                .dims = {"layer"},
                                .data = v->layer_index,
                                .long_name = "Index of the tap in the model"});
  add_var(a, (struct store_var){.group = "layers",
                                .name = "variable",
                                .type = STORE_TEXT,
                                .n_dims = 1,
                                .dims = {"layer"},
                                .data = v->layer_variable,
                                .long_name = "Name of the tap's variable in /values"});
  add_dim(a, "methods", "method", v->n_methods, (const char *const *)v->method,
          "Method, named as it was asked for");
  add_var(a, (struct store_var){.group = "methods",
                                .name = "canonical",
                                .type = STORE_TEXT,
                                .n_dims = 1,
                                .dims = {"method"},
                                .data = v->canonical,
                                .long_name = "rule/extract/aggregate"});
}

/** Checksums of everything that is written while the study runs. */
static void add_checks(struct making *a)
{
  const char **name = pool_take(a->e->pool, (size_t)a->schema.n_vars, sizeof *name);
  int n = 0;
  for (int i = 0; name && i < a->schema.n_vars; i++) {
    const struct store_var *v = &a->vars[i];
    if (!v->data && !strcmp(v->dims[0], "sample"))
      name[n++] = pool_text(a->e->pool, "%s/%s", v->group, v->name);
  }
  add_samples_dim(a, "checks");
  add_dim(a, "checks", "variable", n, name, "Variable of this file with a row for each sample");
  add_var(a, (struct store_var){.group = "checks",
                                .name = "crc32",
                                .type = STORE_U32,
                                .n_dims = 2,
                                .dims = {"sample", "variable"},
                                .long_name = "CRC-32 of the sample's row of the variable"});
}

err evaluate_schema(const struct evaluation *e, struct view *v, int unit,
                    const struct store_schema **out)
{
  struct making *a = pool_take(e->pool, 1, sizeof *a);
  CHECK(a, ERR_MEMORY, "no memory to describe the file");
  a->e = e;
  a->view = v;
  a->attrs = pool_take(e->pool, ATTRS, sizeof *a->attrs);
  a->dims = pool_take(e->pool, DIMS + (size_t)evaluation_schema_dims(e), sizeof *a->dims);
  a->vars = pool_take(e->pool, VARS + (size_t)evaluation_schema_vars(e), sizeof *a->vars);
  CHECK(a->attrs && a->dims && a->vars, ERR_MEMORY, "no memory to describe the file");
  TRY(add_root(a, unit));
  TRY(add_samples(a));
  add_layers(a);
  evaluation_schema_add(e, view_number(v, "first_sample", 0), &a->schema, a->dims, a->vars);
  add_checks(a);
  a->schema.attrs = a->attrs;
  a->schema.dims = a->dims;
  a->schema.vars = a->vars;
  CHECK(!pool_failed(e->pool), ERR_MEMORY, "no memory to describe the file");
  *out = &a->schema;
  return ERR_OK;
}
