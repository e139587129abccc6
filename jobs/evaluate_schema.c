/** @file
 *  Groups and attributes of an evaluation's file; /values and /tables are in evaluation_schema.c. */
#include "jobs/evaluate_schema.h"

#include "io/dataset.h"
#include "io/sha256.h"
#include "io/versions.h"

#include <stdlib.h>
#include <string.h>

struct making {
  const struct evaluation *e;
  struct view *view;
  struct draft *draft;
};

/** A text attribute as the study has it, where it has one. */
static err copy_text(struct making *a, const char *name, const char *as)
{
  char *text = NULL;
  TRY(view_text(a->view, name, &text));
  if (*text) draft_text(a->draft, as, pool_text(a->draft->pool, "%s", text));
  free(text);
  return ERR_OK;
}

static int64_t first_sample(const struct making *a)
{
  return view_number(a->view, "first_sample", 0);
}

static void add_samples_dim(struct making *a, const char *group)
{
  draft_dim(a->draft, group, "sample", a->e->n_samples, NULL, "Sample of the data set")->first =
      first_sample(a);
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
  draft_root(a->draft, "Metrics of saliency maps", "evaluate");
  draft_text(a->draft, "config", pool_text(a->draft->pool, "%s", config));
  free(config);
  TRY(study_sum(a->view, hex));
  draft_text(a->draft, "study_sha256", pool_text(a->draft->pool, "%s", hex));
  TRY(copy_text(a, "config", "study_config"));
  TRY(copy_text(a, "model_sha256", "model_sha256"));
  TRY(copy_text(a, "weights_sha256", "weights_sha256"));
  TRY(copy_text(a, "data_sha256", "data_sha256"));
  TRY(copy_text(a, "kernel_family", "kernel_family"));
  draft_text(a->draft, "libraries", pool_text(a->draft->pool, "%s", versions_text()));
  draft_text(a->draft, "study", a->view->path);
  TRY(copy_text(a, "model", "model"));
  TRY(copy_text(a, "data", "data"));
  draft_number(a->draft, "unit", unit);
  draft_number(a->draft, "n_units", (a->e->n_samples + unit - 1) / unit);
  draft_number(a->draft, "classes", a->view->n_classes);
  return ERR_OK;
}

static void add_samples(struct making *a)
{
  const struct view *v = a->view;
  add_samples_dim(a, "samples");
  (void)draft_dim(a->draft, "samples", "target", v->n_targets, (const char *const *)v->target,
                  "Target slot: whose logit is explained");
  (void)draft_var(a->draft, "samples/path", STORE_TEXT, "sample", "1", v->sample,
                  "Where the sample lies in the data set");
  (void)draft_var(a->draft, "samples/label", STORE_I32, "sample", "1", v->label,
                  "Class of the sample, -1 where none is known");
  draft_status(a->draft, "What became of the sample; only 1 has data");
  (void)draft_var(a->draft, "samples/target_class", STORE_I32, "sample target", "1",
                  v->target_class, "Class that the maps of the slot explain, -1: none");
}

static void add_layers(struct making *a)
{
  static const char *const axis_shape[] = {"channels", "height", "width"};
  const struct view *v = a->view;
  (void)draft_dim(a->draft, "layers", "layer", v->n_layers, (const char *const *)v->layer,
                  "Tap: a value of the model's graph");
  (void)draft_dim(a->draft, "layers", "axis_shape", 3, axis_shape, "Channels, height and width");
  (void)draft_var(a->draft, "layers/operator", STORE_TEXT, "layer", "1", v->layer_op,
                  "Operator that makes the value");
  (void)draft_var(a->draft, "layers/shape", STORE_I32, "layer axis_shape", "1", v->layer_shape,
                  "Shape of the value for one sample");
  (void)draft_var(a->draft, "layers/index", STORE_I32, "layer", "1", v->layer_index,
                  "Index of the tap in the model");
  (void)draft_var(a->draft, "layers/variable", STORE_TEXT, "layer", "1", v->layer_variable,
                  "Name of the tap's variable in /values");
  (void)draft_dim(a->draft, "methods", "method", v->n_methods, (const char *const *)v->method,
                  "Method, named as it was asked for");
  (void)draft_var(a->draft, "methods/canonical", STORE_TEXT, "method", "1", v->canonical,
                  "rule/extract/aggregate");
}

static err fill(struct draft *d, const struct evaluation *e, struct view *v, int unit)
{
  struct making a = {.e = e, .view = v, .draft = d};
  TRY(add_root(&a, unit));
  add_samples(&a);
  add_layers(&a);
  evaluation_schema_add(e, first_sample(&a), d);
  draft_checks(d, e->n_samples, first_sample(&a), "Sample of the data set", "sample");
  return draft_end(d);
}

err evaluate_schema_make(const struct evaluation *e, struct view *v, int unit, struct draft **out)
{
  TRY(draft_make(out));
  const err x = fill(*out, e, v, unit);
  if (x) draft_free(out);
  return x ? err_trace(x, __FILE__, __LINE__) : ERR_OK;
}
