/** @file
 *  The plan: which taps, which passes, which signals. */
#include "core/plan.h"

#include "core/plan_impl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int plan_unit_size(const struct graph *g)
{
  int64_t bytes = 0;
  for (int i = 0; i < g->n_taps; i++)
    bytes += shape_count(&g->values[g->taps[i]].is.shape) * (int64_t)sizeof(float);
  int unit = 16;
  while (unit > 1 && bytes * unit > (INT64_C(128) << 20)) unit /= 2;
  return unit;
}

void plan_free(struct plan **p)
{
  if (!*p) return;
  struct plan_storage *s = (struct plan_storage *)*p;
  free(s->methods);
  free(s->taps);
  free(s->passes);
  free(s->sources);
  free(s->references);
  free(s->reference_homes);
  free(s->sums);
  free(s->clean);
  free(s->sites);
  free(s->operands);
  free(s->tap_of_value);
  free(s->tap_methods);
  free(s->pass_of);
  free(s->need);
  free(s->tapped);
  free(s->kept);
  free(s->rule_sites);
  free((void *)s->overrides);
  free(s->marks);
  free(s->activation);
  free(s->signal);
  free(s->aux);
  free(s->work_fwd);
  free(s->work_bwd);
  free(s->extract_work);
  free(s->activation_step);
  free(s->aux_step);
  free(s->prepared);
  plan_free_parts(s);
  plan_free_metas(s);
  plan_free_sizes(s);
  free(s);
  *p = NULL;
}

/** Allocate everything whose size the request tells. */
static err allocate(struct plan_storage *s, const struct plan_request *r)
{
  const struct graph *g = r->graph;
  const size_t values = (size_t)g->n_values, nodes = (size_t)g->n_nodes + 1;
  const size_t taps = (size_t)g->n_taps;
  const size_t methods = (size_t)(r->n_methods + s->n_parts) + 1;
  size_t operands = 1;
  for (int i = 0; i < g->n_nodes; i++) operands += (size_t)g->nodes[i].n_in;

  s->methods = calloc(methods, sizeof *s->methods);
  s->taps = calloc(taps + 1, sizeof *s->taps);
  s->passes = calloc(methods, sizeof *s->passes);
  s->sources = calloc(methods + 1, sizeof *s->sources);
  s->sites = calloc(nodes, sizeof *s->sites);
  s->operands = calloc(operands, sizeof *s->operands);
  s->tap_of_value = calloc(values, sizeof *s->tap_of_value);
  s->tap_methods = calloc((taps + 1) * methods, sizeof *s->tap_methods);
  s->pass_of = calloc(methods, sizeof *s->pass_of);
  s->need = calloc(values * methods, sizeof *s->need);
  s->tapped = calloc(taps * methods, sizeof *s->tapped);
  s->kept = calloc(values, sizeof *s->kept);
  s->marks = calloc(2 * values, sizeof *s->marks);
  s->activation = calloc(values, sizeof *s->activation);
  s->signal = calloc(values, sizeof *s->signal);
  s->aux = calloc(nodes, sizeof *s->aux);
  s->work_fwd = calloc(nodes, sizeof *s->work_fwd);
  s->work_bwd = calloc(nodes, sizeof *s->work_bwd);
  s->extract_work = calloc(taps, sizeof *s->extract_work);
  s->activation_step = calloc(values, sizeof *s->activation_step);
  s->aux_step = calloc(nodes, sizeof *s->aux_step);
  CHECK(s->methods && s->taps && s->passes && s->sources && s->sites && s->operands &&
            s->tap_of_value && s->tap_methods && s->pass_of && s->need && s->tapped && s->kept &&
            s->marks && s->activation && s->signal && s->aux && s->work_fwd && s->work_bwd &&
            s->extract_work && s->activation_step && s->aux_step,
        ERR_MEMORY, "no memory to plan %d nodes", g->n_nodes);
  return ERR_OK;
}

struct op_site plan_site(const struct graph *g, int i, int batch, bool plain, struct operand *in)
{
  const struct node *n = &g->nodes[i];
  for (int k = 0; k < n->n_in; k++)
    in[k] = n->in[k] < 0 ? (struct operand){0} : g->values[n->in[k]].is;
  return (struct op_site){.attr = n->attr,
                          .batch = batch,
                          .n_in = n->n_in,
                          .in = in,
                          .ys = g->values[n->out].is.shape,
                          .plain = plain};
}

static void make_sites(struct plan_storage *s, const struct plan_request *r)
{
  struct operand *in = s->operands;
  for (int i = 0; i < r->graph->n_nodes; i++) {
    const int samples = i < s->plan.parts.head ? s->plan.parts.samples : r->batch;
    s->sites[i] = plan_site(r->graph, i, samples, r->plain, in);
    in += s->sites[i].n_in;
  }
}

static void make_taps(struct plan_storage *s, const struct plan_request *r)
{
  const struct graph *g = r->graph;
  struct plan *p = &s->plan;
  int *methods = s->tap_methods;
  for (int v = 0; v < g->n_values; v++) s->tap_of_value[v] = -1;
  for (int i = 0; i < g->n_taps; i++) {
    const struct shape *shape = &g->values[g->taps[i]].is.shape;
    struct plan_tap t = {.value = g->taps[i],
                         .tap = i,
                         .channels = shape_channels(shape),
                         .methods = methods,
                         .rows = p->rows_floats};
    t.height = shape_height(shape);
    t.width = (int)(shape_inner(shape) / t.height);
    for (int m = 0; m < r->n_methods; m++)
      if (r->wanted[i * r->n_methods + m]) methods[t.n_methods++] = m;
    for (int m = 0; m < s->n_parts; m++) {
      if (!s->parts_wanted[i * s->n_parts + m]) continue;
      methods[t.n_methods + t.n_parts++] = r->n_methods + m;
    }
    if (!plan_tap_all(&t)) continue;
    methods += plan_tap_all(&t);
    p->rows_floats += (int64_t)r->batch * r->n_targets * t.n_methods * t.height * t.width;
    s->tap_of_value[t.value] = p->n_taps;
    s->taps[p->n_taps++] = t;
  }
}

int64_t plan_elements(const struct plan *p, int value)
{
  return shape_count(&p->graph->values[value].is.shape) * p->batch;
}

int64_t plan_largest_tap(const struct plan *p)
{
  int64_t most = 1;
  for (int t = 0; t < p->n_taps; t++) {
    const int64_t n = plan_elements(p, p->taps[t].value);
    most = n > most ? n : most;
  }
  return most;
}

bool plan_reads_window(const struct plan *p, int i)
{
  for (int k = 0; k < plan_tap_all(&p->taps[i]); k++) {
    const struct method *m = &p->methods[p->taps[i].methods[k]];
    if (!m->take && m->extract->reads_input) return true;
  }
  return false;
}

bool plan_reads_input(const struct plan *p, int i)
{
  for (int k = 0; k < plan_tap_all(&p->taps[i]); k++)
    if (p->methods[p->taps[i].methods[k]].extract->reads_input) return true;
  return false;
}

/** Extracts that read a convolution's input are taken behind one, of the input itself. */
static err check_extracts(const struct plan_request *r)
{
  const struct graph *g = r->graph;
  for (int i = 0; i < g->n_taps; i++) {
    for (int m = 0; m < r->n_methods; m++) {
      const struct method *method = &r->methods[m];
      const bool over = method->combination.combination;
      if (!method->extract->reads_input || (!over && !r->wanted[i * r->n_methods + m])) continue;
      CHECK(!method->average.average, ERR_UNSUPPORTED,
            "method '%s': averages of what convolutions read are not available; ask for it without "
            "the average",
            method->given);
      CHECK(over || plan_lives_at(g, method, i), ERR_USAGE,
            "method '%s' has no map at '%s', which no convolution makes", method->given,
            g->values[g->taps[i]].name);
    }
  }
  return ERR_OK;
}

static err check_extents(const struct plan_request *r)
{
  const struct graph *g = r->graph;
  for (int i = 0; i < g->n_taps; i++) {
    const struct value *v = &g->values[g->taps[i]];
    CHECK(shape_count(&v->is.shape) * r->batch <= INT_MAX, ERR_SHAPE,
          "value '%s' has %lld elements for %d samples, more than %d: lower --unit", v->name,
          (long long)(shape_count(&v->is.shape) * r->batch), r->batch, INT_MAX);
  }
  return ERR_OK;
}

/** Memory for what every pass has at every node. */
static err allocate_rules(struct plan_storage *s)
{
  const size_t n = (size_t)s->plan.n_passes * (size_t)s->plan.graph->n_nodes + 1;
  s->rule_sites = calloc(n, sizeof *s->rule_sites);
  s->overrides = (const struct override **)calloc(n, sizeof(const struct override *));
  CHECK(s->rule_sites && s->overrides, ERR_MEMORY, "no memory to plan %d passes", s->plan.n_passes);
  return ERR_OK;
}

/** All but memory. */
static err outline(struct plan_storage *s, const struct plan_request *r)
{
  TRY(plan_collect_parts(s, r));
  TRY(allocate(s, r));
  for (int i = 0; i < r->n_methods; i++) s->methods[i] = r->methods[i];
  for (int i = 0; i < s->n_parts; i++) s->methods[r->n_methods + i] = s->parts[i];
  struct plan *p = &s->plan;
  *p = (struct plan){.graph = r->graph,
                     .parts = plan_parts_of(s, r),
                     .batch = r->batch,
                     .n_targets = r->n_targets,
                     .n_methods = r->n_methods,
                     .weigh_pass = -1,
                     .n_combinations = s->plan.n_combinations,
                     .n_all_methods = r->n_methods + s->n_parts,
                     .methods = s->methods,
                     .taps = s->taps,
                     .passes = s->passes,
                     .sources = s->sources,
                     .seed = r->seed,
                     .baselines = r->baselines,
                     .n_baselines = r->n_baselines,
                     .input_low = r->input_low,
                     .resume = r->resume,
                     .like = r->like,
                     .sites = s->sites,
                     .tap_of_value = s->tap_of_value,
                     .pass_of = s->pass_of,
                     .activation = s->activation,
                     .signal = s->signal,
                     .aux = s->aux,
                     .work_fwd = s->work_fwd,
                     .work_bwd = s->work_bwd,
                     .extract_work = s->extract_work,
                     .activation_step = s->activation_step,
                     .aux_step = s->aux_step,
                     .kept = s->kept};
  make_sites(s, r);
  make_taps(s, r);
  TRY(plan_place_parts(s, r));
  plan_passes(s, r->weighs);
  TRY(allocate_rules(s));
  TRY(plan_rules(s, r));
  TRY(plan_references(s));
  TRY(plan_averages(s));
  return ERR_OK;
}

static err fill(struct plan_storage *s, const struct plan_request *r)
{
  TRY(outline(s, r));
  TRY(plan_prepare(s, r));
  TRY(plan_memory(s));
  TRY(plan_sizes(s, r));
  TRY(plan_metas(s, r));
  return ERR_OK;
}

static err reach(struct plan_storage *s, const struct plan_request *r, bool *reached, char *why,
                 int bytes)
{
  s->plan = (struct plan){.graph = r->graph,
                          .parts = {.samples = 1, .n = 1, .cut = -1},
                          .batch = 1,
                          .n_passes = 1,
                          .weigh_pass = -1,
                          .passes = s->passes};
  TRY(allocate(s, r));
  s->plan.passes = s->passes;
  s->plan.sites = s->sites;
  s->passes[0] = (struct plan_pass){.reference = -1, .rule = r->methods[0].rule};
  make_sites(s, r);
  TRY(allocate_rules(s));
  plan_reach_of(s, r, reached, why, bytes);
  return ERR_OK;
}

err plan_reach(const struct plan_request *r, const struct method *m, bool *reached, char *why,
               int bytes)
{
  struct plan_storage *s = calloc(1, sizeof *s);
  CHECK(s, ERR_MEMORY, "no memory for a plan");
  struct plan *p = &s->plan;
  struct plan_request one = *r;
  one.methods = m;
  one.n_methods = 1;
  one.batch = 1;
  one.head = one.part = 0;
  why[0] = 0;
  const err e = reach(s, &one, reached, why, bytes);
  plan_free(&p);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err plan_prepared_bytes(const struct plan_request *r, int64_t *bytes)
{
  struct plan_storage *s = calloc(1, sizeof *s);
  CHECK(s, ERR_MEMORY, "no memory for a plan");
  struct plan *p = &s->plan;
  const err e = outline(s, r);
  if (!e) *bytes = plan_prepared_total(p);
  plan_free(&p);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err plan_make(const struct plan_request *r, struct plan **out)
{
  TRY(check_extents(r));
  TRY(check_extracts(r));
  struct plan_storage *s = calloc(1, sizeof *s);
  CHECK(s, ERR_MEMORY, "no memory for a plan");
  struct plan *p = &s->plan;
  const err e = fill(s, r);
  if (e) {
    plan_free(&p);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = p;
  return ERR_OK;
}
