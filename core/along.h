#pragma once
/* What operators share that run along one axis, element after element, of input 0 and of the output. */
#include "core/nest.h"

struct along {
  struct nest others; /* all other axes and the samples: array 0 the output, array 1 the input */
  int64_t step_out, step_in;
};

/** Along `axis`, of which input and output may have different extents. */
struct along along_axis(const struct op_site *at, int axis);
