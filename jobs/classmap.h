#pragma once
/* What a study of class maps consists of.  Its samples are maps: of every class asked for, in every variant. */
#include "core/class_map.h"
#include "jobs/setup.h"

#include <stdbool.h>

/* What a variant is for. */
enum classmap_role {
  CLASSMAP_MAIN,
  CLASSMAP_SEED,      /* the same with other samples: repeatability */
  CLASSMAP_CONTRAST,  /* another distribution, or the images that were given */
  CLASSMAP_RANDOMISED /* a network whose last stages have fresh weights */
};

enum { CLASSMAP_NAME = USE_TEXT + 24, CLASSMAP_MOST_IMAGES = 256, CLASSMAP_ALL_STAGES = -1 };

struct classmap_variant {
  char name[CLASSMAP_NAME];
  enum classmap_role role;
  struct class_images images;
  int stages; /* randomised, from the logits back; 0: none */
};

struct classmap {
  struct setup *setup;
  const struct options *options;
  struct pixel_scale scale;
  struct class_map_settings set;
  int height, width;
  int64_t pixels;
  int n_classes, *classes; /* whose maps are made */
  int n_variants;
  struct classmap_variant *variants; /* the first is the main one */
  int iterations, every, n_steps;    /* iteration 0, every, 2 every, ... of the curves */
  int held_out;
  real *images; /* [n_images][pixels] given ones, NULL: none */
  int64_t n_images;
};

/* Factors of a map at which logits and rates are measured; the one of 1 is the map itself. */
extern const double classmap_factors[];
enum { CLASSMAP_FACTORS = 6, CLASSMAP_WHOLE = 3 };

/** Row r of the study is class r mod n_classes in variant r / n_classes. */
static inline const struct classmap_variant *classmap_variant_of(const struct classmap *c,
                                                                 int64_t row)
{
  return &c->variants[row / c->n_classes];
}
static inline int classmap_class_of(const struct classmap *c, int64_t row)
{
  return c->classes[row % c->n_classes];
}
static inline int64_t classmap_rows(const struct classmap *c)
{
  return (int64_t)c->n_classes * c->n_variants;
}

/** Read the options; the model and its recipe are there, and the data set where one was given.
 *  Errors: ERR_USAGE, ERR_MEMORY, ERR_INPUT. */
MUST_CHECK err classmap_make(struct setup *s, const struct options *o, struct classmap *out);
void classmap_free(struct classmap *c);

/** The settings as canonical JSON; new, the caller frees.  Errors: ERR_MEMORY. */
MUST_CHECK err classmap_config(const struct classmap *c, char **json);

/** The option table. */
extern const struct option classmap_options[];
