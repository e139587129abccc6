/** @file
 *  Options of parameter randomisation. */
#include "jobs/sanity_plan.h"

#include "core/nearest.h"
#include "core/select.h"
#include "pipeline/comm.h"

#include <stdlib.h>
#include <string.h>

static const struct sanity_order all_orders[] = {
#define SANITY_ORDER(name, cascades) {name, cascades},
#include "jobs/sanity_order_list.h"
#undef SANITY_ORDER
};

static err read_orders(struct sanity *s, const struct options *o)
{
  int n = 0;
  const char *const *words = options_list(o, "order", &n);
  for (int i = 0; i < n; i++) {
    const struct sanity_order *found = NULL;
    for (int k = 0; k < SANITY_ORDERS; k++)
      if (!strcmp(words[i], all_orders[k].name)) found = &all_orders[k];
    CHECK(found, ERR_USAGE, "--order %s: give cascade, independent, or both", words[i]);
    CHECK(s->n_orders < SANITY_ORDERS, ERR_USAGE, "--order: each at most once");
    s->orders[s->n_orders++] = *found;
  }
  CHECK(s->n_orders, ERR_USAGE, "--order: give cascade, independent, or both");
  return ERR_OK;
}

static err read_measures(struct sanity *s, const struct options *o)
{
  const char *names[64];
  char near[200];
  int n = 0, known = 0;
  const char *const *words = options_list(o, "measures", &n);
  for (; similarity_all[known] && known < 64; known++) names[known] = similarity_all[known]->name;
  CHECK(n >= 1 && n <= SANITY_MEASURES, ERR_USAGE, "--measures: give 1 to %d", SANITY_MEASURES);
  for (int i = 0; i < n; i++) {
    s->measures[i] = similarity_find(words[i]);
    CHECK(s->measures[i], ERR_USAGE, "--measures: there is no '%s'%s", words[i],
          nearest_text(words[i], names, known, near, sizeof near));
  }
  s->n_measures = n;
  return ERR_OK;
}

/** *first: whether the option says the first word; the second otherwise. */
static err read_choice(const struct options *o, const char *name, const char *a, const char *b,
                       bool *first)
{
  const char *text = options_text(o, name);
  CHECK(!strcmp(text, a) || !strcmp(text, b), ERR_USAGE, "--%s %s: give %s or %s", name, text, a,
        b);
  *first = !strcmp(text, a);
  return ERR_OK;
}

static err read_initialiser(struct sanity *s, const struct options *o)
{
  s->how.how = initialise_find(options_text(o, "initialiser"));
  s->how.std = options_real(o, "initial-std");
  CHECK(s->how.how, ERR_USAGE, "--initialiser %s: give normal, torch or kaiming",
        options_text(o, "initialiser"));
  CHECK(s->how.std > 0.0 && s->how.std < 1e6, ERR_USAGE, "--initial-std: give a number above 0");
  return ERR_OK;
}

err sanity_read(struct sanity *s, const struct options *o)
{
  const int64_t resamples = options_int(o, "resamples");
  bool own = true;
  TRY(read_orders(s, o));
  TRY(read_measures(s, o));
  TRY(read_choice(o, "class", "fixed", "predicted", &s->fixed));
  TRY(read_choice(o, "compare", "own", "input", &own));
  TRY(read_initialiser(s, o));
  CHECK(resamples >= 1 && resamples < 1 << 24, ERR_USAGE, "--resamples: give 1 to 16777215");
  s->at_input = !own;
  s->reuse = options_flag(o, "reuse");
  return ERR_OK;
}

/** The taps that belong to a stage are what its operator and its normalisation make. */
static bool is_chosen(const struct graph *g, const struct stage *s, const bool *taps)
{
  return taps[s->tap] || taps[g->values[g->nodes[s->node].out].tap];
}

static err choose(struct sanity *s, const struct options *o, bool *taps)
{
  int n = 0;
  const struct graph *g = s->setup.graph;
  const char *const *patterns = options_list(o, "stages", &n);
  TRY(select_taps(g, patterns, n, taps));
  for (int k = 0; k < s->n_stages; k++)
    if (is_chosen(g, &s->stages[k], taps)) s->chosen[s->n_chosen++] = k;
  CHECK(s->n_chosen, ERR_USAGE,
        "--stages: no operator with weights among them; the last is '%s', the first '%s'",
        g->values[g->taps[s->stages[0].tap]].name,
        g->values[g->taps[s->stages[s->n_stages - 1].tap]].name);
  return ERR_OK;
}

err sanity_stages(struct sanity *s, const struct options *o)
{
  const struct graph *g = s->setup.graph;
  TRY(stage_list(g, &s->stages, &s->n_stages));
  s->chosen = calloc((size_t)s->n_stages, sizeof *s->chosen);
  s->setup.resume = calloc((size_t)g->n_nodes, sizeof *s->setup.resume);
  bool *taps = calloc((size_t)g->n_taps, sizeof *taps);
  err e = s->chosen && s->setup.resume && taps ? ERR_OK : FAIL(ERR_MEMORY, "no memory for stages");
  if (!e) e = choose(s, o, taps);
  free(taps);
  if (e) return err_trace(e, __FILE__, __LINE__);
  for (int k = 0; k < s->n_chosen; k++) s->setup.resume[s->stages[s->chosen[k]].node] = true;
  return ERR_OK;
}

/** A signal put at a value goes on from there in some pass. */
static bool begins(const struct plan *p, int value)
{
  for (int k = 0; k < p->n_passes; k++)
    if (p->passes[k].need[value] && p->sources[p->passes[k].source].copies == 1) return true;
  return false;
}

static err choose_starts(struct sanity *s, const struct options *o, bool *taps)
{
  int n = 0;
  const struct graph *g = s->setup.graph;
  const char *const *patterns = options_list(o, "starts", &n);
  if (!n) return ERR_OK;
  TRY(select_taps(g, patterns, n, taps));
  for (int t = g->n_taps - 1; t >= 0; t--) {
    if (!taps[t]) continue;
    CHECK(t && begins(s->setup.plan, g->taps[t]), ERR_USAGE,
          "--starts: no layer of --layers lies behind '%s'", g->values[g->taps[t]].name);
    s->starts[s->n_starts++] = g->taps[t];
  }
  return ERR_OK;
}

err sanity_networks(struct sanity *s, const struct options *o)
{
  const struct graph *g = s->setup.graph;
  bool *taps = calloc((size_t)g->n_taps, sizeof *taps);
  s->starts = calloc((size_t)g->n_taps, sizeof *s->starts);
  err e = taps && s->starts ? choose_starts(s, o, taps) : FAIL(ERR_MEMORY, "no memory for layers");
  free(taps);
  TRY(comm_agree(e));
  TRY(twin_make(&s->twin, &s->setup, o, s->stages, s->n_stages, &s->how));
  return ERR_OK;
}

void sanity_free(struct sanity *s)
{
  twin_free(&s->twin);
  free(s->stages);
  free(s->chosen);
  free(s->starts);
  setup_free(&s->setup);
}

bool sanity_reuses(const struct sanity *s)
{
  return s->reuse && s->setup.plan->n_sources == 1 && !s->setup.plan->n_references;
}

const char *sanity_stage_name(const struct sanity *s, int chosen)
{
  const struct graph *g = s->setup.graph;
  return g->values[g->taps[s->stages[s->chosen[chosen]].tap]].name;
}
