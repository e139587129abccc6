/** @file
 *  What is a parameter. */
#include "core/weigh.h"

bool weigh_is_parameter(const struct op *op, const struct op_site *at, int i)
{
  const struct weigh *w = op->weigh;
  if (!w || !(w->parameters >> i & 1) || !at->in[i].present || !at->in[i].data) return false;
  return !w->several || shape_count(&at->in[i].shape) > 1;
}

bool weigh_is_missing(const struct op *op, const struct op_site *at)
{
  for (int i = 0; i < at->n_in && !op->weigh; i++)
    if (at->in[i].data && shape_count(&at->in[i].shape) > 1) return true;
  return false;
}

void weigh_by_backward(const struct weigh_call *c, void (*backward)(const struct op_bwd *c))
{
  backward(&(struct op_bwd){.at = c->at, .x = c->x, .dy = c->dy, .dx = c->dw, .work = c->work});
}
