/** @file
 *  From options to maps. */
#include "core/nearest.h"
#include "io/dataset.h"
#include "jobs/classmap.h"
#include "jobs/setup_class.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const double classmap_factors[] = {0.25, 0.5, 0.75, 1.0, 1.5, 2.0};

static err read_int(const struct options *o, const char *name, int64_t least, int64_t most,
                    int *out)
{
  const int64_t v = options_int(o, name);
  CHECK(v >= least && v <= most, ERR_USAGE, "--%s %lld: give %lld to %lld", name, (long long)v,
        (long long)least, (long long)most);
  *out = (int)v;
  return ERR_OK;
}

static err read_real(const struct options *o, const char *name, double least, double most,
                     double *out)
{
  *out = options_real(o, name);
  CHECK(*out >= least && *out <= most, ERR_USAGE, "--%s %g: give %g to %g", name, *out, least,
        most);
  return ERR_OK;
}

/** Which of some words an option is. */
static err read_word(const struct options *o, const char *name, const char *const *words, int n,
                     int *out)
{
  const char *text = options_text(o, name);
  char near[256];
  for (*out = 0; *out < n; (*out)++)
    if (!strcmp(text, words[*out])) return ERR_OK;
  return FAIL(ERR_USAGE, "--%s '%s' is not known%s", name, text,
              nearest_text(text, words, n, near, sizeof near));
}

static err read_words(const struct options *o, struct class_map_settings *s)
{
  static const char *const moments[] = {"none", "first", "adam"}, *const norms[] = {"l2", "linf"},
                           *const surfaces[] = {"ball", "sphere"};
  const char *losses[8];
  int n = 0, k = 0;
  for (; class_loss_all[n] && n < 8; n++) losses[n] = class_loss_all[n]->name;
  TRY(read_word(o, "loss", losses, n, &k));
  s->loss = class_loss_all[k];
  TRY(read_word(o, "moment", moments, 3, &k));
  s->moment = (enum class_moment)k;
  TRY(read_word(o, "norm", norms, 2, &k));
  s->norm = (enum class_norm)k;
  TRY(read_word(o, "surface", surfaces, 2, &k));
  s->surface = (enum class_surface)k;
  return ERR_OK;
}

static err read_settings(struct classmap *c, const struct options *o)
{
  struct class_map_settings *s = &c->set;
  const int side = c->height < c->width ? c->height : c->width;
  TRY(read_words(o, s));
  TRY(read_int(o, "samples", 1, 65536, &s->samples));
  TRY(read_int(o, "iterations", 1, 1000000, &c->iterations));
  TRY(read_int(o, "inner", 1, 1000, &s->inner));
  TRY(read_int(o, "jitter", 0, side - 1, &s->jitter));
  TRY(read_int(o, "refine", 0, 1000000, &s->refine));
  TRY(read_int(o, "held-out", 1, 65536, &c->held_out));
  TRY(read_int(o, "keep-every", 1, 1000000, &c->every));
  TRY(read_real(o, "inner-step", 0.0, 1.0, &s->inner_step));
  TRY(read_real(o, "step", 1e-9, 1.0, &s->step));
  TRY(read_real(o, "beta1", 0.0, 0.999999, &s->beta1));
  TRY(read_real(o, "beta2", 0.0, 0.999999999, &s->beta2));
  TRY(read_real(o, "eta", 1e-9, 1.0, &s->eta));
  TRY(read_real(o, "blur", 0.0, side, &s->blur));
  TRY(read_real(o, "refine-gain", 1.0, 1000.0, &s->refine_gain));
  c->n_steps = c->iterations / c->every + 1;
  return ERR_OK;
}

static bool is_none(const char *const *words, int n)
{
  return n == 0 || (n == 1 && !strcmp(words[0], "none"));
}

static err read_targets(struct classmap *c, const struct options *o)
{
  int n = 0;
  const int all = c->setup->graph->classes;
  const char *const *words = options_list(o, "targets", &n);
  const bool every = n == 1 && !strcmp(words[0], "all");
  CHECK(n, ERR_USAGE, "--targets is empty: name classes, or all");
  c->classes = calloc((size_t)(every ? all : n), sizeof *c->classes);
  CHECK(c->classes, ERR_MEMORY, "no memory for %d classes", all);
  for (int i = 0; i < (every ? all : n); i++) {
    const char *word = every ? "" : words[i];
    if (!strncmp(word, "class:", 6)) word += 6; /* as attribute takes them */
    const int k = every ? i : recipe_class(&c->setup->recipe, word);
    CHECK(k >= 0 && k < all, ERR_USAGE,
          "--targets: the model has no class '%s'; give names, numbers 0 to %d, or all", words[i],
          all - 1);
    for (int j = 0; j < i; j++) {
      CHECK(c->classes[j] != k, ERR_USAGE, "--targets: class '%s' is there twice", words[i]);
    }
    c->classes[i] = k;
  }
  c->n_classes = every ? all : n;
  return ERR_OK;
}

/** A further variant, like the main one so far. */
static struct classmap_variant *add(struct classmap *c, enum classmap_role role)
{
  struct classmap_variant *v = &c->variants[c->n_variants++];
  if (v != c->variants) *v = c->variants[0];
  v->role = role;
  return v;
}

static err add_contrasts(struct classmap *c, const char *const *words, int n)
{
  for (int i = 0; i < n; i++) {
    struct classmap_variant *v = add(c, CLASSMAP_CONTRAST);
    TRY(synthetic_parse(words[i], &v->images.from));
    (void)snprintf(v->name, sizeof v->name, "%s", v->images.from.with.text);
    CHECK(strcmp(v->name, c->variants[0].images.from.with.text) != 0, ERR_USAGE,
          "--contrast %s: that is what the maps are made from", words[i]);
  }
  if (!c->images) return ERR_OK;
  struct classmap_variant *v = add(c, CLASSMAP_CONTRAST);
  v->images.given = c->images;
  v->images.n_given = c->n_images;
  (void)snprintf(v->name, sizeof v->name, "images");
  return ERR_OK;
}

static err add_randomised(struct classmap *c, const char *const *words, int n)
{
  for (int i = 0; i < n; i++) {
    struct classmap_variant *v = add(c, CLASSMAP_RANDOMISED);
    char *end = NULL;
    const long stages = strtol(words[i], &end, 10);
    const bool all = !strcmp(words[i], "all"), last = !strcmp(words[i], "last");
    CHECK(all || last || (!*end && stages >= 1 && stages <= 10000), ERR_USAGE,
          "--randomise '%s': give last, all or a number of stages", words[i]);
    v->stages = all ? CLASSMAP_ALL_STAGES : last ? 1 : (int)stages;
    (void)snprintf(v->name, sizeof v->name, "randomised_%s", words[i]);
  }
  return ERR_OK;
}

static err check_names(const struct classmap *c)
{
  for (int i = 0; i < c->n_variants; i++) {
    for (int j = 0; j < i; j++) {
      CHECK(strcmp(c->variants[i].name, c->variants[j].name) != 0, ERR_USAGE,
            "--contrast and --randomise: '%s' is there twice", c->variants[i].name);
    }
  }
  return ERR_OK;
}

static err read_variants(struct classmap *c, const struct options *o)
{
  int seeds = 0, n_contrast = 0, n_random = 0;
  const char *const *contrast = options_list(o, "contrast", &n_contrast);
  const char *const *random = options_list(o, "randomise", &n_random);
  if (is_none(contrast, n_contrast)) n_contrast = 0;
  if (is_none(random, n_random)) n_random = 0;
  TRY(read_int(o, "seeds", 1, 1000, &seeds));
  c->variants =
      calloc((size_t)seeds + (size_t)n_contrast + (size_t)n_random + 1, sizeof *c->variants);
  CHECK(c->variants, ERR_MEMORY, "no memory for %d seeds", seeds);
  for (int i = 0; i < seeds; i++) {
    struct classmap_variant *v = add(c, i ? CLASSMAP_SEED : CLASSMAP_MAIN);
    if (!i) TRY(synthetic_parse(options_text(o, "from"), &v->images.from));
    v->images.seed = (uint64_t)options_int(o, "seed") + (uint64_t)i;
    (void)snprintf(v->name, sizeof v->name, i ? "seed_%d" : "main", i);
  }
  TRY(add_contrasts(c, contrast, n_contrast));
  TRY(add_randomised(c, random, n_random));
  return check_names(c);
}

/** The first images that can be read, as pixels. */
static err read_images(struct classmap *c)
{
  const struct setup *s = c->setup;
  const int64_t listed = dataset_count(s->data), plane = (int64_t)c->height * c->width;
  const int64_t n = listed < CLASSMAP_MOST_IMAGES ? listed : CLASSMAP_MOST_IMAGES;
  c->images = calloc((size_t)(n * c->pixels), sizeof *c->images);
  CHECK(c->images, ERR_MEMORY, "no memory for %lld images", (long long)n);
  for (int64_t i = 0; i < n; i++) {
    int size[2];
    real *x = c->images + c->n_images * c->pixels;
    if (dataset_load(s->data, i, &s->recipe, plane, x, size) != SAMPLE_DONE) continue;
    for (int64_t u = 0; u < c->pixels; u++) {
      const int k = (int)(u / plane);
      x[u] = synthetic_clip((c->scale.mean[k] + c->scale.std[k] * (double)x[u]) / c->scale.gain);
    }
    c->n_images++;
  }
  CHECK(c->n_images, ERR_INPUT, "%s: none of the first %lld images can be read", s->data_path,
        (long long)n);
  return ERR_OK;
}

err classmap_make(struct setup *s, const struct options *o, struct classmap *out)
{
  const struct shape *in = &s->graph->values[s->graph->input].is.shape;
  *out = (struct classmap){.setup = s,
                           .options = o,
                           .scale = setup_scale(&s->recipe),
                           .height = shape_height(in),
                           .width = shape_width(in),
                           .pixels = shape_count(in)};
  CHECK(in->rank == 4 && shape_channels(in) == s->recipe.channels, ERR_SHAPE,
        "class maps want a model whose input is [1, C, H, W]");
  TRY(read_settings(out, o));
  TRY(read_targets(out, o));
  if (s->data) TRY(read_images(out));
  TRY(read_variants(out, o));
  s->count = classmap_rows(out);
  return ERR_OK;
}

void classmap_free(struct classmap *c)
{
  free(c->classes);
  free(c->variants);
  free(c->images);
  *c = (struct classmap){0};
}
