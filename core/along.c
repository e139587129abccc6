/** @file
 *  Loops over lines along one axis. */
#include "core/along.h"

#include "core/operand.h"

struct along along_axis(const struct op_site *at, int axis)
{
  const struct shape_steps out = shape_steps(&at->ys, at->batch);
  const struct shape_steps in = operand_steps(&at->in[0], at->batch);
  struct along a = {.step_out = out.axis[axis], .step_in = in.axis[axis]};
  nest_add(&a.others, at->batch, (int64_t[NEST_ARRAYS]){out.batch, in.batch});
  for (int i = 0; i < at->ys.rank; i++) {
    if (i != axis)
      nest_add(&a.others, at->ys.dim[i], (int64_t[NEST_ARRAYS]){out.axis[i], in.axis[i]});
  }
  nest_settle(&a.others, 0);
  return a;
}
