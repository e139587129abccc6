/** @file
 *  From options and a study to what is evaluated. */
#include "core/nearest.h"
#include "io/mosaic.h"
#include "jobs/evaluation_impl.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool evaluation_needs(const struct evaluation *e, unsigned what)
{
  for (int k = 0; k < e->n_metrics; k++)
    if (e->metrics[k]->needs & what) return true;
  return false;
}

bool evaluation_blurs(const struct evaluation *e)
{
  for (int k = 0; k < e->n_metrics; k++)
    if (e->metrics[k]->needs & METRIC_MODEL && e->metrics[k]->path.blurred) return true;
  return false;
}

static int find_slot(const struct evaluation *e, const char *name)
{
  for (int t = 0; t < e->n_targets; t++)
    if (!strcmp(e->target[t], name)) return t;
  return -1;
}

/** Why the study lacks what a metric needs, or NULL. */
static const char *missing(const struct evaluation *e, const struct metric *k)
{
  if (k->needs & METRIC_GRID && !e->grid) return "mosaics: a study with --view mosaic=FILE.json";
  if (k->needs & METRIC_OBJECT && !e->objects)
    return "boxes or masks: give --objects FILE.csv or --masks FOLDER, or boxes in the manifest";
  if (k->needs & METRIC_OTHER && e->predicted < 0)
    return "maps of the slot predicted: add it to --targets of attribute";
  if (k->slot && find_slot(e, k->slot) < 0)
    return pool_text(e->pool, "maps of the slot %s: add it to --targets of attribute", k->slot);
  if (k->needs & METRIC_ENERGY) {
    for (int i = 0; i < e->n_layers; i++)
      if (e->layers[i].energy >= 0) return NULL;
    return "the method energy: add it to --methods of attribute";
  }
  return NULL;
}

static int count_metrics(void)
{
  int n = 0;
  while (metric_all[n]) n++;
  return n;
}

static err no_metric(const struct evaluation *e, const char *word)
{
  const int n = count_metrics();
  const char **names = pool_take(e->pool, (size_t)n, sizeof *names);
  char near[256] = "";
  for (int i = 0; names && i < n; i++) names[i] = metric_all[i]->name;
  if (names) (void)nearest_text(word, names, n, near, sizeof near);
  return FAIL(ERR_USAGE, "there is no metric '%s'%s (retrograd metrics lists them)", word, near);
}

/** Take the metrics that a word means. */
static err take(struct evaluation *e, const char *word, bool *chosen)
{
  const bool all = !strcmp(word, "all");
  int taken = 0;
  const char *why = NULL, *of = NULL;
  for (int i = 0; metric_all[i]; i++) {
    const struct metric *k = metric_all[i];
    if (all && k->needs & METRIC_MODEL) continue;
    if (!all && fnmatch(word, k->name, 0)) continue;
    const char *lacks = missing(e, k);
    if (lacks) {
      why = lacks;
      of = k->name;
      continue;
    }
    chosen[i] = true;
    taken++;
  }
  CHECK(taken || !why, ERR_USAGE, "metric '%s' needs %s", of, why);
  return taken ? ERR_OK : no_metric(e, word);
}

static err choose_metrics(struct evaluation *e, const char *const *names, int n_names)
{
  const int n = count_metrics();
  bool *chosen = pool_take(e->pool, (size_t)n, sizeof *chosen);
  e->metrics = pool_take(e->pool, (size_t)n, sizeof(struct metric *));
  CHECK(chosen && e->metrics, ERR_MEMORY, "no memory for metrics");
  for (int i = 0; i < n_names; i++) TRY(take(e, names[i], chosen));
  for (int i = 0; i < n; i++)
    if (chosen[i]) e->metrics[e->n_metrics++] = metric_all[i];
  CHECK(e->n_metrics, ERR_USAGE,
        "which metrics? give --metrics LIST; retrograd metrics lists them");
  return ERR_OK;
}

err evaluation_options(struct evaluation *e, const struct options *o, const char *const *names,
                       int n_names)
{
  const int64_t step = options_int(o, "step"), resamples = options_int(o, "resamples");
  e->predicted = find_slot(e, "predicted");
  CHECK(options_int(o, "tolerance") > 0 && options_int(o, "tolerance") < 10000, ERR_USAGE,
        "--tolerance %" PRId64 ": give 1 to 9999 pixels", options_int(o, "tolerance"));
  CHECK(options_real(o, "smooth") >= 0.0 && options_real(o, "smooth") <= 1.0, ERR_USAGE,
        "--smooth: give 0 to 1");
  CHECK(step >= 0 && step <= (int64_t)e->recipe.height * e->recipe.width, ERR_USAGE,
        "--step %" PRId64 ": give 1 to %d pixels, or 0", step, e->recipe.height * e->recipe.width);
  CHECK(resamples >= 100 && resamples <= 1000000, ERR_USAGE, "--resamples: give 100 to 1000000");
  CHECK(options_real(o, "level") > 0.0 && options_real(o, "level") < 1.0, ERR_USAGE,
        "--level: give a number between 0 and 1, such as 0.95");
  e->tolerance = (int)options_int(o, "tolerance");
  e->smooth = options_real(o, "smooth");
  e->step = step ? (int)step : 8 * e->recipe.width;
  e->bootstrap = (struct bootstrap){.seed = (uint64_t)options_int(o, "bootstrap-seed"),
                                    .resamples = (int)resamples,
                                    .level = options_real(o, "level")};
  if (e->objects) TRY(objects_sha256(e->objects, e->objects_sha256));
  TRY(choose_metrics(e, names, n_names));
  return ERR_OK;
}

err evaluation_check_objects(const struct evaluation *e, const char *file, const char *masks)
{
  CHECK(!file || !masks, ERR_USAGE, "give --objects or --masks, not both");
  CHECK(!e->recipe.view.mosaic || (!file && !masks), ERR_USAGE,
        "the objects of mosaics are their cells: give neither --objects nor --masks");
  CHECK(!e->recipe.exif || (!file && !masks), ERR_UNSUPPORTED,
        "--exif apply: boxes and masks belong to the image as it lies in its file");
  return ERR_OK;
}

err evaluation_cells(struct evaluation *e)
{
  struct mosaic m = {0};
  TRY(mosaic_read(e->recipe.view.mosaic, &m));
  err x = m.n >= e->n_samples ? ERR_OK
                              : FAIL(ERR_MISMATCH, "%s has %" PRId64 " mosaics, the study %" PRId64,
                                     e->recipe.view.mosaic, m.n, e->n_samples);
  const int n = m.rows * m.columns;
  for (int64_t i = 0; i < e->n_samples * n && !x; i++) {
    int box[4];
    mosaic_box(&m, (int)(i % n), box);
    x = objects_add_box(e->objects, i / n, m.cells[i].class, box);
  }
  mosaic_free(&m);
  e->grid = true;
  return x;
}

void evaluation_free(struct evaluation *e)
{
  objects_free(&e->objects);
  recipe_free(&e->recipe);
  pool_free(&e->pool);
}
