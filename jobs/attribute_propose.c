/** @file
 *  From units and seconds to ranks, nodes and a time limit. */
#include "jobs/attribute_propose.h"

#include <math.h>

static int64_t ceil_div(int64_t a, int64_t b)
{
  return (a + b - 1) / b;
}

static int64_t at_least_one(int64_t n)
{
  return n < 1 ? 1 : n;
}

/** Ranks that a node has cores and memory for. */
static int64_t node_ranks(const struct demand *d)
{
  const int64_t fit = d->private > 0 ? (d->room - d->shared) / d->private : d->cores;
  return at_least_one(fit < d->cores ? fit : d->cores);
}

struct proposal attribute_propose(const struct demand *d)
{
  static const double hour = 3600.0;
  struct proposal p;
  const int64_t most = at_least_one(d->units / 10), each = node_ranks(d);
  const double wanted = ceil((double)d->units * d->seconds / hour);
  p.ranks = wanted < (double)most ? at_least_one((int64_t)wanted) : most;
  p.nodes = ceil_div(p.ranks, each);
  p.each = ceil_div(p.ranks, p.nodes);
  p.seconds = (double)ceil_div(d->units, p.ranks) * d->seconds;
  p.minutes = (int64_t)ceil(1.25 * p.seconds / 60.0) + 2;
  p.bytes = p.each * d->private + d->shared;
  return p;
}
