/** @file
 *  Groups and attributes of the file. */
#include "jobs/classmap_schema.h"

#include "core/product.h"
#include "io/dataset.h"
#include "io/versions.h"
#include "jobs/pool.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ATTRS = 24, MAX_DIMS = 48, MAX_VARS = 48 };

struct classmap_schema {
  struct pool *pool;
  const struct classmap *c;
  struct store_schema schema;
  struct store_attr *attrs;
  struct store_dim *dims;
  struct store_var *vars;
};

const struct classmap_check_about classmap_check_all[CLASSMAP_CHECKS] = {
    {"seeds", "Smallest cosine of the map and those from other samples, at least", 0.95},
    {"halves", "Cosine of the gradients of even and of odd blocks of samples, at least", 0.9},
    {"distribution", "Smallest cosine of the map and those from other distributions, at least",
     0.7},
    {"specificity", "The map's class gains this much more than any other, nats, more than", 0.0},
    {"fidelity", "Rate of the class, refined map less map, at least", -0.02},
    {"collapse", "Largest |cosine| of the map and those of randomised networks, at most", 0.5},
};

int classmap_role_count(const struct classmap *c, enum classmap_role role, int *first)
{
  int n = 0;
  for (int v = c->n_variants - 1; v >= 0; v--) {
    if (c->variants[v].role != role) continue;
    *first = v;
    n++;
  }
  return n;
}

static void add_text(struct classmap_schema *s, const char *name, const char *text)
{
  s->attrs[s->schema.n_attrs++] =
      (struct store_attr){.name = name, .type = STORE_TEXT, .text = text};
}

static void add_number(struct classmap_schema *s, const char *name, int64_t value)
{
  int64_t *v = pool_take(s->pool, 1, sizeof *v);
  if (!v) return;
  *v = value;
  s->attrs[s->schema.n_attrs++] =
      (struct store_attr){.name = name, .type = STORE_I64, .n = 1, .i64 = v};
}

static void dim(struct classmap_schema *s, const char *group, const char *name, int64_t size,
                const char *const *text, const char *long_name)
{
  s->dims[s->schema.n_dims++] = (struct store_dim){
      .group = group, .name = name, .size = size, .text = text, .long_name = long_name};
}

/** A variable along the dimensions named, separated by blanks; data NULL: written later. */
static void var(struct classmap_schema *s, const char *path, enum store_type type, const char *dims,
                const char *units, const void *data, const char *long_name)
{
  const char *slash = strchr(path, '/');
  struct store_var v = {.group = pool_text(s->pool, "%.*s", (int)(slash - path), path),
                        .name = slash + 1,
                        .type = type,
                        .units = units,
                        .data = data,
                        .long_name = long_name};
  while (*dims) {
    const int n = (int)strcspn(dims, " ");
    v.dims[v.n_dims++] = pool_text(s->pool, "%.*s", n, dims);
    dims += n + (dims[n] == ' ');
  }
  s->vars[s->schema.n_vars++] = v;
}

static const char *const *class_names(const struct classmap_schema *s)
{
  const struct recipe *r = &s->c->setup->recipe;
  const bool named = r->classes && r->n_classes == s->c->setup->graph->classes;
  return named ? (const char *const *)r->classes : NULL;
}

/** The name of a class, or its number. */
static const char *class_name(const struct classmap_schema *s, int k)
{
  const char *const *names = class_names(s);
  return names ? names[k] : pool_text(s->pool, "%d", k);
}

static err add_root(struct classmap_schema *s)
{
  const struct setup *u = s->c->setup;
  char *config = NULL;
  TRY(classmap_config(s->c, &config));
  add_text(s, "title", "What a model looks for: input-agnostic class maps");
  add_text(s, "software", "retrograd");
  add_text(s, "software_version", RETROGRAD_VERSION);
  add_number(s, "schema_version", STORE_SCHEMA_VERSION);
  add_text(s, "job", "classmap");
  add_text(s, "model_sha256", u->model_sha256);
  if (u->weights_sha256) add_text(s, "weights_sha256", u->weights_sha256);
  add_text(s, "config", pool_text(s->pool, "%s", config));
  free(config);
  if (u->data) add_text(s, "data_sha256", dataset_sha256(u->data));
  add_text(s, "kernel_family", pool_text(s->pool, "%s", product_family()));
  add_text(s, "libraries", pool_text(s->pool, "%s", versions_text()));
  add_text(s, "model", u->model_path);
  if (u->data) add_text(s, "data", u->data_path);
  add_number(s, "classes", u->graph->classes);
  return ERR_OK;
}

/** What every map is of. */
static void add_listed(struct classmap_schema *s)
{
  const struct classmap *c = s->c;
  const size_t n = (size_t)classmap_rows(c);
  int32_t *class = pool_take(s->pool, n, sizeof *class);
  int64_t *seed = pool_take(s->pool, n, sizeof *seed);
  const char **name = pool_take(s->pool, n, sizeof *name);
  const char **from = pool_take(s->pool, n, sizeof *from);
  if (!class || !seed || !name || !from) return;
  for (size_t i = 0; i < n; i++) {
    const struct classmap_variant *v = classmap_variant_of(c, (int64_t)i);
    class[i] = classmap_class_of(c, (int64_t)i);
    seed[i] = (int64_t)v->images.seed;
    name[i] = v->name;
    from[i] = v->images.given ? "images" : v->images.from.with.text;
  }
  var(s, "samples/class_index", STORE_I32, "sample", "1", class, "Class that the map is of");
  var(s, "samples/seed", STORE_I64, "sample", "1", seed, "Seed of the map's samples");
  var(s, "samples/variant", STORE_TEXT, "sample", "1", name, "Which of the class's maps it is");
  var(s, "samples/distribution", STORE_TEXT, "sample", "1", from, "What samples were drawn from");
}

static void add_status(struct classmap_schema *s)
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
  var(s, "samples/status", STORE_U8, "sample", "1", NULL, "Whether the map is there: 1 is done");
  struct store_var *v = &s->vars[s->schema.n_vars - 1];
  v->zero = true;
  v->n_attrs = 2;
  v->attrs = attr;
}

static void add_samples(struct classmap_schema *s)
{
  const struct classmap *c = s->c;
  dim(s, "samples", "sample", classmap_rows(c), NULL, "Map: of a class, in a variant");
  dim(s, "samples", "class", c->setup->graph->classes, class_names(s), "Class of the model");
  dim(s, "samples", "factor", CLASSMAP_FACTORS, NULL, "Multiple of the map that is added");
  add_listed(s);
  add_status(s);
  var(s, "samples/factor_value", STORE_F64, "factor", "1", classmap_factors, "The multiple");
  var(s, "samples/gain", STORE_F32, "sample class", "1", NULL,
      "Mean gain of each logit when the map is added to held-out samples");
  var(s, "samples/base_logit", STORE_F32, "sample", "1", NULL,
      "Mean logit of the class on held-out samples as they are");
  var(s, "samples/base_rate", STORE_F32, "sample", "1", NULL,
      "Share of held-out samples that the model gives the class as they are");
  var(s, "samples/logit", STORE_F32, "sample factor", "1", NULL,
      "Mean logit of the class on held-out samples with the map added");
  var(s, "samples/rate", STORE_F32, "sample factor", "1", NULL,
      "Share of held-out samples with the map added that the model gives the class");
  var(s, "samples/refined_logit", STORE_F32, "sample factor", "1", NULL,
      "The same logit with the refined map");
  var(s, "samples/refined_rate", STORE_F32, "sample factor", "1", NULL,
      "The same share with the refined map");
  var(s, "samples/halves_cosine", STORE_F32, "sample", "1", NULL,
      "Cosine of the summed gradients of even and of odd blocks of samples");
  if (!c->images) return;
  var(s, "samples/image_rate", STORE_F32, "sample factor", "1", NULL,
      "Share of the given images with the map added that the model gives the class");
  var(s, "samples/refined_image_rate", STORE_F32, "sample factor", "1", NULL,
      "The same share with the refined map");
}

static void add_axes(struct classmap_schema *s, const char *group)
{
  const struct classmap *c = s->c;
  dim(s, group, "channel", c->scale.channels, NULL, "Channel, in the model's order");
  dim(s, group, "y", c->height, NULL, "Row, from the top");
  dim(s, group, "x", c->width, NULL, "Column, from the left");
}

static void add_maps(struct classmap_schema *s)
{
  const struct classmap *c = s->c;
  int64_t *iteration = pool_take(s->pool, (size_t)c->n_steps, sizeof *iteration);
  for (int k = 0; iteration && k < c->n_steps; k++) iteration[k] = (int64_t)k * c->every;
  dim(s, "maps", "sample", classmap_rows(c), NULL, "Map: of a class, in a variant");
  dim(s, "maps", "step", c->n_steps, NULL, "When the map was kept");
  add_axes(s, "maps");
  var(s, "maps/iteration", STORE_I64, "step", "1", iteration, "Iterations made until then");
  var(s, "maps/map", STORE_F32, "sample channel y x", "1", NULL,
      "Change of pixels in [0, 1] towards the class");
  var(s, "maps/refined", STORE_F32, "sample channel y x", "1", NULL, "The map after refinement");
  var(s, "maps/iterate", STORE_F32, "sample step channel y x", "1", NULL, "The map on its way");
  var(s, "maps/step_logit", STORE_F32, "sample step", "1", NULL,
      "Mean logit of the class on held-out samples with that map");
  var(s, "maps/step_rate", STORE_F32, "sample step", "1", NULL,
      "Share of held-out samples with that map that the model gives the class");
}

/** What a run that was ended goes on from: two slots for each map, written in turn. */
static void add_state(struct classmap_schema *s)
{
  static const char *const planes[] = {"map", "even_sum", "odd_sum", "moment_1", "moment_2"};
  static const char *const seal[] = {"iteration", "crc32"};
  const struct classmap *c = s->c;
  dim(s, "state", "sample", classmap_rows(c), NULL, "Map: of a class, in a variant");
  dim(s, "state", "plane", class_map_planes(&c->set), planes, "What is kept");
  dim(s, "state", "seal", 2, seal, "Iterations made, and CRC-32 of the slot");
  add_axes(s, "state");
  var(s, "state/slot_0", STORE_F32, "sample plane channel y x", "1", NULL,
      "State of the iteration; equal in both slots when the map is done");
  var(s, "state/slot_1", STORE_F32, "sample plane channel y x", "1", NULL,
      "State of the iteration, written in turn");
  for (int k = 0; k < 2; k++) {
    var(s, k ? "state/seal_1" : "state/seal_0", STORE_I64, "sample seal", "1", NULL,
        "What makes the slot valid");
    s->vars[s->schema.n_vars - 1].zero = true;
  }
}

/** Names of the variants of a role. */
static const char **variant_names(struct classmap_schema *s, enum classmap_role role, int n)
{
  const char **name = pool_take(s->pool, (size_t)n + 1, sizeof *name);
  int first = 0;
  (void)classmap_role_count(s->c, role, &first);
  for (int k = 0; name && k < n; k++) name[k] = s->c->variants[first + k].name;
  return name;
}

/** Cosines of the main maps and those of a role. */
static void add_cosines(struct classmap_schema *s, enum classmap_role role, const char *axis,
                        const char *about, const char *path, const char *long_name)
{
  int first = 0;
  const int n = classmap_role_count(s->c, role, &first);
  if (!n) return;
  dim(s, "summary", axis, n, variant_names(s, role, n), about);
  var(s, path, STORE_F32, pool_text(s->pool, "map_class %s", axis), "1", NULL, long_name);
}

static void add_check_table(struct classmap_schema *s)
{
  const char **name = pool_take(s->pool, CLASSMAP_CHECKS, sizeof *name);
  const char **about = pool_take(s->pool, CLASSMAP_CHECKS, sizeof *about);
  double *threshold = pool_take(s->pool, CLASSMAP_CHECKS, sizeof *threshold);
  if (!name || !about || !threshold) return;
  for (int k = 0; k < CLASSMAP_CHECKS; k++) {
    name[k] = classmap_check_all[k].name;
    about[k] = classmap_check_all[k].about;
    threshold[k] = classmap_check_all[k].threshold;
  }
  dim(s, "summary", "check", CLASSMAP_CHECKS, name, "Check");
  var(s, "summary/about", STORE_TEXT, "check", "1", about, "What is compared with the threshold");
  var(s, "summary/threshold", STORE_F64, "check", "1", threshold, "The same for every model");
  var(s, "summary/worst", STORE_F64, "check", "1", NULL, "The value of the worst class");
  var(s, "summary/passed", STORE_I32, "check", "1", NULL, "Classes that meet the threshold");
  var(s, "summary/of", STORE_I32, "check", "1", NULL,
      "Classes that were looked at; 0: the check was left out, or maps are pending");
  for (int k = 1; k <= 3; k++) s->vars[s->schema.n_vars - k].zero = true;
}

static void add_summary(struct classmap_schema *s)
{
  const struct classmap *c = s->c;
  const char **name = pool_take(s->pool, (size_t)c->n_classes, sizeof *name);
  for (int k = 0; name && k < c->n_classes; k++) name[k] = class_name(s, c->classes[k]);
  dim(s, "summary", "map_class", c->n_classes, name, "Class whose map it is");
  dim(s, "summary", "of_class", c->n_classes, name, "Class whose logit, or other map, it is");
  var(s, "summary/gain", STORE_F32, "map_class of_class", "1", NULL,
      "Mean gain of a class's logit when the map is added to held-out samples");
  var(s, "summary/cosine", STORE_F32, "map_class of_class", "1", NULL, "Cosine of two maps");
  var(s, "summary/margin", STORE_F32, "map_class", "1", NULL,
      "Gain of the map's class less that of the class of the model that gains most besides");
  var(s, "summary/best_map", STORE_U8, "map_class", "1", NULL,
      "1 where no other map raises the logit more");
  var(s, "summary/halves_cosine", STORE_F32, "map_class", "1", NULL,
      "Cosine of the summed gradients of even and of odd blocks of samples");
  var(s, "summary/refined_rate_gain", STORE_F32, "map_class", "1", NULL,
      "Rate of the class with the refined map less that with the map");
  add_cosines(s, CLASSMAP_SEED, "seed", "Other samples", "summary/seed_cosine",
              "Cosine of the map and the one from other samples");
  add_cosines(s, CLASSMAP_CONTRAST, "contrast", "Other distribution", "summary/contrast_cosine",
              "Cosine of the map and the one from another distribution");
  add_cosines(s, CLASSMAP_RANDOMISED, "randomised", "Network with fresh weights",
              "summary/randomised_cosine", "Cosine of the map and that of the randomised network");
  add_check_table(s);
}

/** Checksums of everything that is written for each map. */
static void add_checks(struct classmap_schema *s)
{
  const char **name = pool_take(s->pool, MAX_VARS, sizeof *name);
  int n = 0;
  for (int i = 0; name && i < s->schema.n_vars; i++) {
    const struct store_var *v = &s->vars[i];
    if (!v->data && !strcmp(v->dims[0], "sample"))
      name[n++] = pool_text(s->pool, "%s/%s", v->group, v->name);
  }
  dim(s, "checks", "sample", classmap_rows(s->c), NULL, "Map: of a class, in a variant");
  dim(s, "checks", "variable", n, name, "Variable of this file with a row for each map");
  var(s, "checks/crc32", STORE_U32, "sample variable", "1", NULL,
      "CRC-32 of the map's row of the variable");
}

static err fill(struct classmap_schema *s)
{
  s->attrs = pool_take(s->pool, MAX_ATTRS, sizeof *s->attrs);
  s->dims = pool_take(s->pool, MAX_DIMS, sizeof *s->dims);
  s->vars = pool_take(s->pool, MAX_VARS, sizeof *s->vars);
  CHECK(!pool_failed(s->pool), ERR_MEMORY, "no memory to describe the file");
  TRY(add_root(s));
  add_samples(s);
  add_maps(s);
  add_state(s);
  add_summary(s);
  add_checks(s);
  s->schema.attrs = s->attrs;
  s->schema.dims = s->dims;
  s->schema.vars = s->vars;
  CHECK(!pool_failed(s->pool), ERR_MEMORY, "no memory to describe the file");
  return ERR_OK;
}

err classmap_schema_make(const struct classmap *c, struct classmap_schema **out)
{
  struct pool *pool = pool_make();
  struct classmap_schema *s = pool ? pool_take(pool, 1, sizeof *s) : NULL;
  err e = s ? ERR_OK : FAIL(ERR_MEMORY, "no memory to describe the file");
  if (!e) {
    s->pool = pool;
    s->c = c;
    e = fill(s);
  }
  if (e) {
    pool_free(&pool);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = s;
  return ERR_OK;
}

void classmap_schema_free(struct classmap_schema **s)
{
  if (!*s) return;
  struct pool *pool = (*s)->pool; /* holds the schema itself */
  pool_free(&pool);
  *s = NULL;
}

const struct store_schema *classmap_schema_of(const struct classmap_schema *s)
{
  return &s->schema;
}
