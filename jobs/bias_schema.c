/** @file
 *  Groups and variables of the file of input bias. */
#include "jobs/bias_schema.h"

#include "jobs/attribute_config.h"
#include "jobs/attribute_maps.h"
#include "jobs/attribute_schema_impl.h"
#include "jobs/summary.h"

#include <stdlib.h>

enum { OWN_DIMS = 16, OWN_VARS = 8 };

struct bias_schema {
  struct attribute_schema base;
  const struct bias *bias;
};

static const char *const views[] = {"inverted", "painted", "occluded"};

static err add_root(struct attribute_schema *a, const struct options *o)
{
  const struct plan *p = a->setup->plan;
  const int64_t units = attribute_schema_units(a);
  char *config = NULL;
  TRY(attribute_config_with(a->setup, o, &config));
  attribute_schema_root(a, o, "How maps of the input depend on pixel values", "bias", config);
  attribute_schema_passes(a, units * (3 * p->n_forward + 1), units * 3 * p->n_backward);
  free(config);
  return ERR_OK;
}

/** What is measured, or the bins' lower ends, by name. */
static void add_axes(struct bias_schema *a)
{
  struct attribute_schema *b = &a->base;
  const char **measure = pool_take(b->pool, BIASES, sizeof *measure);
  const char **bin = pool_take(b->pool, BIAS_BINS, sizeof *bin);
  if (!measure || !bin) return;
  for (int i = 0; i < BIASES; i++) measure[i] = bias_name(i);
  for (int i = 0; i < BIAS_BINS; i++) bin[i] = pool_text(b->pool, "%d", i * 256 / BIAS_BINS);
  b->dims[b->schema.n_dims++] = attribute_maps_samples("bias", b->setup);
  attribute_schema_dim(b, "bias", "method", b->setup->plan->taps[0].n_methods,
                       attribute_maps_methods(b->pool, b->setup, 0), "Method");
  attribute_schema_dim(b, "bias", "measure", BIASES, measure, "What is measured of a map");
  attribute_schema_dim(b, "bias", "bin", BIAS_BINS, bin,
                       "Pixels whose mean over channels is from here to the next bin");
  summary_dim(b, "bias");
  b->dims[b->schema.n_dims++] = attribute_maps_samples("views", b->setup);
  attribute_schema_dim(b, "views", "view", 3, views,
                       "Inverted, or its most relevant region in the blind colour, or in the mean "
                       "colour of the rest");
}

static void add_meanings(struct bias_schema *a)
{
  struct attribute_schema *b = &a->base;
  const char **text = pool_take(b->pool, BIASES, sizeof *text);
  if (!text) return;
  for (int i = 0; i < BIASES; i++) text[i] = bias_text(i);
  attribute_schema_var(b, &(struct store_var){.group = "bias",
                                              .name = "meaning",
                                              .type = STORE_TEXT,
                                              .n_dims = 1,
                                              .dims = {"measure"},
                                              .units = "1",
                                              .data = text,
                                              .long_name = "What the measure is"});
}

static void add_values(struct bias_schema *a)
{
  struct attribute_schema *b = &a->base;
  attribute_schema_var(b, &(struct store_var){.group = "bias",
                                              .name = "value",
                                              .type = STORE_F32,
                                              .n_dims = 3,
                                              .dims = {"sample", "method", "measure"},
                                              .units = "1",
                                              .long_name = "Measures of every map"});
  attribute_schema_var(
      b, &(struct store_var){.group = "bias",
                             .name = "curve",
                             .type = STORE_F32,
                             .n_dims = 3,
                             .dims = {"sample", "method", "bin"},
                             .units = "1",
                             .long_name = "Mean |map| by pixel value, relative to the image's"});
  attribute_schema_var(b, &(struct store_var){.group = "bias",
                                              .name = "summary",
                                              .type = STORE_F64,
                                              .n_dims = 3,
                                              .dims = {"method", "measure", "statistic"},
                                              .units = "1",
                                              .zero = true,
                                              .long_name = "Measures over samples"});
  attribute_schema_var(b, &(struct store_var){.group = "bias",
                                              .name = "curves",
                                              .type = STORE_F64,
                                              .n_dims = 3,
                                              .dims = {"method", "bin", "statistic"},
                                              .units = "1",
                                              .zero = true,
                                              .long_name = "Curves over samples"});
}

static void add_views(struct bias_schema *a)
{
  struct attribute_schema *b = &a->base;
  attribute_schema_var(b, &(struct store_var){.group = "views",
                                              .name = "score",
                                              .type = STORE_F32,
                                              .n_dims = 2,
                                              .dims = {"sample", "view"},
                                              .units = "1",
                                              .long_name = "Logit of the target's class"});
  attribute_schema_var(b,
                       &(struct store_var){.group = "views",
                                           .name = "predicted_inverted",
                                           .type = STORE_I32,
                                           .n_dims = 1,
                                           .dims = {"sample"},
                                           .units = "1",
                                           .long_name = "Predicted class of the inverted image"});
}

static err fill(struct bias_schema *a, const struct options *o)
{
  struct attribute_schema *b = &a->base;
  b->attrs = pool_take(b->pool, ATTRIBUTE_SCHEMA_ATTRS, sizeof *b->attrs);
  b->dims = pool_take(b->pool, ATTRIBUTE_SCHEMA_DIMS + OWN_DIMS, sizeof *b->dims);
  b->vars = pool_take(b->pool, ATTRIBUTE_SCHEMA_VARS + OWN_VARS, sizeof *b->vars);
  CHECK(!pool_failed(b->pool), ERR_MEMORY, "no memory to describe the file");
  TRY(add_root(b, o));
  attribute_schema_samples(b);
  attribute_schema_methods(b);
  add_axes(a);
  add_meanings(a);
  add_values(a);
  add_views(a);
  attribute_schema_checks(b);
  b->schema.attrs = b->attrs;
  b->schema.dims = b->dims;
  b->schema.vars = b->vars;
  CHECK(!pool_failed(b->pool), ERR_MEMORY, "no memory to describe the file");
  return ERR_OK;
}

err bias_schema_make(const struct bias *b, const struct options *o, struct bias_schema **out)
{
  struct pool *pool = pool_make();
  struct bias_schema *a = pool ? pool_take(pool, 1, sizeof *a) : NULL;
  err e = a ? ERR_OK : FAIL(ERR_MEMORY, "no memory to describe the file");
  if (!e) {
    a->bias = b;
    a->base.pool = pool;
    a->base.setup = &b->setup;
    e = fill(a, o);
  }
  if (e) {
    pool_free(&pool);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = a;
  return ERR_OK;
}

void bias_schema_free(struct bias_schema **a)
{
  if (!*a) return;
  struct pool *pool = (*a)->base.pool; /* holds the schema itself */
  pool_free(&pool);
  *a = NULL;
}

const struct store_schema *bias_schema_of(const struct bias_schema *a)
{
  return &a->base.schema;
}
