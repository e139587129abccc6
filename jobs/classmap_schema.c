/** @file
 *  Groups and attributes of the file. */
#include "jobs/classmap_schema.h"

#include "core/product.h"
#include "io/dataset.h"
#include "io/versions.h"

#include <stdlib.h>
#include <string.h>

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

static const char map_text[] = "Map: of a class, in a variant";

static const char *const *class_names(const struct classmap *c)
{
  const struct recipe *r = &c->setup->recipe;
  const bool named = r->classes && r->n_classes == c->setup->graph->classes;
  return named ? (const char *const *)r->classes : NULL;
}

/** The name of a class, or its number. */
static const char *class_name(struct draft *d, const struct classmap *c, int k)
{
  const char *const *names = class_names(c);
  return names ? names[k] : pool_text(d->pool, "%d", k);
}

static err add_root(struct draft *d, const struct classmap *c)
{
  const struct setup *u = c->setup;
  char *config = NULL;
  TRY(classmap_config(c, &config));
  draft_root(d, "What a model looks for: input-agnostic class maps", "classmap");
  draft_text(d, "model_sha256", u->model_sha256);
  if (u->weights_sha256) draft_text(d, "weights_sha256", u->weights_sha256);
  draft_text(d, "config", pool_text(d->pool, "%s", config));
  free(config);
  if (u->data) draft_text(d, "data_sha256", dataset_sha256(u->data));
  draft_text(d, "kernel_family", pool_text(d->pool, "%s", product_family()));
  draft_text(d, "libraries", pool_text(d->pool, "%s", versions_text()));
  draft_text(d, "model", u->model_path);
  if (u->data) draft_text(d, "data", u->data_path);
  draft_number(d, "classes", u->graph->classes);
  return ERR_OK;
}

/** What every map is of. */
static void add_listed(struct draft *d, const struct classmap *c)
{
  const size_t n = (size_t)classmap_rows(c);
  int32_t *class = pool_take(d->pool, n, sizeof *class);
  int64_t *seed = pool_take(d->pool, n, sizeof *seed);
  const char **name = pool_take(d->pool, n, sizeof *name);
  const char **from = pool_take(d->pool, n, sizeof *from);
  if (!class || !seed || !name || !from) return;
  for (size_t i = 0; i < n; i++) {
    const struct classmap_variant *v = classmap_variant_of(c, (int64_t)i);
    class[i] = classmap_class_of(c, (int64_t)i);
    seed[i] = (int64_t)v->images.seed;
    name[i] = v->name;
    from[i] = v->images.given ? "images" : v->images.from.with.text;
  }
  (void)draft_var(d, "samples/class_index", STORE_I32, "sample", "1", class,
                  "Class that the map is of");
  (void)draft_var(d, "samples/seed", STORE_I64, "sample", "1", seed, "Seed of the map's samples");
  (void)draft_var(d, "samples/variant", STORE_TEXT, "sample", "1", name,
                  "Which of the class's maps it is");
  (void)draft_var(d, "samples/distribution", STORE_TEXT, "sample", "1", from,
                  "What samples were drawn from");
}

static void add_samples(struct draft *d, const struct classmap *c)
{
  (void)draft_dim(d, "samples", "sample", classmap_rows(c), NULL, map_text);
  (void)draft_dim(d, "samples", "class", c->setup->graph->classes, class_names(c),
                  "Class of the model");
  (void)draft_dim(d, "samples", "factor", CLASSMAP_FACTORS, NULL,
                  "Multiple of the map that is added");
  add_listed(d, c);
  draft_status(d, "Whether the map is there: 1 is done");
  (void)draft_var(d, "samples/factor_value", STORE_F64, "factor", "1", classmap_factors,
                  "The multiple");
  (void)draft_var(d, "samples/gain", STORE_F32, "sample class", "1", NULL,
                  "Mean gain of each logit when the map is added to held-out samples");
  (void)draft_var(d, "samples/base_logit", STORE_F32, "sample", "1", NULL,
                  "Mean logit of the class on held-out samples as they are");
  (void)draft_var(d, "samples/base_rate", STORE_F32, "sample", "1", NULL,
                  "Share of held-out samples that the model gives the class as they are");
  (void)draft_var(d, "samples/logit", STORE_F32, "sample factor", "1", NULL,
                  "Mean logit of the class on held-out samples with the map added");
  (void)draft_var(d, "samples/rate", STORE_F32, "sample factor", "1", NULL,
                  "Share of held-out samples with the map added that the model gives the class");
  (void)draft_var(d, "samples/refined_logit", STORE_F32, "sample factor", "1", NULL,
                  "The same logit with the refined map");
  (void)draft_var(d, "samples/refined_rate", STORE_F32, "sample factor", "1", NULL,
                  "The same share with the refined map");
  (void)draft_var(d, "samples/halves_cosine", STORE_F32, "sample", "1", NULL,
                  "Cosine of the summed gradients of even and of odd blocks of samples");
  if (!c->images) return;
  (void)draft_var(d, "samples/image_rate", STORE_F32, "sample factor", "1", NULL,
                  "Share of the given images with the map added that the model gives the class");
  (void)draft_var(d, "samples/refined_image_rate", STORE_F32, "sample factor", "1", NULL,
                  "The same share with the refined map");
}

static void add_axes(struct draft *d, const struct classmap *c, const char *group)
{
  (void)draft_dim(d, group, "channel", c->scale.channels, NULL, "Channel, in the model's order");
  (void)draft_dim(d, group, "y", c->height, NULL, "Row, from the top");
  (void)draft_dim(d, group, "x", c->width, NULL, "Column, from the left");
}

static void add_maps(struct draft *d, const struct classmap *c)
{
  int64_t *iteration = pool_take(d->pool, (size_t)c->n_steps, sizeof *iteration);
  for (int k = 0; iteration && k < c->n_steps; k++) iteration[k] = (int64_t)k * c->every;
  (void)draft_dim(d, "maps", "sample", classmap_rows(c), NULL, map_text);
  (void)draft_dim(d, "maps", "step", c->n_steps, NULL, "When the map was kept");
  add_axes(d, c, "maps");
  (void)draft_var(d, "maps/iteration", STORE_I64, "step", "1", iteration,
                  "Iterations made until then");
  (void)draft_var(d, "maps/map", STORE_F32, "sample channel y x", "1", NULL,
                  "Change of pixels in [0, 1] towards the class");
  (void)draft_var(d, "maps/refined", STORE_F32, "sample channel y x", "1", NULL,
                  "The map after refinement");
  (void)draft_var(d, "maps/iterate", STORE_F32, "sample step channel y x", "1", NULL,
                  "The map on its way");
  (void)draft_var(d, "maps/step_logit", STORE_F32, "sample step", "1", NULL,
                  "Mean logit of the class on held-out samples with that map");
  (void)draft_var(d, "maps/step_rate", STORE_F32, "sample step", "1", NULL,
                  "Share of held-out samples with that map that the model gives the class");
}

/** What a run that was ended goes on from: two slots for each map, written in turn. */
static void add_state(struct draft *d, const struct classmap *c)
{
  static const char *const planes[] = {"map", "even_sum", "odd_sum", "moment_1", "moment_2"};
  static const char *const seal[] = {"iteration", "crc32"};
  (void)draft_dim(d, "state", "sample", classmap_rows(c), NULL, map_text);
  (void)draft_dim(d, "state", "plane", class_map_planes(&c->set), planes, "What is kept");
  (void)draft_dim(d, "state", "seal", 2, seal, "Iterations made, and CRC-32 of the slot");
  add_axes(d, c, "state");
  (void)draft_var(d, "state/slot_0", STORE_F32, "sample plane channel y x", "1", NULL,
                  "State of the iteration; equal in both slots when the map is done");
  (void)draft_var(d, "state/slot_1", STORE_F32, "sample plane channel y x", "1", NULL,
                  "State of the iteration, written in turn");
  for (int k = 0; k < 2; k++) {
    draft_var(d, k ? "state/seal_1" : "state/seal_0", STORE_I64, "sample seal", "1", NULL,
              "What makes the slot valid")
        ->zero = true;
  }
}

/** Names of the variants of a role. */
static const char **variant_names(struct draft *d, const struct classmap *c,
                                  enum classmap_role role, int n)
{
  const char **name = pool_take(d->pool, (size_t)n + 1, sizeof *name);
  int first = 0;
  (void)classmap_role_count(c, role, &first);
  for (int k = 0; name && k < n; k++) name[k] = c->variants[first + k].name;
  return name;
}

/** Cosines of the main maps and those of a role. */
static void add_cosines(struct draft *d, const struct classmap *c, enum classmap_role role,
                        const char *axis, const char *about, const char *path,
                        const char *long_name)
{
  int first = 0;
  const int n = classmap_role_count(c, role, &first);
  if (!n) return;
  (void)draft_dim(d, "summary", axis, n, variant_names(d, c, role, n), about);
  (void)draft_var(d, path, STORE_F32, pool_text(d->pool, "map_class %s", axis), "1", NULL,
                  long_name);
}

static void add_check_table(struct draft *d)
{
  const char **name = pool_take(d->pool, CLASSMAP_CHECKS, sizeof *name);
  const char **about = pool_take(d->pool, CLASSMAP_CHECKS, sizeof *about);
  double *threshold = pool_take(d->pool, CLASSMAP_CHECKS, sizeof *threshold);
  if (!name || !about || !threshold) return;
  for (int k = 0; k < CLASSMAP_CHECKS; k++) {
    name[k] = classmap_check_all[k].name;
    about[k] = classmap_check_all[k].about;
    threshold[k] = classmap_check_all[k].threshold;
  }
  (void)draft_dim(d, "summary", "check", CLASSMAP_CHECKS, name, "Check");
  (void)draft_var(d, "summary/about", STORE_TEXT, "check", "1", about,
                  "What is compared with the threshold");
  (void)draft_var(d, "summary/threshold", STORE_F64, "check", "1", threshold,
                  "The same for every model");
  draft_var(d, "summary/worst", STORE_F64, "check", "1", NULL, "The value of the worst class")
      ->zero = true;
  draft_var(d, "summary/passed", STORE_I32, "check", "1", NULL, "Classes that meet the threshold")
      ->zero = true;
  draft_var(d, "summary/of", STORE_I32, "check", "1", NULL,
            "Classes that were looked at; 0: the check was left out, or maps are pending")
      ->zero = true;
}

static void add_summary(struct draft *d, const struct classmap *c)
{
  const char **name = pool_take(d->pool, (size_t)c->n_classes, sizeof *name);
  for (int k = 0; name && k < c->n_classes; k++) name[k] = class_name(d, c, c->classes[k]);
  (void)draft_dim(d, "summary", "map_class", c->n_classes, name, "Class whose map it is");
  (void)draft_dim(d, "summary", "of_class", c->n_classes, name,
                  "Class whose logit, or other map, it is");
  (void)draft_var(d, "summary/gain", STORE_F32, "map_class of_class", "1", NULL,
                  "Mean gain of a class's logit when the map is added to held-out samples");
  (void)draft_var(d, "summary/cosine", STORE_F32, "map_class of_class", "1", NULL,
                  "Cosine of two maps");
  (void)draft_var(
      d, "summary/margin", STORE_F32, "map_class", "1", NULL,
      "Gain of the map's class less that of the class of the model that gains most besides");
  (void)draft_var(d, "summary/best_map", STORE_U8, "map_class", "1", NULL,
                  "1 where no other map raises the logit more");
  (void)draft_var(d, "summary/halves_cosine", STORE_F32, "map_class", "1", NULL,
                  "Cosine of the summed gradients of even and of odd blocks of samples");
  (void)draft_var(d, "summary/refined_rate_gain", STORE_F32, "map_class", "1", NULL,
                  "Rate of the class with the refined map less that with the map");
  add_cosines(d, c, CLASSMAP_SEED, "seed", "Other samples", "summary/seed_cosine",
              "Cosine of the map and the one from other samples");
  add_cosines(d, c, CLASSMAP_CONTRAST, "contrast", "Other distribution", "summary/contrast_cosine",
              "Cosine of the map and the one from another distribution");
  add_cosines(d, c, CLASSMAP_RANDOMISED, "randomised", "Network with fresh weights",
              "summary/randomised_cosine", "Cosine of the map and that of the randomised network");
  add_check_table(d);
}

static err fill(struct draft *d, const struct classmap *c)
{
  TRY(add_root(d, c));
  add_samples(d, c);
  add_maps(d, c);
  add_state(d, c);
  add_summary(d, c);
  draft_checks(d, classmap_rows(c), 0, map_text, "map");
  return draft_end(d);
}

err classmap_schema_make(const struct classmap *c, struct draft **out)
{
  TRY(draft_make(out));
  const err e = fill(*out, c);
  if (e) draft_free(out);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}
