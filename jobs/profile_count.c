/** @file
 *  Operations and bytes of a unit, from the plan. */
#include "jobs/profile.h"

/** Bytes of a value for the unit, or of a constant. */
static int64_t value_bytes(const struct plan *p, int value)
{
  const struct operand *is = &p->graph->values[value].is;
  return shape_count(&is->shape) * (is->fixed ? 1 : p->batch) * (int64_t)sizeof(real);
}

/** Bytes of the constants that a node reads: transformed ones instead of its weights where it has any. */
static int64_t constant_bytes(const struct plan *p, int node)
{
  const struct node *n = &p->graph->nodes[node];
  int64_t bytes = p->sites[node].prepared ? (int64_t)n->op->prepared_bytes(&p->sites[node]) : 0;
  const int64_t prepared = bytes;
  for (int k = 0; k < n->n_in; k++) {
    const bool replaced = k == 1 && prepared;
    if (n->in[k] >= 0 && p->graph->values[n->in[k]].is.fixed && !replaced)
      bytes += value_bytes(p, n->in[k]);
  }
  return bytes;
}

static int64_t aux_bytes(const struct plan *p, int node)
{
  const struct op *op = p->graph->nodes[node].op;
  return op->aux_bytes ? (int64_t)op->aux_bytes(&p->sites[node]) : 0;
}

static int64_t activation_bytes(const struct plan *p, int node)
{
  const struct node *n = &p->graph->nodes[node];
  int64_t bytes = 0;
  for (int k = 0; k < n->n_in; k++)
    if (n->in[k] >= 0 && !p->graph->values[n->in[k]].is.fixed) bytes += value_bytes(p, n->in[k]);
  return bytes;
}

/** Adjoints of a pass: dy is read, each dx is written; with it what backward reads. */
static int64_t backward_bytes(const struct plan *p, const struct plan_pass *pass, int node)
{
  const struct node *n = &p->graph->nodes[node];
  const unsigned reads = plan_reads(p, pass, node);
  int64_t bytes = 0;
  for (int k = 0; k < n->n_in; k++)
    if (n->in[k] >= 0 && pass->need[n->in[k]]) bytes += value_bytes(p, n->in[k]);
  if (!bytes) return 0;
  bytes += value_bytes(p, n->out) + constant_bytes(p, node);
  if (reads & OP_READS_X) bytes += activation_bytes(p, node);
  if (reads & OP_READS_Y) bytes += value_bytes(p, n->out);
  if (reads & OP_READS_AUX) bytes += aux_bytes(p, node);
  return bytes;
}

/** Activation and signal that extracts at a value read, over all passes. */
static int64_t extract_bytes(const struct plan *p, int value)
{
  const int tap = p->tap_of_value[value];
  int64_t bytes = 0;
  for (int k = 0; tap >= 0 && k < p->n_passes; k++)
    if (p->passes[k].tapped[tap]) bytes += (p->kept[value] ? 2 : 1) * value_bytes(p, value);
  return bytes * p->n_targets;
}

void profile_count(struct profile *profile)
{
  const struct plan *p = profile->plan;
  for (int i = 0; i < p->graph->n_nodes; i++) {
    const struct op *op = p->graph->nodes[i].op;
    const int64_t flops = op->flops ? op->flops(&p->sites[i]) * p->batch : 0;
    struct profile_cost *c = profile->cost[i];
    c[PROFILE_FORWARD].flops = flops;
    c[PROFILE_FORWARD].bytes = constant_bytes(p, i) + activation_bytes(p, i) +
                               value_bytes(p, p->graph->nodes[i].out) + aux_bytes(p, i);
    c[PROFILE_EXTRACT].bytes = extract_bytes(p, p->graph->nodes[i].out);
    for (int k = 0; k < p->n_passes; k++) {
      const int64_t bytes = backward_bytes(p, &p->passes[k], i) * p->n_targets;
      c[PROFILE_BACKWARD].bytes += bytes;
      c[PROFILE_BACKWARD].flops += bytes ? flops * p->n_targets : 0;
    }
  }
  profile->cost[p->graph->n_nodes][PROFILE_EXTRACT].bytes = extract_bytes(p, p->graph->input);
}
