/** @file
 *  The head: the first nodes of a network, whose planes are large and whose weights are small, run part
 *  by part of a unit, so that what one node leaves is still in the caches when the next one reads it,
 *  and memory holds the large planes of a part alone.  Later nodes have it the other way round: each of
 *  their many weights should serve all samples of the unit.
 *
 *  Decided by the graph and the unit alone.  No bit depends on it: samples do not mix. */
#include "core/plan_impl.h"

#include <assert.h>

enum {
  PART_BYTES = 8 << 20, /* of the largest value of a part */
  TRANSFORMED = 2       /* times as heavy: weights of 3x3 kernels, which are transformed */
};

static int64_t sample_bytes(const struct graph *g, int value)
{
  return shape_count(&g->values[value].is.shape) * (int64_t)sizeof(real);
}

static bool is_activation(const struct graph *g, int value)
{
  return value >= 0 && !g->values[value].is.fixed;
}

/** The constants of a node take less than half of its largest plane of one sample. */
static bool is_light(const struct graph *g, int node)
{
  const struct node *n = &g->nodes[node];
  int64_t constants = 0, plane = sample_bytes(g, n->out);
  for (int k = 0; k < n->n_in; k++) {
    if (n->in[k] < 0) continue;
    const struct shape *s = &g->values[n->in[k]].is.shape;
    const int64_t bytes = sample_bytes(g, n->in[k]);
    const bool small_kernel = s->rank == 4 && s->dim[2] == 3 && s->dim[3] == 3;
    if (is_activation(g, n->in[k])) {
      plane = bytes > plane ? bytes : plane;
    } else {
      constants += small_kernel ? TRANSFORMED * bytes : bytes;
    }
  }
  return constants <= plane / 2;
}

/** The last node that reads a value; -1 for none. */
static int last_reader(const struct graph *g, int value)
{
  for (int i = g->n_nodes - 1; i >= 0; i--) {
    for (int k = 0; k < g->nodes[i].n_in; k++)
      if (g->nodes[i].in[k] == value) return i;
  }
  return -1;
}

bool plan_is_cut(const struct graph *g, int node)
{
  if (node < 1 || node >= g->n_nodes || last_reader(g, g->input) >= node) return false;
  for (int i = 0; i + 1 < node; i++)
    if (last_reader(g, g->nodes[i].out) >= node) return false;
  return last_reader(g, g->nodes[node - 1].out) >= node;
}

/** The longest head of light nodes: its end, and *largest the bytes of its largest value. */
static int find_head(const struct graph *g, int64_t *largest)
{
  int64_t most = sample_bytes(g, g->input);
  int head = 0;
  *largest = most;
  for (int i = 0; i < g->n_nodes && is_light(g, i); i++) {
    const int64_t bytes = sample_bytes(g, g->nodes[i].out);
    most = bytes > most ? bytes : most;
    if (!plan_is_cut(g, i + 1)) continue;
    head = i + 1;
    *largest = most;
  }
  return head;
}

/** Some rule keeps what a reference leaves, or some extract reads further back than its tap: of the whole
 *  unit. */
static bool wants_whole(const struct plan_storage *s, const struct plan_request *r)
{
  for (int i = 0; i < s->n_parts; i++)
    if (s->parts[i].extract->reads_input) return true;
  for (int i = 0; i < r->n_methods; i++)
    if (r->methods[i].rule.rule->differences || r->methods[i].extract->reads_input) return true;
  return false;
}

struct plan_parts plan_parts_of(const struct plan_storage *s, const struct plan_request *r)
{
  const struct graph *g = r->graph;
  int64_t largest = 0;
  struct plan_parts p = {.head = r->head, .samples = r->part};
  if (r->whole || r->resume || wants_whole(s, r))
    return (struct plan_parts){.samples = r->batch, .n = 1, .cut = -1};
  if (!r->head) {
    p = (struct plan_parts){.head = find_head(g, &largest), .samples = r->batch};
    while (p.samples > 1 && (r->batch % p.samples || largest * p.samples > PART_BYTES)) p.samples--;
  }
  if (!p.head || p.samples == r->batch)
    return (struct plan_parts){.samples = r->batch, .n = 1, .cut = -1};
  assert(plan_is_cut(g, p.head) && r->batch % p.samples == 0);
  p.n = r->batch / p.samples;
  p.cut = g->nodes[p.head - 1].out;
  return p;
}
