#pragma once
/* Methods over a set of taps: maps at several places become one at the input's resolution.  One combination
 * per file combination_<name>.c, one line in combination_list.h.
 *
 * A combination says which cells it wants at which taps.  They are read off in the passes that are made
 * anyway, into memory of the tape's own, and put together when all passes of the unit are over. */
#include "core/extract.h"
#include "core/rule.h"

struct graph;
struct node;
struct method;

enum { COMBINATION_EXTRA = 2 }; /* floats behind a map that a `take` may use: a double */

/** One sample at one tap, the whole tensor of it. */
struct combination_site {
  const struct use *with; /* parameters of the combination */
  struct extract_site at;
  const real *bias;                /* b of (k, u) is bias[k * bias_channel + u * bias_step] */
  int64_t bias_channel, bias_step; /* NULL at the input */
  double *work;                    /* [positions] scratch */
  float *out;                      /* [positions + COMBINATION_EXTRA] overwritten */
};

/** What is read off a tap where no extract and aggregate gives it. */
struct combination_take {
  struct extract reads; /* what it wants of its tap, as an extract; never run */
  bool reads_bias;      /* of the node that makes the tap */
  bool reads_curve;     /* the node's implicit biases instead (curve.h), from its result */
  void (*run)(const struct combination_site *s);
};

/** What is wanted of one tap. */
struct combination_part {
  int tap; /* of the graph */
  struct rule_use rule;
  const struct extract *extract;
  const struct aggregate *aggregate;
  const struct combination_take *take; /* instead of extract and aggregate; NULL: these */
  double weight;
};

/* Weights of layers that are measured or given. */
#define LAYER_WEIGHTS_LIST(E)                                                                   \
  E(activation, "feature spread at the layer's output")                                         \
  E(activation_in, "feature spread at what the layer reads")                                    \
  E(accuracy, "accuracy of a linear classifier of the layer's pooled features")                 \
  E(pointing_accuracy, "how often the method's maximum at this layer lies in the object's box") \
  E(given, "any other numbers")

enum layer_weights {
#define E(name, text) LAYER_WEIGHTS_##name,
  LAYER_WEIGHTS_LIST(E)
#undef E
      N_LAYER_WEIGHTS
};

extern const char *const layer_weights_name[]; /* ended by NULL */

/** Where parts are collected. */
struct combination_parts {
  const struct graph *graph;
  const struct method *method;
  const bool *layers;    /* [n_taps] those that were asked for; NULL: all */
  const double *weights; /* [N_LAYER_WEIGHTS][n_taps], NaN where there is none; NULL: none at all */
  int n, max;
  struct combination_part *part;
};

/** Where a node stands, for one sample; in [COMBINATION_INPUTS] overwritten, referred to. */
enum { COMBINATION_INPUTS = 8 }; /* of nodes that may be asked about */
struct op_site combination_site_of(const struct graph *g, const struct node *n, struct operand *in);

/** Errors: ERR_MEMORY. */
MUST_CHECK err combination_add(struct combination_parts *p, const struct combination_part *part);

struct combination_input {
  const float *map; /* [height, width], and what its `take` left behind it */
  int height, width;
  double weight;
};

/** One sample: maps in the order of the parts. */
struct combination_call {
  const struct use *with;
  int n;
  const struct combination_input *in; /* [n] */
  int height, width;                  /* of the input */
  float *up;                          /* [height, width] scratch */
  double *sum;                        /* [height, width] scratch */
  float *out;                         /* [height, width] overwritten */
};

enum { COMBINATION_SIZES = 64 }; /* at most */

/** What was seen at one size of the image: activation and signal of the target at the layer, [channels, height,
 *  width] each. */
struct combination_seen {
  const real *a, *g;
  int channels, height, width;
  bool agrees; /* the network predicts what it does at the first size */
};

/** One sample and target, looked at in several sizes. */
struct combination_sizes_call {
  const struct use *with;
  int n;
  const struct combination_seen *seen; /* [n] */
  bool predicted;                      /* the target is what is predicted at the first size */
  int height, width;                   /* of the input at its own size */
  double *work; /* 3 planes of the input, and the most rows of `seen` times its width; scratch */
  float *out;   /* [height, width] overwritten */
};

struct combination {
  const char *name;
  const char *formula;
  const char *source;
  const char *cost;           /* passes of a unit and target, as written for people */
  const char *limits;         /* what it is known not to show */
  const struct param *params; /* ended by {0} */
  const char *of; /* name[method]: the method where the user writes none; NULL: it takes none */
  bool complete;  /* the parts add up to the target's score, but for what is left out */
  bool (*is_signed)(const struct use *with); /* maps may be negative */
  /** Which cells it wants.  Errors: ERR_USAGE, saying what to choose; ERR_MEMORY. */
  err (*parts)(struct combination_parts *p, const struct use *with);
  /** The map; returns what the parts add up to, NaN where that means nothing. */
  double (*run)(const struct combination_call *c);
  /* Of a method that looks at the image in several sizes, NULL for others.  It has one part, whose activation and
   * signal are wanted at each: how many there are, at most COMBINATION_SIZES; rows and columns of the i-th where
   * the network's own are own[2]; and the map, in place of `run`. */
  int (*sizes)(const struct use *with);
  void (*size)(const struct use *with, int i, const int own[2], int out[2]);
  void (*run_sizes)(const struct combination_sizes_call *c);
};

/** A combination with its parameters. */
struct combination_use {
  const struct combination *combination; /* NULL: none */
  struct use with;
};

/** All combinations, in the order of combination_list.h, ended by NULL. */
extern const struct combination *const combination_all[];

/** The combination of that name, or NULL. */
const struct combination *combination_find(const char *name);

/** Read "name" or "name(param=value,...)", whose name is that of a combination.  Errors: ERR_USAGE. */
MUST_CHECK err combination_parse(const char *text, struct combination_use *out);

/** (map - min) / (max - min), in place; zeros where the map is constant (METHODS 8.4). */
void combination_min_max(float *map, int64_t n);
