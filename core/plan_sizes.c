/** @file
 *  Plans of methods that look at the image in several sizes: each size has a plan of its own, for one sample and
 *  one target, over the same network with other shapes. */
#include "core/bicubic.h"
#include "core/plan_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void plan_free_sizes(struct plan_storage *s)
{
  for (int i = 0; s->sizes && i < s->plan.n_sizes; i++) {
    plan_free(&s->sizes[i].plan);
    graph_free(&s->sizes[i].graph);
    free(s->sizes[i].kept);
  }
  free(s->sizes);
  free(s->sized);
  free(s->seen);
}

static const struct combination *sized_by(const struct method *m)
{
  const struct combination *c = m->combination.combination;
  return c && c->sizes && !m->meta.on ? c : NULL;
}

/** Rows and columns of size i of the images of a graph. */
static void extent_of(const struct graph *g, const struct method *m, int i, int out[2])
{
  const struct shape *x = &g->values[g->input].is.shape;
  const int own[2] = {shape_height(x), shape_width(x)};
  m->combination.combination->size(&m->combination.with, i, own, out);
}

static err resize(const struct graph *g, const struct method *m, const int extent[2],
                  struct graph **out)
{
  const err e = graph_resize(g, extent[0], extent[1], out);
  char why[1024];
  if (!e) return ERR_OK;
  (void)snprintf(why, sizeof why, "%s", err_message());
  return FAIL(e, "method '%s' looks at images in several sizes, but %s", m->given, why);
}

/** The index of a tap among those that are looked at, added where it is not there. */
static int see(struct plan_storage *s, int tap)
{
  int i = 0;
  while (i < s->plan.n_seen && s->seen[i] != tap) i++;
  if (i == s->plan.n_seen) s->seen[s->plan.n_seen++] = tap;
  return i;
}

/** The index of a size, added where it is not there, without its plan. */
static err size_of(struct plan_storage *s, const struct graph *g, const struct method *m, int i,
                   int *out)
{
  struct plan *p = &s->plan;
  int extent[2];
  extent_of(g, m, i, extent);
  for (*out = 0; *out < p->n_sizes; ++*out)
    if (!memcmp(s->sizes[*out].extent, extent, sizeof extent)) return ERR_OK;
  struct plan_size *more = realloc(s->sizes, (size_t)(p->n_sizes + 1) * sizeof *more);
  CHECK(more, ERR_MEMORY, "no memory for %d sizes of the image", p->n_sizes + 1);
  s->sizes = more;
  p->sizes = more;
  more[p->n_sizes] = (struct plan_size){.extent = {extent[0], extent[1]}};
  TRY(resize(g, m, extent, &more[p->n_sizes].graph));
  p->n_sizes++;
  return ERR_OK;
}

/** One method: which tap it looks at, in which sizes. */
static err add_sized(struct plan_storage *s, const struct plan_request *r, int method)
{
  const struct method *m = &r->methods[method];
  const struct combination *c = m->combination.combination;
  struct combination_parts parts = {
      .graph = r->graph, .method = m, .layers = r->layers, .weights = r->layer_weights};
  struct plan_sized *to = &s->sized[s->plan.n_sized++];
  const err e = c->parts(&parts, &m->combination.with);
  *to = (struct plan_sized){.method = method, .n = c->sizes(&m->combination.with)};
  if (!e) to->seen = see(s, parts.part[0].tap);
  free(parts.part);
  if (e) return err_trace(e, __FILE__, __LINE__);
  for (int i = 0; i < to->n; i++) TRY(size_of(s, r->graph, m, i, &to->size[i]));
  return ERR_OK;
}

/** The plan of one size: activation and gradient at every tap that is looked at. */
static err inner_plan(struct plan_storage *s, const struct plan_request *r, struct plan_size *z)
{
  const struct plan *p = &s->plan;
  const struct method cell = {.rule = rule_default(rule_find("gradient")),
                              .extract = extract_find("scaling"),
                              .aggregate = aggregate_find("sum")};
  bool *wanted = calloc((size_t)z->graph->n_taps, sizeof *wanted);
  z->kept = calloc((size_t)p->n_seen, sizeof *z->kept);
  struct plan_request inner = {.graph = z->graph,
                               .batch = 1,
                               .n_targets = 1,
                               .n_methods = 1,
                               .methods = &cell,
                               .wanted = wanted,
                               .plain = r->plain,
                               .whole = true,
                               .like = p};
  err e = wanted && z->kept ? ERR_OK : FAIL(ERR_MEMORY, "no memory for a plan");
  for (int i = 0; i < p->n_seen && !e; i++) wanted[p->seen[i]] = true;
  if (!e) e = plan_make(&inner, &z->plan);
  free(wanted);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** Where what is seen at a size is kept. */
static void keep(struct plan *p, const struct plan_size *z)
{
  for (int i = 0; i < p->n_seen; i++) {
    z->kept[i] = p->kept_reals;
    p->kept_reals += plan_elements(z->plan, z->graph->taps[p->seen[i]]) * (1 + p->n_targets);
  }
}

/** What the tapes of all sizes take, one after the other on the same arena. */
static void count(struct plan *p)
{
  const struct shape *x = &p->graph->values[p->graph->input].is.shape;
  const int own[2] = {shape_height(x), shape_width(x)};
  int64_t arena = 0;
  for (int i = 0; i < p->n_sizes; i++) {
    const struct plan *q = p->sizes[i].plan;
    p->n_forward += p->batch * q->n_forward;
    p->n_backward += p->batch * p->n_targets * q->n_backward;
    arena = q->arena_bytes > arena ? q->arena_bytes : arena;
    p->sizes_bytes += q->prepared_bytes + q->rows_floats * (int64_t)sizeof(float);
  }
  p->sizes_bytes += arena +
                    (p->kept_reals + plan_elements(p, p->graph->input)) * (int64_t)sizeof(real) +
                    plan_sizes_work(p, own) * (int64_t)sizeof(double);
}

int64_t plan_sizes_work(const struct plan *p, const int own[2])
{
  int64_t rows = 0, cubic = 0;
  for (int i = 0; i < p->n_sizes; i++) {
    const struct plan_size *z = &p->sizes[i];
    const int64_t work = (int64_t)bicubic_work(own, z->extent);
    cubic = work > cubic ? work : cubic;
    for (int k = 0; k < z->plan->n_taps; k++)
      rows = z->plan->taps[k].height > rows ? z->plan->taps[k].height : rows;
  }
  const int64_t maps = (3 * (int64_t)own[0] + rows) * own[1];
  return maps > cubic ? maps : cubic;
}

err plan_sizes(struct plan_storage *s, const struct plan_request *r)
{
  struct plan *p = &s->plan;
  int n = 0;
  for (int m = 0; m < r->n_methods; m++) n += sized_by(&r->methods[m]) != NULL;
  if (!n) return ERR_OK;
  s->sized = calloc((size_t)n, sizeof *s->sized);
  s->seen = calloc((size_t)n, sizeof *s->seen);
  CHECK(s->sized && s->seen, ERR_MEMORY, "no memory for %d methods", n);
  p->sized = s->sized;
  p->seen = s->seen;
  for (int m = 0; m < r->n_methods; m++)
    if (sized_by(&r->methods[m])) TRY(add_sized(s, r, m));
  for (int i = 0; i < p->n_sizes; i++) {
    TRY(inner_plan(s, r, &s->sizes[i]));
    keep(p, &s->sizes[i]);
  }
  count(p);
  return ERR_OK;
}
