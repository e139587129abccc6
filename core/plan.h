#pragma once
/* What a unit's computation consists of and where everything lies in memory; immutable once made. */
#include "core/graph.h"
#include "core/method.h"

#include <stdbool.h>
#include <stdint.h>

struct plan_request {
  const struct graph *graph;
  int batch;     /* samples of a unit */
  int n_targets; /* target slots: one backward pass per rule and slot */
  int n_methods;
  const struct method *methods; /* [n_methods] */
  const bool *wanted;           /* [n_taps][n_methods] which method at which tap */
  const bool *layers; /* [n_taps] those that methods over a set of taps combine; NULL: all */
  const double *layer_weights; /* [N_LAYER_WEIGHTS][n_taps] of them, NaN for none; NULL: none */
  bool weighs;                 /* a pass for gradients of weights; for plan_metas */
  bool plain;                  /* no Winograd */
  uint64_t seed;               /* of averages' random numbers */
  const real *baselines; /* [n_baselines][elements of the input] given for averages; NULL: none */
  int n_baselines;
  const real *input_low, *input_high; /* [channels of the input] smallest and largest number that it
                                         can hold, for rules that want them; NULL: not known */
  int head,
      part;   /* nodes [0, head) go in parts of so many samples; 0: its own choice.  The head must
                     end at a cut (plan_is_cut), and the part must divide the batch */
  bool whole; /* nothing runs in parts */
  const bool
      *resume; /* [n_nodes] forward may begin again at these nodes, with what those before them
                          left (tape_forward_from): nothing runs in parts then; outlives the plan;
                          NULL: nowhere */
  /* Memory for what operators make of their constants: plan_prepared_bytes of it, aligned to
   * ARENA_ALIGN, which outlives the plan; NULL: the plan has its own. */
  void *prepared;
  bool prepared_elsewhere; /* another process fills it, before the plan is used */
  const struct plan
      *like; /* of the same network at another size of the image: what its operators prepared is
                              used where it is the same; outlives the plan; NULL: none */
};

/** A tap at which at least one method is taken; or, behind them, the place of methods over a set of taps,
 *  whose maps are as large as the input: value and tap are -1. */
struct plan_tap {
  int value; /* value id */
  int tap;   /* index among the graph's taps */
  int channels, height, width;
  int n_methods;
  const int *methods; /* [n_methods + n_parts] indices into plan->methods, ascending */
  int64_t rows; /* where its rows [batch, n_targets, n_methods, height, width] begin, in floats */
  /* What combinations want of it: rows of their own, of the tape's memory for parts. */
  int n_parts;
  int64_t part_rows; /* [batch, n_targets, n_parts, plan_part_floats] */
  const real *bias;  /* of the node that makes it, as bias_fill writes it; NULL: not wanted */
  int64_t bias_channel, bias_step; /* element (k, u) is bias[k bias_channel + u bias_step] */
};

/** Where a map that a combination reads lies. */
struct plan_part {
  int tap, k; /* plan tap, and which of its parts */
  double weight;
};

/** A method over a set of taps. */
struct plan_combination {
  int method;
  int n;
  struct plan_part *part; /* [n] in the combination's order */
};

/** The input itself, or copies of it that averages are over. */
struct plan_source {
  struct average_use average; /* the first with these copies; none: the input itself */
  int copies;                 /* 1: the input itself */
};

/** A forward pass of what a rule compares with, and where what it leaves is kept: offsets in reals and in
 *  bytes, -1 for nothing. */
struct plan_reference {
  struct rule_use rule; /* the first with this reference */
  const int64_t *x;     /* [n_values] */
  const int64_t *aux;   /* [n_nodes] */
};

/** The backward passes of one rule and source. */
struct plan_pass {
  int source;     /* index into plan->sources */
  int reference;  /* index into plan->references, -1: none */
  unsigned keeps; /* AVERAGE_* that its averages want */
  struct rule_use rule;
  const bool *need;   /* [n_values] true where the signal is wanted */
  const bool *tapped; /* [n plan taps] true where a method of this rule is taken */
  const struct override *const *overrides; /* [n_nodes] NULL: the operator's own backward */
  const struct rule_site *sites;           /* [n_nodes] where overrides work */
};

/** Nodes [0, head) run part by part of the unit, the others once for all of it. */
struct plan_parts {
  int head;       /* 0: nothing runs in parts */
  int n, samples; /* parts of a unit; samples of a part: of the whole unit where there is one */
  int cut;        /* the value that the head leaves, -1 without one */
};

/** A constant that a step changes. */
struct plan_parameter {
  int value;
  const real *from; /* [n] as the model has it */
  real *to;         /* [n] where the step's graph has it */
  int64_t n;
};

/** Methods on the weights after a step: sample by sample and target by target, by a plan of their own, over
 *  a graph whose parameters a tape writes to; one tape at a time. */
struct plan_meta {
  struct meta_use use;
  struct graph graph;
  struct value *values; /* [n_values] of that graph */
  real *weights;        /* [n_weights] all parameters */
  int64_t n_weights;
  int n_parameters;
  struct plan_parameter *parameters;
  struct plan *plan;
  int *method; /* [methods of that plan] which they are here */
};

/** The network for images of another size, for one sample and one target; every tape of the outer plan has a
 *  tape of its own for it. */
struct plan_size {
  int extent[2]; /* rows and columns of the image */
  struct graph *graph;
  struct plan *plan;
  int64_t *
      kept; /* [n_seen] where the activation of a tap that is looked at is kept, in reals; its signals
                    follow, one for each target */
};

/** A method that looks at the image in several sizes. */
struct plan_sized {
  int method;
  int seen; /* the tap, among those that are looked at */
  int n;
  int size[COMBINATION_SIZES]; /* [n] indices into sizes */
};

struct plan {
  const struct graph *graph; /* not owned */
  struct plan_parts parts;
  int batch, n_targets, n_methods, n_taps, n_passes, n_sources;
  /* Where maps are: indices into taps of those with methods of the request, in graph order, and last the
   * place of methods over a set of taps, where there are any. */
  int n_places;
  const int *places; /* [n_places] */
  int n_all_methods; /* n_methods, and the parts of combinations behind them */
  int n_combinations;
  const struct plan_combination *combinations; /* [n_combinations] */
  int64_t part_floats;                         /* of all parts' rows together */
  int n_metas;
  const struct plan_meta *metas; /* [n_metas] */
  int64_t meta_bytes;            /* of all that they keep */
  int n_sizes, n_sized, n_seen;
  const struct plan_size *sizes;  /* [n_sizes] each once for all methods */
  const struct plan_sized *sized; /* [n_sized] */
  const int *seen;                /* [n_seen] taps of the graph that such methods look at */
  int64_t kept_reals;             /* of one sample, at all sizes */
  int64_t sizes_bytes;            /* of all that they keep */
  const struct plan *like;        /* as requested */
  int weigh_pass; /* the pass that makes gradients of weights, -1: none; nothing is read off it */
  const struct plan_source *sources; /* [n_sources] the first is the input itself */
  int n_references;
  const struct plan_reference *references; /* [n_references] */
  int64_t reference_reals, reference_aux;  /* that they keep, in reals and in bytes */
  /* What averages keep: for pass and tap (pass * n_taps + tap) where its sums begin, in doubles, -1 for
   * none: [n_targets][one for each bit of the pass's `keeps`] tensors as stored; and for a tap where the activation of the
   * input itself begins, in reals, -1 for none. */
  const int64_t *sums, *clean;
  int64_t sums_doubles, clean_reals;
  int n_forward, n_backward; /* passes of a unit */
  int64_t average_bytes;     /* of all that averages keep */
  uint64_t seed;
  const real *baselines, *input_low; /* as requested */
  const bool *resume;
  int n_baselines;
  const struct method *methods; /* [n_all_methods] */
  const struct plan_tap
      *taps; /* [n_taps] in graph order, then the place of methods over a set of taps */
  const struct plan_pass *passes; /* [n_passes] one per rule, in order of first use */
  const int *pass_of; /* [n_all_methods] the pass of a method's rule; of one that is taken */
  const struct op_site *sites; /* [n_nodes] */
  const int *tap_of_value;     /* [n_values] index into taps, or -1 */
  /* Offsets into the arena, in bytes; -1 where there is nothing.  What the head makes is that of one
   * part, or of all parts one after the other where a step in bytes is not 0. */
  const int64_t *activation, *signal;        /* [n_values] */
  const int64_t *aux, *work_fwd, *work_bwd;  /* [n_nodes] */
  const int64_t *extract_work;               /* [n_taps] */
  const int64_t *activation_step, *aux_step; /* [n_values], [n_nodes] */
  /* Of the whole unit, with a head: the input, and the cut's activation and signal. */
  int64_t input_whole, cut_activation, cut_signal;
  const bool *kept; /* [n_values] the activation is still there at the value's extracts */
  int64_t arena_bytes;
  int64_t prepared_bytes; /* transformed weights */
  int64_t rows_floats;    /* of all taps' rows together */
};

/** Whether nodes [0, node) may be a head: of what they read or make only their last result, which is
 *  not the logits, is read later on. */
bool plan_is_cut(const struct graph *g, int node);

/** Samples per unit chosen from the model alone: bits depend on it, so it must not depend on the
 *  machine.  A power of two, at most 16, such that one forward tape stays near 128 MiB. */
int plan_unit_size(const struct graph *g);

/** Bytes that a plan of this request will want for what operators and rules make of constants.
 *  Errors: as plan_make. */
MUST_CHECK err plan_prepared_bytes(const struct plan_request *r, int64_t *bytes);

/** Numbers of a value over the unit; of its largest tap, or 1. */
int64_t plan_elements(const struct plan *p, int value);
int64_t plan_largest_tap(const struct plan *p);

/** Name and operator of a place: of the tap's value, or `over_layers` and `Layers`. */
const char *plan_place_name(const struct plan *p, int i);
const char *plan_place_op(const struct plan *p, int i);

static inline const struct plan_tap *plan_place(const struct plan *p, int i)
{
  return &p->taps[p->places[i]];
}

/** How many places are taps. */
static inline int plan_tap_places(const struct plan *p)
{
  return p->n_places - (p->n_combinations > 0);
}

/** All that is read off a tap in passes: its methods and the parts of combinations. */
static inline int plan_tap_all(const struct plan_tap *t)
{
  return t->n_methods + t->n_parts;
}

/** Floats of one part of one sample. */
static inline int64_t plan_part_floats(const struct plan_tap *t)
{
  return (int64_t)t->height * t->width + COMBINATION_EXTRA;
}

/** Whether the sum of a combination's parts is to be compared with the score. */
bool plan_is_complete(const struct plan *p, int combination);

/** Whether a method has a map at a tap: it is no combination, at the input alone, not inside what its rule makes one operator,
 *  behind convolutions alone. */
bool plan_lives_at(const struct graph *g, const struct method *m, int tap);

/** Whether something at plan tap i reads what the node that makes it read first; whether that is an extract, behind
 *  a convolution. */
bool plan_reads_input(const struct plan *p, int i);
bool plan_reads_window(const struct plan *p, int i);

/** Bytes of a tap's scratch in front of what implicit biases take. */
int64_t plan_bands_bytes(const struct plan *p, int tap);

/** The BatchNormalization that relevance rules make one with node i, whose output it alone reads; -1
 *  where there is none. */
int plan_norm_behind(const struct graph *g, int i);

/** At which taps the rule of a method has a signal: not in front of an operator that it has no formula for.
 *
 *  r        graph, and what is known of the input
 *  reached  [n_taps] overwritten
 *  why      [bytes] overwritten: what the first such operator is; "" without any
 *  Errors: ERR_MEMORY. */
MUST_CHECK err plan_reach(const struct plan_request *r, const struct method *m, bool *reached,
                          char *why, int bytes);

/** Whether there are gradients for every parameter, so that a step can be taken; else why [bytes] says what
 *  is missing. */
bool plan_can_step(const struct graph *g, char *why, int bytes);

/** Doubles of scratch that methods in several sizes want, whose own images have own[2] rows and columns. */
int64_t plan_sizes_work(const struct plan *p, const int own[2]);

/** Make a plan.  The request's graph must outlive it; the methods are copied.
 *  Errors: ERR_MEMORY, ERR_SHAPE (a unit too large for 32-bit matrix extents: says which to lower). */
MUST_CHECK err plan_make(const struct plan_request *r, struct plan **out);
void plan_free(struct plan **p);

/** Let go of constants that only `prepare` of a node read: kernels read what was prepared.  The graph is
 *  the plan's, its weights were moved or gathered, and no further plan can be made of it.
 *  shared: this process releases memory of several, after all of them made their plans. */
void plan_release_constants(const struct plan *p, struct graph *g, bool shared);

/** Whether a pass reads a node's x, y or aux: OP_READS_* of its backward under the rule; 0 when no
 *  input's signal is wanted. */
unsigned plan_reads(const struct plan *p, const struct plan_pass *pass, int node);

/** Whether a node has parameters, whose gradients a pass is to make. */
bool plan_weighs(const struct plan *p, const struct plan_pass *pass, int node);

/** Make everything once more that was made of constants, which have changed.  Cannot fail. */
void plan_prepare_again(struct plan *p);
