#pragma once
/* What is evaluated of a study's maps, and how: the same on every rank, for stored maps and for maps in
 * memory. */
#include "core/bootstrap.h"
#include "core/metric.h"
#include "io/objects.h"
#include "io/recipe.h"
#include "jobs/option.h"
#include "jobs/pool.h"
#include "jobs/view.h"
#include "pipeline/study.h"

#include <stdbool.h>

/** The maps of one layer: [n_targets][n_methods][height][width] a sample. */
struct evaluation_layer {
  const char *name, *variable;
  int height, width, n_methods;
  const int *method_at; /* [n_methods] which of the study's methods */
  bool input;           /* the layer is the model's input */
  int energy;           /* place of the method `energy` at this layer, -1: none */
};

struct evaluation {
  struct pool *pool;
  int n_metrics;
  const struct metric **metrics; /* [n_metrics] */
  int tolerance;                 /* of the pointing game */
  double smooth; /* sigma at the input layer, as a share of the longer side; 0: none */
  int step;      /* pixels a step of insertion and deletion */
  struct bootstrap bootstrap;
  int64_t n_samples;
  int n_targets, n_methods, n_layers;
  const char *const *target; /* [n_targets] names */
  const char *const *method; /* [n_methods] names */
  struct evaluation_layer *layers;
  int predicted;           /* the slot `predicted`, -1: none */
  struct recipe recipe;    /* without class names */
  struct objects *objects; /* NULL: none */
  bool grid;               /* they are the cells of mosaics, which the model sees whole */
  char objects_sha256[65]; /* "" where there are none */
};

/* The options that say how. */
#define EVALUATION_OPTIONS                                                                           \
  {"objects",                                                                                        \
   OPTION_TEXT,                                                                                      \
   ROLE_RUN,                                                                                         \
   "FILE.csv",                                                                                       \
   NULL,                                                                                             \
   "Boxes or masks, several an image: path, label, xmin, ymin, xmax, ymax or mask, "                 \
   "difficult; default: the boxes of the manifest."},                                                \
      {"masks",  OPTION_TEXT,                                                                        \
       ROLE_RUN, "FOLDER",                                                                           \
       NULL,     "Masks of the samples' labels: FOLDER/PATH, or without the first folder of PATH."}, \
      {"tolerance", OPTION_INT, ROLE_SETTING,                                                        \
       "N",         "15",       "Pixels of the image, of the pointing game."},                       \
      {"smooth",                                                                                     \
       OPTION_REAL,                                                                                  \
       ROLE_SETTING,                                                                                 \
       "X",                                                                                          \
       "0",                                                                                          \
       "Pointing at the input layer: smooth by a Gaussian of X times the longer side "               \
       "(0.02 in the literature)."},                                                                 \
      {"step", OPTION_INT, ROLE_SETTING,                                                             \
       "N",    "0",        "Pixels a step of insertion and deletion; 0: eight rows of the input."},  \
      {"resamples", OPTION_INT, ROLE_SETTING, "N", "10000", "Of the bootstrap intervals."},          \
      {"level", OPTION_REAL, ROLE_SETTING, "X", "0.95", "Of the bootstrap intervals."},              \
      {"csv", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "The tables of metrics as CSV, too."},            \
  {                                                                                                  \
    "bootstrap-seed", OPTION_INT, ROLE_SETTING, "N", "0", "Of the bootstrap intervals."              \
  }

/** Read names of metrics (globs too; `all`: those that the study has what they need for) and the options
 *  above; layers, slots and recipe of *e are there already.
 *  Errors: ERR_USAGE naming what is missing. */
MUST_CHECK err evaluation_options(struct evaluation *e, const struct options *o,
                                  const char *const *names, int n_names);

/** An evaluation of a study's file; *e is zero.  The view must outlive it.  Objects: the boxes that the
 *  file holds, or those of the options.  Errors: as view_open's; ERR_USAGE, ERR_INPUT. */
MUST_CHECK err evaluation_of_view(struct evaluation *e, struct view *v, const struct options *o);

/** The same of maps that are about to be computed; variable [n places] their names in /maps. */
struct setup;
MUST_CHECK err evaluation_of_setup(struct evaluation *e, const struct setup *s,
                                   const char *const *variable, const struct options *o);

void evaluation_free(struct evaluation *e);

/** The model of a study, where metrics ask it: read, and its file, data set and kernels compared with what the
 *  study recorded.  *out is NULL where no metric asks.  Errors: ERR_MISMATCH, and those of reading. */
struct evaluation_model;
MUST_CHECK err evaluation_model_open(const struct evaluation *e, struct view *v,
                                     const struct options *o, struct evaluation_model **out);
void evaluation_model_close(struct evaluation_model **m);

/** What evaluation_rows_ask wants. */
struct perturb;
struct perturb *evaluation_model_perturb(struct evaluation_model *m);

/** Take the images of a unit; their logits must be those of the study, or nearly so.
 *  Errors: ERR_MISMATCH, and those of reading. */
MUST_CHECK err evaluation_model_unit(struct evaluation_model *m, const struct evaluation *e,
                                     const struct study_unit *unit);

/** Forward passes made so far. */
int64_t evaluation_model_passes(const struct evaluation_model *m);

/** Whether a metric asks the model about blurred images. */
bool evaluation_blurs(const struct evaluation *e);

/** Whether a metric asks for something, such as METRIC_MODEL. */
bool evaluation_needs(const struct evaluation *e, unsigned what);
