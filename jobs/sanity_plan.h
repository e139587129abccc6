#pragma once
/* What a study of parameter randomisation consists of: stages, orders, fresh weights, comparisons. */
#include "core/similarity.h"
#include "core/stage.h"
#include "jobs/setup.h"
#include "jobs/twin.h"

/** How stages follow each other. */
struct sanity_order {
  const char *name;
  bool cascades; /* everything from the logits back to the stage is random, not the stage alone */
};

enum { SANITY_ORDERS = 2, SANITY_MEASURES = 16, SANITY_VECTORS = 5 };

struct sanity {
  struct setup setup;
  struct stage *stages; /* [n_stages] all, from the logits back */
  int n_stages;
  int *chosen; /* [n_chosen] stages at which maps are compared, ascending */
  int n_chosen;
  struct sanity_order orders[SANITY_ORDERS];
  int n_orders;
  bool fixed;    /* the class that the trained network explains, not each network's own */
  bool at_input; /* maps are made as large as the input before they are compared */
  bool reuse;    /* forward begins at the stage */
  const struct similarity *measures[SANITY_MEASURES];
  int n_measures;
  int *starts; /* [n_starts] values at which random signals are put */
  int n_starts;
  struct initialise_use how;
  struct twin twin;
};

/* The options that this reads, to be put into a job's table. */
#define SANITY_OPTIONS                                                                           \
  {"order",                                                                                      \
   OPTION_LIST,                                                                                  \
   ROLE_SETTING,                                                                                 \
   "LIST",                                                                                       \
   "cascade",                                                                                    \
   "cascade: all from the logits back to a stage is random; independent: the stage alone."},     \
      {"stages",                                                                                 \
       OPTION_LIST,                                                                              \
       ROLE_SETTING,                                                                             \
       "LIST",                                                                                   \
       "all",                                                                                    \
       "Operators with weights at which maps are compared: names, globs, operator types, "       \
       "indices."},                                                                              \
      {"class",                                                                                  \
       OPTION_TEXT,                                                                              \
       ROLE_SETTING,                                                                             \
       "fixed|predicted",                                                                        \
       "fixed",                                                                                  \
       "Explain the class of the trained network, or what each random network's own targets "    \
       "are."},                                                                                  \
      {"initialiser", OPTION_TEXT,                                                               \
       ROLE_SETTING,  "NAME",                                                                    \
       "normal",      "Fresh weights: normal (everything from N(0, std^2)), torch or kaiming."}, \
      {"initial-std", OPTION_REAL, ROLE_SETTING,                                                 \
       "X",           "0.1",       "Deviation of the initialiser normal."},                      \
      {"measures",                                                                               \
       OPTION_LIST,                                                                              \
       ROLE_SETTING,                                                                             \
       "LIST",                                                                                   \
       "spearman,spearman_absolute,ssim,hog_pearson",                                            \
       "How alike two maps are: pearson, cosine, spearman, spearman_absolute, ssim, "            \
       "ssim_gaussian, "                                                                         \
       "ssim_flipped, hog_pearson, hog_spearman."},                                              \
      {"compare",                                                                                \
       OPTION_TEXT,                                                                              \
       ROLE_SETTING,                                                                             \
       "own|input",                                                                              \
       "own",                                                                                    \
       "Maps as they are, or made as large as the input first (bilinear); hog wants 48 x 48."},  \
      {"starts",                                                                                 \
       OPTION_LIST,                                                                              \
       ROLE_SETTING,                                                                             \
       "LIST",                                                                                   \
       NULL,                                                                                     \
       "Layers at which five random signals begin, for cosine similarity convergence."},         \
      {"resamples", OPTION_INT, ROLE_SETTING, "N", "10000", "Of the bootstrap for intervals."},  \
  {                                                                                              \
    "reuse", OPTION_FLAG, ROLE_RUN, NULL, "true",                                                \
        "Begin forward at the stage, with what the layers before it left; --no-reuse: at the "   \
        "input "                                                                                 \
        "(the same bits, for comparison)."                                                       \
  }

/** Read the options that need no model.  Errors: ERR_USAGE. */
MUST_CHECK err sanity_read(struct sanity *s, const struct options *o);

/** The stages of the model; sets setup.resume.  After setup_model, before setup_plan.  Errors: ERR_USAGE. */
MUST_CHECK err sanity_stages(struct sanity *s, const struct options *o);

/** Where random signals begin, and the network with fresh weights.  After setup_plan.  Collective. */
MUST_CHECK err sanity_networks(struct sanity *s, const struct options *o);

/** Free everything, the setup as well.  Collective. */
void sanity_free(struct sanity *s);

/** Whether forward can begin at a stage: the plan has no copies of the input and no reference. */
bool sanity_reuses(const struct sanity *s);

/** Name of a stage: what it makes. */
const char *sanity_stage_name(const struct sanity *s, int chosen);
