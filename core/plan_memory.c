/** @file
 *  The lives of scratch and of what operators keep, and places for everything in one arena. */
#include "core/arena.h"
#include "core/curve.h"
#include "core/extract_bands.h"
#include "core/plan_layout.h"
#include "core/weigh.h"

#include <stdlib.h>

void layout_add(struct layout *l, int64_t bytes, int first, int last, int64_t *home)
{
  *home = -1;
  if (bytes <= 0) return;
  l->span[l->n_spans] = (struct span){.bytes = bytes, .first = first, .last = last};
  l->home[l->n_spans++] = home;
}

static size_t backward_work(const struct plan *p, int node)
{
  const struct op *op = p->graph->nodes[node].op;
  const size_t own = op->work_bytes ? op->work_bytes(&p->sites[node]) : 0;
  size_t most = own;
  for (int k = 0; k < p->n_passes; k++) {
    const struct override *o = p->passes[k].overrides[node];
    const size_t bytes = o ? (o->work_bytes ? o->work_bytes(&p->passes[k].sites[node]) : 0) : own;
    most = bytes > most ? bytes : most;
  }
  if (p->weigh_pass >= 0 && op->weigh && op->weigh->work_bytes) {
    const size_t bytes = op->weigh->work_bytes(&p->sites[node]);
    most = bytes > most ? bytes : most;
  }
  return most;
}

static void add_nodes(struct layout *l)
{
  const struct plan *p = &l->s->plan;
  for (int i = 0; i < l->n; i++) {
    const struct op *op = p->graph->nodes[i].op;
    const struct op_site *at = &p->sites[i];
    const unsigned reads = layout_reads(p, i);
    const bool in_parts = i < p->parts.head, kept = reads & OP_READS_AUX;
    const int back = l->repeats || in_parts ? layout_last(l) : layout_backward(l, i);
    const int64_t bytes =
        op->aux_bytes ? ((int64_t)op->aux_bytes(at) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN
                      : 0;
    l->s->aux_step[i] = in_parts && kept ? bytes : 0;
    layout_add(l, l->s->aux_step[i] ? bytes * p->parts.n : bytes,
               l->s->aux_step[i] ? 0 : layout_forward(i), kept ? back : layout_forward(i),
               &l->s->aux[i]);
    layout_add(l, op->work_bytes ? (int64_t)op->work_bytes(at) : 0, layout_forward(i),
               layout_forward(i), &l->s->work_fwd[i]);
    layout_add(l, (int64_t)backward_work(p, i), layout_backward(l, i), layout_backward(l, i),
               &l->s->work_bwd[i]);
  }
}

/** Implicit biases that some part at a tap reads. */
static int64_t curve_bytes_at(const struct plan *p, int tap)
{
  const struct plan_tap *t = &p->taps[tap];
  const int producer = p->graph->values[t->value].producer;
  bool reads = false;
  for (int k = t->n_methods; k < plan_tap_all(t); k++) {
    const struct combination_take *take = p->methods[t->methods[k]].take;
    reads = reads || (take && take->reads_curve);
  }
  return reads ? (int64_t)curve_bytes(p->graph->nodes[producer].op, &p->sites[producer]) : 0;
}

int64_t plan_bands_bytes(const struct plan *p, int tap)
{
  const struct plan_tap *t = &p->taps[tap];
  const int rows = extract_bands_rows(t->height, t->width);
  const int producer = p->graph->values[t->value].producer;
  const int64_t input =
      plan_reads_window(p, tap) ? shape_inner(&p->sites[producer].in[0].shape) : 0;
  const struct extract_site at = {.channels = t->channels, .height = t->height, .width = t->width};
  return (int64_t)arena_padded(extract_bands_bytes(&at, p->batch, rows, input));
}

static void add_extracts(struct layout *l)
{
  const struct plan *p = &l->s->plan;
  for (int t = 0; t < p->n_taps; t++) {
    const int step = layout_extracts(l, p->taps[t].value);
    layout_add(l, plan_bands_bytes(p, t) + curve_bytes_at(p, t), step, step,
               &l->s->extract_work[t]);
  }
}

static err place(struct layout *l, struct layout_values *c)
{
  struct plan *p = &l->s->plan;
  layout_add_values(l, c);
  add_nodes(l);
  add_extracts(l);
  p->arena_bytes = arena_place(l->span, l->n_spans);
  CHECK(p->arena_bytes >= 0, ERR_MEMORY, "no memory to plan %d nodes", l->n);
  for (int i = 0; i < l->n_spans; i++) *l->home[i] = l->span[i].offset;
  layout_share(l, c);
  return ERR_OK;
}

err plan_memory(struct plan_storage *s)
{
  struct plan *p = &s->plan;
  struct layout_values c = {0};
  struct layout l = {
      .s = s, .n = p->graph->n_nodes, .repeats = p->n_passes * p->n_targets > 1 || p->resume};
  l.max_spans = 6 * (l.n + 1) + p->n_taps + 3;
  l.span = calloc((size_t)l.max_spans, sizeof *l.span);
  l.home = calloc((size_t)l.max_spans, sizeof *l.home);
  err e = ERR_OK;
  CHECK_DONE(l.span && l.home, ERR_MEMORY, "no memory to plan %d nodes", l.n);
  TRY_DONE(layout_values_make(&c, p->graph->n_values));
  TRY_DONE(place(&l, &c));

done:
  layout_values_free(&c);
  free(l.span);
  free((void *)l.home);
  return e;
}
