#pragma once
/* What every job that computes on a model and a data set begins with: read, choose, plan. */
#include "core/graph.h"
#include "core/method.h"
#include "core/plan.h"
#include "io/dataset.h"
#include "io/onnx.h"
#include "io/recipe.h"
#include "jobs/option.h"
#include "jobs/target.h"
#include "pipeline/shared.h"

#include <stdbool.h>

struct evaluation;

struct setup {
  const char *model_path, *data_path; /* as given */
  char model_sha256[65];
  char *weights_sha256;    /* of the files of external data, see weights.h; NULL: none */
  struct onnx_notes notes; /* what was done to the model while it was read */
  struct graph *graph;
  struct recipe recipe;
  struct dataset *data;
  struct method *methods;
  struct target *targets;
  int n_methods, n_targets;
  bool *wanted;          /* [n_taps][n_methods] */
  bool *over;            /* [n_taps] layers that methods over a set of them combine */
  double *layer_weights; /* [N_LAYER_WEIGHTS][n_taps] NaN where there is none; NULL: none */
  char *left_out; /* lines: which methods of a word for many are left out, and why; NULL: none */
  int64_t first, count; /* samples [first, first + count) of the data set are this study's */
  int unit;
  int shard, n_shards; /* shard 1..n_shards of them; 0: all */
  uint64_t seed;
  char baseline_sha256[65]; /* of their list; empty: none */
  real *baselines;          /* [n_baselines][elements of the input] */
  int n_baselines;
  real low[3], high[3]; /* of the model's input, channel by channel: black or white */
  bool *
      resume; /* [n_nodes] where forward may begin again (plan.h), set before the plan; NULL: nowhere */
  struct plan *plan;
  const struct evaluation
      *evaluation;                   /* what is evaluated while maps are in memory; NULL: nothing */
  struct shared *weights, *prepared; /* of this node; NULL: this rank has its own */
  struct shared *list;               /* of samples, likewise */
  void *own_list;                    /* where this rank has one that rank 0 has read */
  bool layers_only; /* set before the plan: no methods over a set of layers, nor after a step */
  bool brief;       /* this rank makes no file: its schema leaves out the samples' names */
  int64_t loading_bytes; /* private memory of this rank once the model was read */
};

/* The options that these steps read, to be put into a job's table. */
#define SETUP_MODEL_OPTIONS                                                                          \
  {"model", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "The classifier, an ONNX file."},                   \
      {"size", OPTION_TEXT, ROLE_SETTING,                                                            \
       "HxW",  NULL,        "Input size: where the model leaves it open, or another than its own."}, \
  {                                                                                                  \
    "output", OPTION_TEXT, ROLE_SETTING, "NAME", NULL,                                               \
        "The output that holds the logits, for a model with several; by default what goes into a "   \
        "final softmax is taken."                                                                    \
  }

#define SETUP_LIMITS_OPTION                                                            \
  {                                                                                    \
    "reader-limits", OPTION_LIST, ROLE_SETTING, "NAME=VALUE,...", NULL,                \
        "Other limits against hostile files than those that `retrograd limits` lists." \
  }

/* How pixels become the model's input. */
#define SETUP_PIXEL_OPTIONS                                                                   \
  {"filter", OPTION_TEXT, ROLE_SETTING,                                                       \
   "NAME",   NULL,        "Resampling: nearest, box, bilinear, bicubic or lanczos."},         \
      {"crop", OPTION_TEXT, ROLE_SETTING, "none|centre", NULL, "Crop after resizing."},       \
      {"scale", OPTION_TEXT, ROLE_SETTING, "X", NULL, "Pixels are multiplied by X (1/255)."}, \
      {"mean", OPTION_TEXT, ROLE_SETTING, "R,G,B", NULL, "Then the mean is taken off."},      \
      {"std", OPTION_TEXT, ROLE_SETTING, "R,G,B", NULL, "Then divided by the deviation."},    \
      {"channel-order", OPTION_TEXT, ROLE_SETTING, "RGB|BGR", NULL, "What the model wants."}, \
      {"exif",       OPTION_TEXT,                                                             \
       ROLE_SETTING, "ignore|apply",                                                          \
       NULL,         "EXIF orientation; ignored by default, as Pillow and torchvision do."},  \
  {                                                                                           \
    "classes", OPTION_TEXT, ROLE_RUN, "FILE", NULL, "Class names: one a line, or CSV."        \
  }

#define SETUP_DATA_OPTIONS                                                                          \
  {"data",   OPTION_TEXT,                                                                           \
   ROLE_RUN, "PATH",                                                                                \
   NULL,     "Images: a folder (sub-folders are labels), a CSV manifest, or FILE.h5[:DATASET]."},   \
      {"limit", OPTION_INT, ROLE_SETTING, "N", "0", "Only the first N samples; 0: all."},           \
      {"recipe", OPTION_TEXT,                                                                       \
       ROLE_RUN, "FILE",                                                                            \
       NULL,     "JSON file with size, resize, mean, std and classes; default: beside the model."}, \
      {"view",                                                                                      \
       OPTION_LIST,                                                                                 \
       ROLE_SETTING,                                                                                \
       "LIST",                                                                                      \
       NULL,                                                                                        \
       "Images seen otherwise: mosaic=GRIDS.json, invert, blind or blind=MASKS (the object is "     \
       "painted with the colour at which the input is 0), rescale=FACTOR:OFFSET (another input "    \
       "space of the same network)."},                                                              \
      {"resize",     OPTION_TEXT,                                                                   \
       ROLE_SETTING, "none|N|HxW",                                                                  \
       NULL,         "Resize the short side to N, or to H x W; default: what the recipe says."},    \
      SETUP_PIXEL_OPTIONS

#define SETUP_METHOD_OPTIONS                                                                       \
  {"methods",                                                                                      \
   OPTION_LIST,                                                                                    \
   ROLE_SETTING,                                                                                   \
   "LIST",                                                                                         \
   "gradient,grad_cam,normgrad",                                                                   \
   "Names or rule/extract/aggregate, globs, averages[...], table, basic, all; see retrograd "      \
   "methods."},                                                                                    \
      {"over",                                                                                     \
       OPTION_LIST,                                                                                \
       ROLE_SETTING,                                                                               \
       "LIST",                                                                                     \
       NULL,                                                                                       \
       "Layers that layers_sum and other methods over a set of layers combine; default: those of " \
       "--layers."},                                                                               \
  {                                                                                                \
    "combination-weights", OPTION_TEXT, ROLE_SETTING, "FILE", NULL,                                \
        "Weights of layers for layers_sum(weights=...): JSON, as retrograd weigh writes it."       \
  }

#define SETUP_AVERAGE_OPTIONS                                                                  \
  {"seed", OPTION_INT, ROLE_SETTING,                                                           \
   "N",    "0",        "Of random numbers: smoothgrad and other averages, the target other."}, \
  {                                                                                            \
    "baseline", OPTION_TEXT, ROLE_SETTING, "PATH", NULL,                                       \
        "Images from which integrated_gradients(baseline=given) (the first) and "              \
        "expected_gradients "                                                                  \
        "begin: as --data."                                                                    \
  }

#define SETUP_LAYERS_OPTION(otherwise)                                                           \
  {                                                                                              \
    "layers", OPTION_LIST, ROLE_SETTING, "LIST", otherwise,                                      \
        "Where maps are taken: names, globs, operator types, indices, all, convs, input, last, " \
        "last_conv; see retrograd layers MODEL."                                                 \
  }

#define SETUP_UNIT_OPTIONS                                                                \
  {"targets",                                                                             \
   OPTION_LIST,                                                                           \
   ROLE_SETTING,                                                                          \
   "LIST",                                                                                \
   "predicted",                                                                           \
   "Whose logit is explained: label, predicted, topK, least, other, given, class:NAME."}, \
      SETUP_ENGINE_OPTIONS

#define SETUP_KERNEL_OPTIONS                                                                      \
  {"winograd",   OPTION_FLAG,                                                                     \
   ROLE_SETTING, NULL,                                                                            \
   "true",       "Compute 3x3 convolutions by Winograd's F(4x4, 3x3); bits depend on it."},       \
  {                                                                                               \
    "blas-core", OPTION_TEXT, ROLE_RUN, "NAME", NULL,                                             \
        "Matrix products by OpenBLAS's kernels of this name, such as Haswell, or auto; default: " \
        "our own, with the same bits on every CPU that has fused multiply-add."                   \
  }

#define SETUP_ENGINE_OPTIONS                                                    \
  {"unit", OPTION_INT, ROLE_SETTING,                                            \
   "N",    "0",        "Samples computed together; 0: chosen from the model."}, \
      SETUP_KERNEL_OPTIONS

#define SETUP_PLAN_OPTIONS SETUP_LAYERS_OPTION("input,last"), SETUP_UNIT_OPTIONS

/** Read the graph of the option `model`, once more. */
MUST_CHECK err setup_read(const struct options *o, struct onnx_notes *notes, struct graph **out);

/** The same for images of extent[0] x extent[1]. */
MUST_CHECK err setup_read_at(const struct options *o, const int extent[2], struct graph **out);

/** Read the model's graph alone. */
MUST_CHECK err setup_graph(struct setup *s, const struct options *o);

/** Read the model and its recipe, with the options that change it. */
MUST_CHECK err setup_model(struct setup *s, const struct options *o);

/** Refuse ranks that would compute something else: other kernels, another model.  Ranks of one node
 *  then hold the weights in common.  Collective. */
MUST_CHECK err setup_ranks(struct setup *s);

/** Checksums of the model's external data; every rank must see files of the same sizes.  Collective. */
MUST_CHECK err setup_weights(struct setup *s);

/** Open the data set: rank 0 reads the list, a node holds it once, and each rank looks whether one file
 *  of it is the same from there.  Collective. */
MUST_CHECK err setup_data(struct setup *s, const struct options *o);

/** Read what averages over copies want: seed and baselines.  After setup_data.  Collective. */
MUST_CHECK err setup_averages(struct setup *s, const struct options *o);

/** Which method is taken at which of the layers that the options name; s->methods are there, and the graph.
 *  Methods that a word for many named are left out where they have no map or no rule; s->left_out says which. */
MUST_CHECK err setup_cells(struct setup *s, const struct options *o);

/** Choose methods, layers and targets, and make the plan.  Collective. */
MUST_CHECK err setup_plan(struct setup *s, const struct options *o);

/** The same with the names of the methods given. */
MUST_CHECK err setup_plan_of(struct setup *s, const struct options *o, const char *const *methods,
                             int n_methods);

/** Warn, on rank 0, where no recipe and no option says how pixels become the model's input. */
void setup_say_pixels(const struct setup *s, const struct options *o);

/** s->low and s->high, from the recipe. */
void setup_input_range(struct setup *s);

/** The request that setup_plan makes its plan of. */
struct plan_request setup_request(const struct setup *s, const struct options *o);

/** Make a plan whose transformed weights ranks of a node hold in common, and let go of what they replace.
 *  weights: what holds the constants of g, NULL where each rank has its own.
 *  *prepared: outlives the plan.  Collective. */
MUST_CHECK err setup_make_plan(struct plan_request r, struct graph *g, const struct shared *weights,
                               struct shared **prepared, struct plan **out);

/** The plan of what s holds: graph, unit, methods, wanted, n_targets; nodes share what it prepares.
 *  Collective. */
MUST_CHECK err setup_plan_chosen(struct setup *s, const struct options *o);

/** Samples of a unit: the option `unit`, or by the model.  Errors: ERR_USAGE. */
MUST_CHECK err setup_unit(struct setup *s, const struct options *o);

/** Refuse to compute where Slurm started several tasks and MPI knows of one: each would do all the
 *  work, and all but one would find the file locked.  Errors: ERR_USAGE. */
MUST_CHECK err setup_tasks(const struct options *o);

/** Restrict the study to the shard that the option `shard` names, "i/n" with 1 <= i <= n: the i-th of
 *  n runs of whole units, whose sizes differ by at most one unit.  After the plan.
 *  Errors: ERR_USAGE. */
MUST_CHECK err setup_shard(struct setup *s, const struct options *o);

/** Free everything.  Collective where setup_ranks was called. */
void setup_free(struct setup *s);

/** The recipe's JSON file of a model: the option, or MODEL.json where it exists, or NULL.
 *  text: buffer for the name. */
const char *setup_recipe_path(const char *model, const char *given, char *text, int bytes);
