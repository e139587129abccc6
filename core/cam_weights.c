/** @file
 *  Activations with one weight a channel. */
#include "core/cam_weights.h"

void cam_run(const struct extract_call *c)
{
  const struct extract_site *at = &c->at;
  stats_of_weighted(at->a + (int64_t)c->row * at->width, c->weights, at->channels, at->stride,
                    c->rows * at->width, c->wanted, c->out);
}
