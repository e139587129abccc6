#pragma once
/* A list of axes that older opsets give as an attribute and newer ones as a constant input. */
#include "core/op.h"

struct axes {
  bool by_input;
  int n;
  int given[SHAPE_MAX_RANK]; /* as written, maybe negative */
};

/** Read the attribute `axes` where the opset is below `since`, from which on it is an input. */
MUST_CHECK err axes_parse(const struct attr_list *list, int opset, int since, struct axes *a);

/** *set: bit i for each axis i that is named, of a tensor of `rank` dimensions; *n: how many, 0 where none
 *  are given.  Input i of the node holds them where they are an input.
 *  Errors: ERR_FORMAT out of range or twice. */
MUST_CHECK err axes_settle(const struct axes *a, const struct operand *in, int n_in, int i,
                           int rank, unsigned *set, int *n);
