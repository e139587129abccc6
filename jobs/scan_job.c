/** @file
 *  Settings and rows of a scan. */
#include "jobs/scan_job.h"

#include "io/dataset.h"
#include "pipeline/comm.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const scan_kind_names[SCAN_KINDS + 1] = {
#define E(id, name, about) name,
    SCAN_ROW_LIST(E)
#undef E
        NULL};

/** Rows of a kind. */
static int64_t rows_of(const struct scan_job *j, int kind)
{
  if (!j->scores[kind]) return 0;
  return kind == SCAN_FINE ? (int64_t)j->slots * j->parts : j->classes;
}

int64_t scan_first(const struct scan_job *j, enum scan_kind kind)
{
  int64_t first = 0;
  for (int k = 0; k < (int)kind; k++) first += rows_of(j, k);
  return first;
}

int64_t scan_end(const struct scan_job *j, enum scan_kind kind)
{
  return scan_first(j, kind) + rows_of(j, kind);
}

struct scan_row scan_row_of(const struct scan_job *j, int64_t row)
{
  struct scan_row r = {0};
  while (row >= scan_end(j, r.kind)) r.kind++;
  const int64_t at = row - scan_first(j, r.kind);
  r.item = (int)(r.kind == SCAN_FINE ? at / j->parts : at);
  r.part = (int)(r.kind == SCAN_FINE ? at % j->parts : 0);
  return r;
}

/** Clean images as pixels: what the recipe did is undone. */
static void to_pixels(const struct scan_job *j, int64_t plane, int n)
{
  const struct pixel_scale *s = &j->scale;
  for (int i = 0; i < n; i++) {
    for (int c = 0; c < s->channels; c++) {
      real *x = j->clean + ((int64_t)i * s->channels + c) * plane;
      for (int64_t u = 0; u < plane; u++)
        x[u] = synthetic_clip(((double)x[u] * s->std[c] + s->mean[c]) / s->gain);
    }
  }
}

/** limit: how many, evenly spread, since data sets are often sorted by class; 0: all. */
static err load_clean(struct scan_job *j, struct dataset *d, int64_t limit)
{
  const struct shape *x = &j->setup->graph->values[j->setup->graph->input].is.shape;
  const int64_t each = shape_count(x), all = dataset_count(d),
                n = limit > 0 && limit < all ? limit : all;
  CHECK(n <= SCAN_MOST_CLEAN, ERR_USAGE, "--clean has %lld images, more than %d", (long long)n,
        SCAN_MOST_CLEAN);
  j->clean = calloc((size_t)(n * each), sizeof *j->clean);
  CHECK(j->clean, ERR_MEMORY, "no memory for %lld clean images", (long long)n);
  for (int64_t i = 0; i < n; i++) {
    int size[2];
    CHECK(dataset_load(d, i * all / n, &j->setup->recipe, shape_inner(x), j->clean + i * each,
                       size) == SAMPLE_DONE,
          ERR_INPUT, "--clean: %s", err_message());
  }
  j->n_clean = (int)n;
  to_pixels(j, shape_inner(x), j->n_clean);
  (void)snprintf(j->clean_sha256, sizeof j->clean_sha256, "%s", dataset_sha256(d));
  return ERR_OK;
}

/** A whole number of an option, within limits. */
static err whole(const struct options *o, const char *name, int64_t least, int64_t most, int *out)
{
  const int64_t v = options_int(o, name);
  CHECK(v >= least && v <= most, ERR_USAGE, "--%s %lld: %lld to %lld are possible", name,
        (long long)v, (long long)least, (long long)most);
  *out = (int)v;
  return ERR_OK;
}

static err read_clean(struct scan_job *j, const struct options *o)
{
  struct dataset *d = NULL;
  int limit = 0;
  j->clean_path = options_text(o, "clean");
  TRY(whole(o, "clean-limit", 0, SCAN_MOST_CLEAN, &limit));
  if (!j->clean_path) return ERR_OK;
  TRY(dataset_open(j->clean_path, &j->setup->recipe, 0, &d));
  const err e = load_clean(j, d, limit);
  dataset_close(&d);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err read_scores(struct scan_job *j, const struct options *o)
{
  int n = 0;
  const char *const *name = options_list(o, "scores", &n);
  for (int i = 0; i < n; i++) {
    const bool gain = !strcmp(name[i], "gain");
    int kind = gain ? SCAN_COARSE : -1;
    for (int k = SCAN_CLEANSE; k <= SCAN_INSPECT; k++)
      if (!strcmp(name[i], scan_kind_names[k])) kind = k;
    CHECK(kind >= 0, ERR_USAGE,
          "--scores: there is no score '%s'; gain, neural_cleanse and "
          "neuron_inspect are",
          name[i]);
    j->scores[kind] = true;
    if (gain) j->scores[SCAN_FINE] = !options_flag(o, "coarse-only");
  }
  CHECK(n, ERR_USAGE, "--scores: name one of gain, neural_cleanse and neuron_inspect");
  return ERR_OK;
}

enum { MANY_CLASSES = 100 };

/** A coarse pass that a thousand classes can afford: 24 images a class forward and back instead of 600.  One
 *  window and few steps find large leads only. */
static void fix_many(struct scan_class_settings *s)
{
  s->locate.steps = 2;
  s->blend.steps = 1;
  s->blend.step = s->blend.bound;
  s->locate.samples = s->blend.samples = 4;
  s->patch.windows = s->patch.kept = 1;
  s->patch.backgrounds = 4;
  s->patch.early = s->patch.steps = 3;
  s->patch.step = 0.5;
  s->most = 4;
}

/** What the search for the procedure left as it is, see docs/scan.md. */
static void fix(struct scan_job *j)
{
  const double level = 1.0 / 255.0;
  j->pool.step = 0.015;
  j->pool.steps = 20;
  j->pool.margin = 4.0;
  j->coarse = (struct scan_class_settings){
      .locate = {.steps = 20, .samples = 12, .step = 8.0 * level, .eta = 0.08},
      .blend = {.steps = 10, .samples = 12, .step = 3.0 * level, .bound = 0.06},
      .patch = {.windows = 3, .kept = 3, .backgrounds = 8, .early = 10, .steps = 10, .step = 0.15},
      .tests = {[SCAN_BLEND] = true, [SCAN_PATCH] = true},
      .most = 48};
  j->fine = j->coarse;
  j->fine.locate.steps = 28;
  j->fine.blend.steps = 16;
  j->fine.patch.early = 8;
  j->fine.patch.kept = 2;
  j->fine.patch.steps = 20;
  for (int t = 0; t < SCAN_TESTS; t++) j->fine.tests[t] = true;
  if (j->classes > MANY_CLASSES) fix_many(&j->coarse);
}

static err read(struct scan_job *j, const struct options *o)
{
  int views = 0;
  const char *const *view = options_list(o, "view", &views);
  for (int i = 0; i < views; i++)
    CHECK(!strcmp(view[i], "invert"), ERR_USAGE, "--view %s: a scan knows invert alone", view[i]);
  j->classes = j->setup->graph->classes;
  CHECK(j->classes > 1, ERR_USAGE, "%s has one class: there is nothing to compare",
        j->setup->model_path);
  fix(j);
  TRY(read_scores(j, o));
  j->pool.seed = (uint64_t)options_int(o, "seed");
  TRY(whole(o, "pool", 4, 100000, &j->pool.n));
  TRY(whole(o, "replicates", 2, 16, &j->replicates));
  TRY(whole(o, "keep", 2, 1000, &j->slots));
  TRY(whole(o, "nc-steps", 1, 100000, &j->cleanse.steps));
  TRY(whole(o, "nc-batches", 1, 100000, &j->cleanse.batches));
  j->cleanse.batch = 32;
  j->parts = SCAN_NOISES * j->replicates;
  j->slots = j->slots < j->classes ? j->slots : j->classes;
  j->rows = scan_end(j, SCAN_KINDS - 1);
  return read_clean(j, o);
}

err scan_job_read(struct scan_job *j, const struct options *o)
{
  TRY(comm_agree(read(j, o)));
  return ERR_OK;
}

void scan_job_free(struct scan_job *j)
{
  free(j->clean);
  j->clean = NULL;
}

static json_t *map_json(const struct scan_map_settings *m)
{
  return json_pack("{s:i, s:i, s:f, s:f, s:f}", "steps", m->steps, "samples", m->samples, "step",
                   m->step, "eta", m->eta, "bound", m->bound);
}

static json_t *class_json(const struct scan_class_settings *s)
{
  const struct scan_patch_settings *p = &s->patch;
  json_t *tests = json_array();
  for (int t = 0; t < SCAN_TESTS; t++)
    if (s->tests[t]) (void)json_array_append_new(tests, json_string(scan_test_names[t]));
  return json_pack("{s:o, s:o, s:{s:i, s:i, s:i, s:i, s:i, s:f}, s:o, s:i}", "locate",
                   map_json(&s->locate), "blend", map_json(&s->blend), "patch", "windows",
                   p->windows, "kept", p->kept, "backgrounds", p->backgrounds, "early", p->early,
                   "steps", p->steps, "step", p->step, "tests", tests, "most", s->most);
}

static json_t *recipe_json(const struct scan_job *j)
{
  char *text = recipe_text(&j->setup->recipe);
  json_t *r = text ? json_loads(text, 0, NULL) : NULL;
  free(text);
  return r;
}

err scan_job_config(const struct scan_job *j, const struct options *o, char **json)
{
  json_t *scores = json_array(), *c = json_object();
  const char *output = options_text(o, "output");
  for (int k = 0; k < SCAN_KINDS; k++)
    if (j->scores[k]) (void)json_array_append_new(scores, json_string(scan_kind_names[k]));
  int bad = json_object_set_new(c, "rows", scores);
  bad |= json_object_set_new(c, "pool",
                             json_pack("{s:i, s:i, s:f, s:f, s:I}", "images", j->pool.n, "steps",
                                       j->pool.steps, "step", j->pool.step, "margin",
                                       j->pool.margin, "seed", (json_int_t)j->pool.seed));
  bad |= json_object_set_new(c, "coarse", class_json(&j->coarse));
  bad |= json_object_set_new(c, "fine", class_json(&j->fine));
  bad |= json_object_set_new(c, "keep", json_integer(j->slots));
  bad |= json_object_set_new(c, "replicates", json_integer(j->replicates));
  bad |= json_object_set_new(c, "neural_cleanse",
                             json_pack("{s:i, s:i, s:i}", "steps", j->cleanse.steps, "batches",
                                       j->cleanse.batches, "batch", j->cleanse.batch));
  bad |= json_object_set_new(c, "clean_sha256",
                             j->n_clean ? json_string(j->clean_sha256) : json_null());
  bad |= json_object_set_new(c, "clean_images", json_integer(j->n_clean));
  bad |= json_object_set_new(c, "unit", json_integer(j->setup->unit));
  bad |= json_object_set_new(c, "winograd", json_boolean(options_flag(o, "winograd")));
  bad |= json_object_set_new(c, "output", output ? json_string(output) : json_null());
  bad |= json_object_set_new(c, "recipe", recipe_json(j));
  *json = bad ? NULL : json_dumps(c, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(c);
  CHECK(*json, ERR_MEMORY, "no memory for the configuration");
  return ERR_OK;
}
