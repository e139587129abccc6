/** @file
 *  Methods over a set of taps: which cells they want at which taps, and where these lie. */
#include "core/arena.h"
#include "core/bias.h"
#include "core/plan_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *plan_place_name(const struct plan *p, int i)
{
  const struct plan_tap *t = plan_place(p, i);
  return t->value >= 0 ? p->graph->values[t->value].name : "over_layers";
}

const char *plan_place_op(const struct plan *p, int i)
{
  const struct plan_tap *t = plan_place(p, i);
  return t->value >= 0 ? graph_value_op(p->graph, t->value) : "Layers";
}

bool plan_is_complete(const struct plan *p, int combination)
{
  const struct method *m = &p->methods[p->combinations[combination].method];
  return m->combination.combination->complete && !m->average.average && !m->meta.on;
}

void plan_free_parts(struct plan_storage *s)
{
  for (int i = 0; s->combinations && i < s->plan.n_combinations; i++) free(s->combinations[i].part);
  free(s->combinations);
  free(s->parts);
  free(s->parts_wanted);
  free(s->biases);
  free(s->bias_work);
  free(s->places);
}

/** A part as a method of its own. */
static struct method cell_of(const struct method *m, const struct combination_part *part)
{
  struct method cell = *m;
  cell.rule = part->rule;
  cell.take = part->take;
  cell.extract = part->take ? &part->take->reads : part->extract;
  cell.aggregate = part->take ? m->aggregate : part->aggregate;
  cell.input_only = false;
  if (!part->take) cell.combination = (struct combination_use){0}; /* parameters do not matter */
  return cell;
}

static bool same_average(const struct average_use *a, const struct average_use *b)
{
  return a->average == b->average && average_shares(a, b);
}

/** Both read off the same. */
static bool same_cell(const struct method *a, const struct method *b)
{
  return a->take == b->take && a->extract == b->extract && a->aggregate == b->aggregate &&
         rule_same(&a->rule, &b->rule) && same_average(&a->average, &b->average) &&
         (!a->take || !strcmp(a->combination.with.text, b->combination.with.text));
}

/** The part's method, made where there is none; -1 without memory. */
static int find_cell(struct plan_storage *s, const struct method *cell)
{
  int i = 0;
  while (i < s->n_parts && !same_cell(&s->parts[i], cell)) i++;
  if (i < s->n_parts) return i;
  struct method *more = realloc(s->parts, (size_t)(i + 1) * sizeof *more);
  if (!more) return -1;
  s->parts = more;
  s->parts[s->n_parts++] = *cell;
  return i;
}

/** Until the taps are numbered a part is the tap of the graph, and the method among the parts. */
static err take_parts(struct plan_storage *s, const struct combination_parts *c,
                      const struct method *m, struct plan_combination *to)
{
  to->part = calloc((size_t)c->n + 1, sizeof *to->part);
  CHECK(to->part, ERR_MEMORY, "no memory for %d parts of a method", c->n);
  to->n = c->n;
  for (int i = 0; i < c->n; i++) {
    const struct method cell = cell_of(m, &c->part[i]);
    to->part[i] = (struct plan_part){c->part[i].tap, find_cell(s, &cell), c->part[i].weight};
    CHECK(to->part[i].k >= 0, ERR_MEMORY, "no memory for %d parts of a method", c->n);
  }
  return ERR_OK;
}

static err collect_of(struct plan_storage *s, const struct plan_request *r, int method)
{
  const struct method *m = &r->methods[method];
  struct method base = *m;
  struct plan_combination *to = &s->combinations[s->plan.n_combinations++];
  struct combination_parts parts = {
      .graph = r->graph, .method = &base, .layers = r->layers, .weights = r->layer_weights};
  base.combination = (struct combination_use){0};
  to->method = method;
  if (m->meta.on || m->combination.combination->sizes)
    return ERR_OK; /* its parts are those of plans of their own */
  err e = m->combination.combination->parts(&parts, &m->combination.with);
  if (!e) e = take_parts(s, &parts, m, to);
  free(parts.part);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err plan_collect_parts(struct plan_storage *s, const struct plan_request *r)
{
  s->combinations = calloc((size_t)r->n_methods + 1, sizeof *s->combinations);
  CHECK(s->combinations, ERR_MEMORY, "no memory for %d methods", r->n_methods);
  for (int m = 0; m < r->n_methods; m++)
    if (r->methods[m].combination.combination) TRY(collect_of(s, r, m));
  s->parts_wanted =
      calloc((size_t)r->graph->n_taps * (size_t)s->n_parts + 1, sizeof *s->parts_wanted);
  CHECK(s->parts_wanted, ERR_MEMORY, "no memory for %d parts of methods", s->n_parts);
  for (int i = 0; i < s->plan.n_combinations; i++) {
    const struct plan_combination *c = &s->combinations[i];
    for (int k = 0; k < c->n; k++)
      s->parts_wanted[c->part[k].tap * s->n_parts + c->part[k].k] = true;
  }
  return ERR_OK;
}

/** Some part at a tap reads the bias of its node. */
static bool reads_bias(const struct plan *p, const struct plan_tap *t)
{
  for (int k = t->n_methods; k < plan_tap_all(t); k++) {
    const struct combination_take *take = p->methods[t->methods[k]].take;
    if (take && take->reads_bias) return true;
  }
  return false;
}

/** The node whose bias some part of a tap reads, or NULL; where it stands. */
static const struct node *biased_node(const struct plan *p, const struct plan_tap *t,
                                      struct operand *in, struct op_site *at)
{
  if (t->value < 0 || !reads_bias(p, t)) return NULL;
  const struct node *n = &p->graph->nodes[p->graph->values[t->value].producer];
  *at = combination_site_of(p->graph, n, in);
  return n;
}

void plan_fill_biases(struct plan_storage *s)
{
  struct operand in[COMBINATION_INPUTS];
  struct op_site at;
  real *to = s->biases;
  for (int i = 0; i < s->plan.n_taps; i++) {
    struct plan_tap *t = &s->taps[i];
    const struct node *n = biased_node(&s->plan, t, in, &at);
    if (!n) continue;
    const int64_t count = bias_count(n->op, &at);
    const bool of_channels = count == t->channels;
    t->bias = to;
    t->bias_channel = of_channels ? 1 : shape_inner(&at.ys);
    t->bias_step = of_channels ? 0 : 1;
    bias_fill(n->op, &at, s->bias_work, to);
    to += count;
  }
}

static err make_biases(struct plan_storage *s)
{
  struct operand in[COMBINATION_INPUTS];
  struct op_site at;
  int64_t count = 0;
  size_t work = 1;
  for (int i = 0; i < s->plan.n_taps; i++) {
    const struct node *n = biased_node(&s->plan, &s->taps[i], in, &at);
    if (!n) continue;
    const size_t bytes = bias_work_bytes(n->op, &at);
    count += bias_count(n->op, &at);
    work = bytes > work ? bytes : work;
  }
  s->biases = calloc((size_t)count + 1, sizeof *s->biases);
  s->bias_work = arena_alloc(work);
  CHECK(s->biases && s->bias_work, ERR_MEMORY, "no memory for %lld biases", (long long)count);
  plan_fill_biases(s);
  return ERR_OK;
}

/** The place of the combinations' own maps. */
static void add_place(struct plan_storage *s, const struct plan_request *r)
{
  struct plan *p = &s->plan;
  const struct shape *x = &r->graph->values[r->graph->input].is.shape;
  const struct plan_tap *last = &s->taps[p->n_taps];
  int *methods = s->tap_methods;
  for (const struct plan_tap *t = s->taps; t < last; t++) methods += plan_tap_all(t);
  struct plan_tap place = {.value = -1,
                           .tap = -1,
                           .channels = 1,
                           .height = shape_height(x),
                           .width = shape_width(x),
                           .n_methods = p->n_combinations,
                           .methods = methods,
                           .rows = p->rows_floats};
  for (int i = 0; i < p->n_combinations; i++) methods[i] = s->combinations[i].method;
  p->rows_floats += (int64_t)r->batch * r->n_targets * place.n_methods * place.height * place.width;
  s->taps[p->n_taps] = place;
  s->places[p->n_places++] = p->n_taps;
}

/** Parts by plan tap, and by their number there. */
static void number_parts(struct plan_storage *s, const struct plan_request *r)
{
  struct plan *p = &s->plan;
  for (int i = 0; i < p->n_combinations; i++) {
    for (int k = 0; k < s->combinations[i].n; k++) {
      struct plan_part *part = &s->combinations[i].part[k];
      const int method = r->n_methods + part->k;
      part->tap = s->tap_of_value[r->graph->taps[part->tap]];
      const struct plan_tap *t = &s->taps[part->tap];
      part->k = 0;
      while (t->methods[t->n_methods + part->k] != method) part->k++;
    }
  }
}

err plan_place_parts(struct plan_storage *s, const struct plan_request *r)
{
  struct plan *p = &s->plan;
  p->combinations = s->combinations;
  s->places = calloc((size_t)p->n_taps + 1, sizeof *s->places);
  CHECK(s->places, ERR_MEMORY, "no memory to plan %d taps", p->n_taps);
  p->places = s->places;
  for (int t = 0; t < p->n_taps; t++)
    if (s->taps[t].n_methods) s->places[p->n_places++] = t;
  if (!p->n_combinations) return ERR_OK;
  for (int t = 0; t < p->n_taps; t++) {
    s->taps[t].part_rows = p->part_floats;
    p->part_floats +=
        (int64_t)r->batch * r->n_targets * s->taps[t].n_parts * plan_part_floats(&s->taps[t]);
  }
  number_parts(s, r);
  add_place(s, r);
  return make_biases(s);
}
