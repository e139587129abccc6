#pragma once
/* Normalisations of groups of elements at inference, forward and backward:
 *
 *    y = (x - mean) inv scale + bias,   inv = 1 / sqrt(variance + epsilon)
 *
 *  with mean and variance (that of the group, divided by its size) in double. */
#include "core/groups.h"
#include "core/weigh.h"

/** Where the groups of one node lie. */
struct normalise {
  struct groups groups;
  double epsilon;
  /* Element (a, b) of group k is scaled by element  offset(k) + a step_a + b step_b  of the scale and of
   * the bias. */
  int64_t step_a, step_b;
  int64_t offset_every, offset_step; /* offset(k) = k / offset_every * offset_step */
};

/** How the private attribute of such an operator begins. */
struct normalise_attr {
  double epsilon;
  struct normalise (*of)(const struct op_site *at);
};

/** Read `epsilon`, 1e-5 where absent.  Errors: ERR_FORMAT unless it is at least 0. */
MUST_CHECK err normalise_parse(const struct attr_list *list,
                               struct normalise (*of)(const struct op_site *at),
                               struct normalise_attr *a);

enum { NORMALISE_X, NORMALISE_SCALE, NORMALISE_BIAS }; /* inputs; the last two are constants */

/** Bytes for mean and inv of every group. */
size_t normalise_aux_bytes(const struct op_site *at);

void normalise_forward(const struct op_fwd *c);

/** dx (+)= inv (g - mean of g - xhat mean of (g xhat)),  g = dy scale,  xhat = (x - mean) inv. */
void normalise_backward(const struct op_bwd *c);

/** Gradients of scale and bias:  d scale += sum of dy xhat,  d bias += sum of dy. */
extern const struct weigh normalise_weigh;

/** The fields that every such operator has alike. */
#define NORMALISE_FIELDS                                                                          \
  .attr_bytes = sizeof(struct norm), .parse = parse, .infer = infer,                              \
  .aux_bytes = normalise_aux_bytes, .forward = normalise_forward, .backward = normalise_backward, \
  .backward_reads = OP_READS_X | OP_READS_AUX, .can_set = true, .weigh = &normalise_weigh
