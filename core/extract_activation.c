/** @file
 *  The activation itself:  gamma_u = a_u, K entries, whatever the signal is. */
#include "core/extract.h"

static void run(const struct extract_call *c)
{
  const struct extract_site *at = &c->at;
  const int64_t first = (int64_t)c->row * at->width;
  stats_of_channels(at->a + first, at->channels, at->stride, c->rows * at->width, c->wanted,
                    c->out);
}

const struct extract extract_activation = {
    .name = "activation",
    .formula = "gamma_u = a_u",
    .source = "control: a map that no class and no later layer has a say in",
    .reads_activation = true,
    .no_signal = true,
    .run = run,
};
