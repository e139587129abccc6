#pragma once
/* Gradients with respect to the constants of operators: meta-saliency alone wants them.  An operator that
 * has some gives a `struct weigh`; one sample at a time.  Source: METHODS 1.5. */
#include "core/op.h"

struct weigh_call {
  const struct op_site *at; /* batch 1 */
  const real *const *x;     /* [n_in] activations as stored, constants row-major */
  const real *dy;           /* adjoint of y, as stored, read only */
  real *const *dw; /* [n_in] of constants that are parameters: ACCUMULATED; NULL for all others */
  void *work;      /* [work_bytes] scratch */
};

struct weigh {
  unsigned parameters; /* bit i: input i is a parameter where it is a constant */
  bool several;        /* a constant of one element is a setting, not a parameter */
  size_t (*work_bytes)(const struct op_site *at); /* NULL: none */
  void (*run)(const struct weigh_call *c);
};

/** Whether input i of a node is a parameter. */
bool weigh_is_parameter(const struct op *op, const struct op_site *at, int i);

/** Whether a node has a constant of several numbers that no gradient is made for. */
bool weigh_is_missing(const struct op *op, const struct op_site *at);

/** `run` of sums and products of two operands: the operator's own backward, towards its constant. */
void weigh_by_backward(const struct weigh_call *c, void (*backward)(const struct op_bwd *c));
