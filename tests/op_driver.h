#pragma once
/* Runs one operator outside any graph: builds its site from short texts, fills operands, converts
 * between the logical row-major layout [batch, d1, ...] in double and the storage of shape.h. */
#include "core/op.h"

enum { DRIVER_INPUTS = 6, DRIVER_ATTRS = 8, DRIVER_INTS = 64 };

/** What to build.
 *
 *  attrs   "group=2 alpha=0.5 pads=[1,1,1,1] auto_pad='VALID'": int, float, ints, string; [1.0,2.5] floats
 *  inputs  "x3,8,8 c4,3,3,3 -": x activation (extents without the batch), w the same with all extents of one
 *          sample, q positive, y sixteen times as far from 0; c constant floats, p the same but positive,
 *          s0.5 a constant scalar, f1.0,2.5 a constant vector, i0,-1 constant integers, j1 a scalar integer, k2,2:0,1,1,0 integers of a
 *          shape, b3,4 random zeros and ones of a shape, - absent */
struct op_case {
  const char *op;
  int opset;
  const char *attrs, *inputs;
};

enum driver_values {
  DRIVER_SPREAD,  /* distinct multiples of 1/256 plus 1/512: no ties, none near a kink; see below */
  DRIVER_INTEGERS /* -3 .. 3: sums are exact */
};

struct op_driver {
  const struct op *op;
  int opset, batch;
  char text[512];
  struct attr_list attrs;
  struct attr attr[DRIVER_ATTRS];
  int64_t attr_ints[DRIVER_ATTRS][DRIVER_INTS];
  float attr_floats[DRIVER_ATTRS][DRIVER_INTS];
  struct operand in[DRIVER_INPUTS];
  int64_t ints[DRIVER_INPUTS][DRIVER_INTS];
  double *value[DRIVER_INPUTS]; /* logical; constants row-major */
  real *constant[DRIVER_INPUTS];
  void *attr_data;
  struct op_site at;
  int64_t n_y;               /* over the whole batch */
  double *y;                 /* logical, by driver_forward */
  double *dy;                /* logical, random; free to change */
  double *dx[DRIVER_INPUTS]; /* logical, by driver_backward; NULL for constants */
  real *x_stored[DRIVER_INPUTS], *y_stored;
  void *aux, *work, *prepared;
};

/** Build, fill with values from `seed`, parse and infer.  Returns what the operator says.
 *  driver_free in any case. */
MUST_CHECK err driver_make(struct op_driver *d, const struct op_case *c, int batch,
                           enum driver_values how, uint64_t seed);
void driver_free(struct op_driver *d);

/** value -> y.  Output, aux and work are filled with rubbish before. */
void driver_forward(struct op_driver *d);

/** dy -> dx, `times` times into the same zeroed dx; inputs whose bit is in `skip` get NULL.  What the
 *  operator does not declare to read is NULL.  After driver_forward. */
void driver_backward(struct op_driver *d, int times, unsigned skip);

/** The same once, into dx that hold rubbish and are to be set; `in_place`: dx[0] lies on dy.  Only for
 *  operators that can. */
void driver_backward_set(struct op_driver *d, bool in_place);

/** driver_forward with y on x[0]; only for operators that can, after driver_forward. */
void driver_forward_in_place(struct op_driver *d);

/** Elements of input i over the whole batch (of the tensor for constants). */
int64_t driver_count(const struct op_driver *d, int i);

/** New random values for input i (not where it is a constant) and dy of the samples but `keep`;
 *  each becomes `fill` where that is not NaN. */
void driver_change_others(struct op_driver *d, int keep, double fill, uint64_t seed);

/** A number in 0 .. n - 1; *state any. */
int64_t driver_random(uint64_t *state, int64_t n);
