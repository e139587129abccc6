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

static const int64_t spare = INT64_C(64) << 20;

/** What a rank is given of its node. */
static double rank_bytes(const struct demand *d)
{
  return 1.1 * (double)d->private;
}

/** Ranks that a node has cores and memory for. */
static int64_t node_ranks(const struct demand *d)
{
  const double room = (double)(d->room - d->shared - spare);
  const double fit = d->private > 0 ? room / rank_bytes(d) : d->cores;
  return fit < (double)d->cores ? at_least_one((int64_t)fit) : d->cores;
}

static int64_t choose_ranks(const struct demand *d)
{
  const int64_t most = at_least_one(d->units / 10);
  const double wanted = ceil((double)d->units * d->seconds / (60.0 * d->within));
  if (d->ranks > 0) return d->ranks < d->units ? d->ranks : at_least_one(d->units);
  return wanted < (double)most ? at_least_one((int64_t)wanted) : most;
}

struct proposal attribute_propose(const struct demand *d)
{
  struct proposal p;
  p.ranks = choose_ranks(d);
  p.nodes = ceil_div(p.ranks, node_ranks(d));
  p.each = ceil_div(p.ranks, p.nodes);
  p.seconds = (double)ceil_div(d->units, p.ranks) * d->seconds;
  p.lead = 120 + (int64_t)ceil(2.0 * d->seconds);
  p.minutes = (int64_t)ceil((1.3 * p.seconds + (double)p.lead + 60.0) / 60.0);
  p.bytes = (int64_t)(rank_bytes(d) * (double)p.each) + d->shared + spare;
  return p;
}
