#pragma once
/* What the files that lay out a plan's memory share: what lives from which step to which.
 *
 *    plan_reads.c   up to which step an activation is read
 *    plan_lives.c   the lives of activations and of signals
 *    plan_memory.c  those of scratch, and all places in one arena
 *
 * Steps, for n nodes: 0 the input is filled; i + 1 node i forward; n + 1 the seed; n + 2 + (n-1-i)
 * node i backward; 2n + 2 the extracts at the input.  With several passes (rules x targets) the
 * backward steps are run again, so what a pass reads then lives to the end.
 *
 * The steps of the head are run once for each part of the unit, first all of forward's, at last all of
 * backward's: what lives from one loop to the other is there for every part, and what a loop leaves or
 * reads as a whole, the cut and the input, lives through all of it. */
#include "core/plan_impl.h"

struct layout {
  struct plan_storage *s;
  int n; /* nodes */
  bool repeats;
  struct span *span;
  int64_t **home; /* where the offset of span k goes */
  int n_spans, max_spans;
};

static inline int layout_forward(int node)
{
  return node + 1;
}
static inline int layout_seed(const struct layout *l)
{
  return l->n + 1;
}
static inline int layout_backward(const struct layout *l, int node)
{
  return l->n + 2 + (l->n - 1 - node);
}
static inline int layout_last(const struct layout *l)
{
  return 2 * l->n + 2;
}

/** The step at which the extracts of a value run: just before its node goes back. */
static inline int layout_extracts(const struct layout *l, int value)
{
  const int producer = l->s->plan.graph->values[value].producer;
  return producer < 0 ? layout_last(l) : layout_backward(l, producer);
}

static inline int layout_later(int a, int b)
{
  return a > b ? a : b;
}

/** Whether the node that makes a value runs in parts; the input is filled in parts, too. */
static inline bool layout_in_head(const struct plan *p, int value)
{
  return p->graph->values[value].producer < p->parts.head && p->parts.head;
}

/** Ask for memory from step `first` to step `last`; its offset goes to *home, -1 where bytes is 0. */
void layout_add(struct layout *l, int64_t bytes, int first, int last, int64_t *home);

/** OP_READS_* of a node's backward, over all passes, and of the extracts just before it. */
unsigned layout_reads(const struct plan *p, int node);

/** Who reads an activation: nodes [first, last), and maybe the extracts. */
struct layout_readers {
  int first, last;
  bool extracts;
};

/** Last step at which a value's activation is read; marks it as kept when that is at its extracts or
 *  after them, and as read again when that is in backward at all. */
int layout_last_read(struct layout *l, int value, struct layout_readers who, bool *read_again);

/** Lives of values: one for all that share memory, kept at their root. */
struct layout_lives {
  int *first, *last, *root; /* [n_values]; last < 0: no life */
};

/** Scratch, [n_values] each. */
struct layout_values {
  struct layout_lives activations, signals;
  int *last_read;
  bool *read_again;
  int *memory; /* what the others point into */
};

/** Errors: ERR_MEMORY; to be freed then, too. */
MUST_CHECK err layout_values_make(struct layout_values *v, int n_values);
void layout_values_free(struct layout_values *v);

/** Ask for the memory of activations and of signals. */
void layout_add_values(struct layout *l, struct layout_values *v);

/** Let values on another's memory be where that is; after places are known. */
void layout_share(struct layout *l, const struct layout_values *v);
