/** @file
 *  Groups and variables of the file of input bias. */
#include "jobs/bias_schema.h"

#include "jobs/attribute_config.h"
#include "jobs/attribute_maps.h"
#include "jobs/attribute_schema_impl.h"
#include "jobs/summary.h"

#include <stdlib.h>

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
  const char **measure = pool_take(b->draft->pool, BIASES, sizeof *measure);
  const char **bin = pool_take(b->draft->pool, BIAS_BINS, sizeof *bin);
  if (!measure || !bin) return;
  for (int i = 0; i < BIASES; i++) measure[i] = bias_name(i);
  for (int i = 0; i < BIAS_BINS; i++) bin[i] = pool_text(b->draft->pool, "%d", i * 256 / BIAS_BINS);
  attribute_maps_samples(b->draft, "bias", b->setup);
  (void)draft_dim(b->draft, "bias", "method", b->setup->plan->taps[0].n_methods,
                  attribute_maps_methods(b->draft->pool, b->setup, 0), "Method");
  (void)draft_dim(b->draft, "bias", "measure", BIASES, measure, "What is measured of a map");
  (void)draft_dim(b->draft, "bias", "bin", BIAS_BINS, bin,
                  "Pixels whose mean over channels is from here to the next bin");
  summary_dim(b, "bias");
  attribute_maps_samples(b->draft, "views", b->setup);
  (void)draft_dim(b->draft, "views", "view", 3, views,
                  "Inverted, or its most relevant region in the blind colour, or in the mean "
                  "colour of the rest");
}

static void add_meanings(struct bias_schema *a)
{
  struct attribute_schema *b = &a->base;
  const char **text = pool_take(b->draft->pool, BIASES, sizeof *text);
  if (!text) return;
  for (int i = 0; i < BIASES; i++) text[i] = bias_text(i);
  (void)draft_var(b->draft, "bias/meaning", STORE_TEXT, "measure", "1", text,
                  "What the measure is");
}

static void add_values(struct bias_schema *a)
{
  struct attribute_schema *b = &a->base;
  (void)draft_var(b->draft, "bias/value", STORE_F32, "sample method measure", "1", NULL,
                  "Measures of every map");
  (void)draft_var(b->draft, "bias/curve", STORE_F32, "sample method bin", "1", NULL,
                  "Mean |map| by pixel value, relative to the image's");
  draft_var(b->draft, "bias/summary", STORE_F64, "method measure statistic", "1", NULL,
            "Measures over samples")
      ->zero = true;
  draft_var(b->draft, "bias/curves", STORE_F64, "method bin statistic", "1", NULL,
            "Curves over samples")
      ->zero = true;
}

static void add_views(struct bias_schema *a)
{
  struct attribute_schema *b = &a->base;
  (void)draft_var(b->draft, "views/score", STORE_F32, "sample view", "1", NULL,
                  "Logit of the target's class");
  (void)draft_var(b->draft, "views/predicted_inverted", STORE_I32, "sample", "1", NULL,
                  "Predicted class of the inverted image");
}

static err fill(struct bias_schema *a, const struct options *o)
{
  struct attribute_schema *b = &a->base;
  TRY(add_root(b, o));
  attribute_schema_samples(b);
  attribute_schema_methods(b);
  add_axes(a);
  add_meanings(a);
  add_values(a);
  add_views(a);
  attribute_schema_checks(b);
  return draft_end(b->draft);
}

err bias_schema_make(const struct bias *b, const struct options *o, struct attribute_schema **out)
{
  struct bias_schema *a = (struct bias_schema *)attribute_schema_begin(sizeof *a, &b->setup);
  CHECK(a, ERR_MEMORY, "no memory to describe the file");
  a->bias = b;
  *out = &a->base;
  const err e = fill(a, o);
  if (e) attribute_schema_free(out);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}
