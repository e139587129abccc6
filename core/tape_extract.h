#pragma once
/* The extracts and aggregates of one tap in one backward pass. */
#include "core/plan.h"

struct tape_tap {
  const struct plan *plan;
  const struct plan_pass *pass;
  const struct average *average; /* the methods of this one are taken; NULL: of the input itself */
  int tap, slot;                 /* plan tap and target slot */
  int first, samples;            /* samples of the unit that lie side by side in a and g */
  const real *a;                 /* activation as stored, read only; NULL where it is not kept */
  const real *g;                 /* signal as stored, read only */
  const real
      *input; /* what the node that makes the tap read first, as stored; NULL unless it is wanted */
  const struct op *op;        /* of that node */
  const struct op_site *node; /* where it stands; NULL where nobody asks */
  void *work;                 /* the tap's scratch: plan->extract_work */
  float *
      rows; /* [batch, n_targets, n_methods, height, width]; of this pass, slot and samples overwritten */
  float *
      part_rows; /* the tap's rows for combinations: [batch, n_targets, n_parts, plan_part_floats] */
};

/** All maps of one tap of one pass, from activation and signal.  Cannot fail; allocates nothing. */
void tape_extract(const struct tape_tap *t);
