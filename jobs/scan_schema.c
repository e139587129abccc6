/** @file
 *  Groups, variables and attributes of a scan's file. */
#include "jobs/scan_schema.h"

#include "core/product.h"
#include "io/dataset.h"
#include "io/versions.h"
#include "jobs/pool.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ATTRS = 20, MOST_DIMS = 24, MOST_VARS = 40 };

struct scan_schema {
  struct pool *pool;
  const struct scan_job *job;
  struct store_schema schema;
  struct store_attr attrs[MOST_ATTRS];
  struct store_dim dims[MOST_DIMS];
  struct store_var vars[MOST_VARS];
};

const char *const scan_verdict_names[SCAN_VERDICTS + 1] = {
#define E(id, name, about) name,
    SCAN_VERDICT_LIST(E)
#undef E
        NULL};

static const char *const axis_window[] = {"row", "column", "side"};

static void text(struct scan_schema *s, const char *name, const char *value)
{
  s->attrs[s->schema.n_attrs++] =
      (struct store_attr){.name = name, .type = STORE_TEXT, .text = value};
}

static void number(struct scan_schema *s, const char *name, int64_t value)
{
  int64_t *v = pool_take(s->pool, 1, sizeof *v);
  if (!v) return;
  *v = value;
  s->attrs[s->schema.n_attrs++] =
      (struct store_attr){.name = name, .type = STORE_I64, .n = 1, .i64 = v};
}

static void dim(struct scan_schema *s, const char *group, const char *name, int64_t size,
                const char *const *names, const char *long_name)
{
  s->dims[s->schema.n_dims++] = (struct store_dim){
      .group = group, .name = name, .size = size, .text = names, .long_name = long_name};
}

static struct store_var *var(struct scan_schema *s, const char *group, const char *name,
                             enum store_type type, const char *long_name, const char *units)
{
  struct store_var *v = &s->vars[s->schema.n_vars++];
  *v = (struct store_var){
      .group = group, .name = name, .type = type, .long_name = long_name, .units = units};
  return v;
}

/** With the names of its dimensions, ended by NULL. */
static void along(struct store_var *v, const char *const *dims)
{
  for (v->n_dims = 0; dims[v->n_dims]; v->n_dims++) v->dims[v->n_dims] = dims[v->n_dims];
}
#define ALONG(v, ...) along((v), (const char *const[]){__VA_ARGS__, NULL})

static err add_root(struct scan_schema *s, const struct options *o)
{
  const struct scan_job *j = s->job;
  char *config = NULL;
  TRY(scan_job_config(j, o, &config));
  text(s, "title", "Scan of a model for backdoors");
  text(s, "software", "retrograd");
  text(s, "software_version", RETROGRAD_VERSION);
  number(s, "schema_version", STORE_SCHEMA_VERSION);
  text(s, "job", "scan");
  text(s, "model_sha256", j->setup->model_sha256);
  if (j->setup->weights_sha256) text(s, "weights_sha256", j->setup->weights_sha256);
  text(s, "config", pool_text(s->pool, "%s", config));
  free(config);
  text(s, "kernel_family", pool_text(s->pool, "%s", product_family()));
  text(s, "libraries", pool_text(s->pool, "%s", versions_text()));
  text(s, "model", j->setup->model_path);
  if (j->clean_path) text(s, "clean", j->clean_path);
  number(s, "unit", j->setup->unit);
  number(s, "classes", j->classes);
  return ERR_OK;
}

static void add_status(struct scan_schema *s)
{
#define E(name, word, text) (name),
  static const int64_t values[] = {SAMPLE_STATUS_LIST(E)};
#undef E
#define E(name, word, text) word " "
  static const char meanings[] = SAMPLE_STATUS_LIST(E);
#undef E
  enum { N = sizeof values / sizeof *values };
  struct store_attr *attr = pool_take(s->pool, 2, sizeof *attr);
  if (!attr) return;
  attr[0] = (struct store_attr){.name = "flag_values", .type = STORE_I64, .n = N, .i64 = values};
  attr[1] =
      (struct store_attr){.name = "flag_meanings",
                          .type = STORE_TEXT,
                          .text = pool_text(s->pool, "%.*s", (int)sizeof meanings - 2, meanings)};
  struct store_var *v = var(s, "samples", "status", STORE_U8, "What became of the row", "1");
  ALONG(v, "sample");
  v->zero = true;
  v->n_attrs = 2;
  v->attrs = attr;
}

static void add_rows(struct scan_schema *s)
{
  const struct scan_job *j = s->job;
  const char **kind = pool_take(s->pool, (size_t)j->rows, sizeof *kind);
  for (int64_t i = 0; kind && i < j->rows; i++) kind[i] = scan_kind_names[scan_row_of(j, i).kind];
  dim(s, "samples", "sample", j->rows, NULL, "Row: one class, measured once");
  dim(s, "samples", "test", SCAN_TESTS, scan_test_names, "Kind of pattern");
  dim(s, "samples", "axis_window", 3, axis_window, "Window of a patch");
  struct store_var *v = var(s, "samples", "kind", STORE_TEXT, "What the row is", "1");
  ALONG(v, "sample");
  v->data = kind;
  add_status(s);
  ALONG(var(s, "samples", "class", STORE_I32, "Class that is measured", "1"), "sample");
  ALONG(var(s, "samples", "part", STORE_I32, "Part of the pool that finds the pattern", "1"),
        "sample");
  ALONG(var(s, "samples", "gain", STORE_F64,
            "Mean gain in the class's margin by the pattern, NaN where not taken", "nat"),
        "sample", "test");
  ALONG(var(s, "samples", "rate", STORE_F64, "Share of images that then go to the class", "1"),
        "sample", "test");
  ALONG(var(s, "samples", "clean_rate", STORE_F64,
            "The same of clean images of other classes, NaN without them", "1"),
        "sample", "test");
  ALONG(var(s, "samples", "window", STORE_I32, "Where the patch lies, -1 for none", "pixel"),
        "sample", "test", "axis_window");
  ALONG(var(s, "samples", "baseline", STORE_F64,
            "Norm of Neural Cleanse's mask, or NeuronInspect's feature", "1"),
        "sample");
  ALONG(var(s, "samples", "converged", STORE_U8,
            "1: the row's number is evidence; 0: it is none (not reached, or not finite)", "1"),
        "sample");
}

static void add_summary(struct scan_schema *s)
{
  const struct scan_job *j = s->job;
  const struct recipe *r = &j->setup->recipe;
  const bool named = r->classes && r->n_classes == j->classes;
  dim(s, "classes", "class", j->classes, named ? (const char *const *)r->classes : NULL,
      "Class of the model");
  dim(s, "classes", "test", SCAN_TESTS, scan_test_names, "Kind of pattern");
  ALONG(var(s, "classes", "log_gain", STORE_F64, "Largest logarithm of the gain over parts", "1"),
        "class", "test");
  ALONG(var(s, "classes", "spread", STORE_F64, "Standard deviation over parts", "1"), "class",
        "test");
  ALONG(var(s, "classes", "score", STORE_F64,
            "Largest lead over the next class; NaN: dropped or no evidence", "1"),
        "class");
  ALONG(var(s, "classes", "p_value", STORE_F64,
            "Chance of a clean model to have a largest score that large", "1"),
        "class");
  ALONG(
      var(s, "classes", "reach", STORE_F64, "Mean margin of the pool's images of the class", "nat"),
      "class");
  ALONG(var(s, "classes", "neural_cleanse", STORE_F64, "Norm of the mask, NaN: not found", "1"),
        "class");
  ALONG(var(s, "classes", "neuron_inspect", STORE_F64, "Feature of saliency", "1"), "class");
  dim(s, "verdict", "quantity", SCAN_VERDICTS, scan_verdict_names, "What was concluded");
  ALONG(var(s, "verdict", "value", STORE_F64, "Its value, NaN: not taken", "1"), "quantity");
}

static void add_signatures(struct scan_schema *s)
{
  const struct scan_job *j = s->job;
  const struct shape *x = &j->setup->graph->values[j->setup->graph->input].is.shape;
  if (!j->scores[SCAN_FINE]) return;
  dim(s, "signature", "fine_row", (int64_t)j->slots * j->fine.parts, NULL,
      "Which of the fine rows of /samples");
  dim(s, "signature", "channel", shape_channels(x), NULL, "Channel of the model's input");
  dim(s, "signature", "y", shape_height(x), NULL, "Row");
  dim(s, "signature", "x", shape_width(x), NULL, "Column");
  ALONG(var(s, "signature", "map", STORE_F32, "Map of the class, in units of a pixel's range", "1"),
        "fine_row", "channel", "y", "x");
  ALONG(var(s, "signature", "blend", STORE_F32, "Dense map, likewise", "1"), "fine_row", "channel",
        "y", "x");
  ALONG(var(s, "signature", "patch", STORE_F32,
            "The smaller patch, pixels 0 to 1, NaN outside its window", "1"),
        "fine_row", "channel", "y", "x");
}

/** Checksums of everything that is written while the rows are computed. */
static void add_checks(struct scan_schema *s)
{
  const char **name = pool_take(s->pool, MOST_VARS, sizeof *name);
  int n = 0;
  for (int i = 0; name && i < s->schema.n_vars; i++) {
    const struct store_var *v = &s->vars[i];
    if (!v->data && !strcmp(v->group, "samples"))
      name[n++] = pool_text(s->pool, "%s/%s", v->group, v->name);
  }
  dim(s, "checks", "sample", s->job->rows, NULL, "Row: one class, measured once");
  dim(s, "checks", "variable", n, name, "Variable of this file with a value for each row");
  ALONG(var(s, "checks", "crc32", STORE_U32, "CRC-32 of the row of the variable", "1"), "sample",
        "variable");
}

static err fill(struct scan_schema *s, const struct options *o)
{
  TRY(add_root(s, o));
  add_rows(s);
  add_summary(s);
  add_signatures(s);
  add_checks(s);
  s->schema.attrs = s->attrs;
  s->schema.dims = s->dims;
  s->schema.vars = s->vars;
  CHECK(!pool_failed(s->pool), ERR_MEMORY, "no memory to describe the file");
  return ERR_OK;
}

err scan_schema_make(const struct scan_job *j, const struct options *o, struct scan_schema **out)
{
  struct pool *pool = pool_make();
  struct scan_schema *s = pool ? pool_take(pool, 1, sizeof *s) : NULL;
  err e = s ? ERR_OK : FAIL(ERR_MEMORY, "no memory to describe the file");
  if (!e) {
    s->pool = pool;
    s->job = j;
    e = fill(s, o);
  }
  if (e) {
    pool_free(&pool);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = s;
  return ERR_OK;
}

void scan_schema_free(struct scan_schema **s)
{
  if (!*s) return;
  struct pool *pool = (*s)->pool; /* holds the schema itself */
  pool_free(&pool);
  *s = NULL;
}

const struct store_schema *scan_schema_of(const struct scan_schema *s)
{
  return &s->schema;
}
