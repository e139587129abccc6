/** @file
 *  Groups, variables and attributes of a scan's file. */
#include "jobs/scan_schema.h"

#include "core/product.h"
#include "io/dataset.h"
#include "io/versions.h"

#include <stdlib.h>
#include <string.h>

const char *const scan_verdict_names[SCAN_VERDICTS + 1] = {
#define E(id, name, about) name,
    SCAN_VERDICT_LIST(E)
#undef E
        NULL};

static const char row_text[] = "Row: one class, measured once";
static const char *const axis_window[] = {"row", "column", "side"};

static err add_root(struct draft *d, const struct scan_job *j, const struct options *o)
{
  char *config = NULL;
  TRY(scan_job_config(j, o, &config));
  draft_root(d, "Scan of a model for backdoors", "scan");
  draft_text(d, "model_sha256", j->setup->model_sha256);
  if (j->setup->weights_sha256) draft_text(d, "weights_sha256", j->setup->weights_sha256);
  draft_text(d, "config", pool_text(d->pool, "%s", config));
  free(config);
  draft_text(d, "kernel_family", pool_text(d->pool, "%s", product_family()));
  draft_text(d, "libraries", pool_text(d->pool, "%s", versions_text()));
  draft_text(d, "model", j->setup->model_path);
  if (j->clean_path) draft_text(d, "clean", j->clean_path);
  draft_number(d, "unit", j->setup->unit);
  draft_number(d, "classes", j->classes);
  return ERR_OK;
}

static void add_rows(struct draft *d, const struct scan_job *j)
{
  const char **kind = pool_take(d->pool, (size_t)j->rows, sizeof *kind);
  for (int64_t i = 0; kind && i < j->rows; i++) kind[i] = scan_kind_names[scan_row_of(j, i).kind];
  (void)draft_dim(d, "samples", "sample", j->rows, NULL, row_text);
  (void)draft_dim(d, "samples", "test", SCAN_TESTS, scan_test_names, "Kind of pattern");
  (void)draft_dim(d, "samples", "axis_window", 3, axis_window, "Window of a patch");
  (void)draft_var(d, "samples/kind", STORE_TEXT, "sample", "1", kind, "What the row is");
  draft_status(d, "What became of the row");
  (void)draft_var(d, "samples/class", STORE_I32, "sample", "1", NULL, "Class that is measured");
  (void)draft_var(d, "samples/part", STORE_I32, "sample", "1", NULL,
                  "Part of the pool that finds the pattern: noise, then replicate");
  (void)draft_var(d, "samples/gain", STORE_F64, "sample test", "nat", NULL,
                  "Gain in the class's margin by the pattern: mean over images, geometric mean "
                  "over noises; NaN where not taken");
  (void)draft_var(d, "samples/rate", STORE_F64, "sample test", "1", NULL,
                  "Share of images that then go to the class");
  (void)draft_var(d, "samples/clean_rate", STORE_F64, "sample test", "1", NULL,
                  "The same of clean images of other classes, NaN without them");
  (void)draft_var(d, "samples/window", STORE_I32, "sample test axis_window", "pixel", NULL,
                  "Where the patch lies, -1 for none");
  (void)draft_var(d, "samples/baseline", STORE_F64, "sample", "1", NULL,
                  "Norm of Neural Cleanse's mask, or NeuronInspect's feature");
  (void)draft_var(d, "samples/converged", STORE_U8, "sample", "1", NULL,
                  "1: the row's number is evidence; 0: it is none (not reached, or not finite)");
}

static void add_summary(struct draft *d, const struct scan_job *j)
{
  const struct recipe *r = &j->setup->recipe;
  const bool named = r->classes && r->n_classes == j->classes;
  (void)draft_dim(d, "classes", "class", j->classes, named ? (const char *const *)r->classes : NULL,
                  "Class of the model");
  (void)draft_dim(d, "classes", "test", SCAN_TESTS, scan_test_names, "Kind of pattern");
  (void)draft_var(d, "classes/log_gain", STORE_F64, "class test", "1", NULL,
                  "Largest logarithm of the gain over parts");
  (void)draft_var(d, "classes/spread", STORE_F64, "class test", "1", NULL,
                  "Standard deviation over parts");
  (void)draft_var(d, "classes/score", STORE_F64, "class", "1", NULL,
                  "Largest lead over the next class; NaN: dropped or no evidence");
  (void)draft_var(d, "classes/p_value", STORE_F64, "class", "1", NULL,
                  "Chance of a clean model to have a largest score that large");
  (void)draft_var(d, "classes/reach", STORE_F64, "class", "nat", NULL,
                  "Mean margin of the pool's images of the class");
  (void)draft_var(d, "classes/neural_cleanse", STORE_F64, "class", "1", NULL,
                  "Norm of the mask, NaN: not found");
  (void)draft_var(d, "classes/neuron_inspect", STORE_F64, "class", "1", NULL,
                  "Feature of saliency");
  (void)draft_dim(d, "verdict", "quantity", SCAN_VERDICTS, scan_verdict_names,
                  "What was concluded");
  (void)draft_var(d, "verdict/value", STORE_F64, "quantity", "1", NULL,
                  "Its value, NaN: not taken");
}

static void add_signatures(struct draft *d, const struct scan_job *j)
{
  const struct shape *x = &j->setup->graph->values[j->setup->graph->input].is.shape;
  if (!j->scores[SCAN_FINE]) return;
  (void)draft_dim(d, "signature", "fine_row", (int64_t)j->slots * j->parts, NULL,
                  "Which of the fine rows of /samples");
  (void)draft_dim(d, "signature", "channel", shape_channels(x), NULL,
                  "Channel of the model's input");
  (void)draft_dim(d, "signature", "y", shape_height(x), NULL, "Row");
  (void)draft_dim(d, "signature", "x", shape_width(x), NULL, "Column");
  (void)draft_var(d, "signature/map", STORE_F32, "fine_row channel y x", "1", NULL,
                  "Map of the class, in units of a pixel's range");
  (void)draft_var(d, "signature/blend", STORE_F32, "fine_row channel y x", "1", NULL,
                  "Dense map, likewise");
  (void)draft_var(d, "signature/patch", STORE_F32, "fine_row channel y x", "1", NULL,
                  "The smaller patch, pixels 0 to 1, NaN outside its window");
}

static err fill(struct draft *d, const struct scan_job *j, const struct options *o)
{
  TRY(add_root(d, j, o));
  add_rows(d, j);
  add_summary(d, j);
  add_signatures(d, j);
  draft_checks(d, j->rows, 0, row_text, "measurement");
  return draft_end(d);
}

err scan_schema_make(const struct scan_job *j, const struct options *o, struct draft **out)
{
  TRY(draft_make(out));
  const err e = fill(*out, j, o);
  if (e) draft_free(out);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}
