/** @file
 *  Which method is taken at which layer. */
#include "core/select.h"
#include "jobs/layer_weights.h"
#include "jobs/setup.h"
#include "jobs/setup_sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool asks_for_formula(const struct method *m)
{
  return m->rule.rule->relevance || m->rule.rule->differences;
}

/** May [n_taps]: where the rule of a method that a word for many named has a signal at all; the plan refuses
 *  those that were named. */
static err find_reach(struct setup *s, const struct method *m, const bool *chosen, bool *may)
{
  const int n_taps = s->graph->n_taps;
  char why[512] = "", where[64] = "";
  int lost = 0, asked = 0;
  for (int t = 0; t < n_taps; t++) may[t] = true;
  if (!m->of_many) return ERR_OK;
  if (m->meta.on && !plan_can_step(s->graph, why, sizeof why))
    memset(may, 0, (size_t)n_taps * sizeof *may);
  if (!why[0] && asks_for_formula(m)) {
    const struct plan_request r = {.graph = s->graph, .input_low = s->low, .input_high = s->high};
    TRY(plan_reach(&r, m, may, why, sizeof why));
  }
  for (int t = 0; t < n_taps; t++) {
    const bool lives = chosen[t] && (plan_lives_at(s->graph, m, t) || m->combination.combination);
    asked += lives;
    lost += lives && !may[t];
  }
  if (lost && lost < asked) (void)snprintf(where, sizeof where, " at %d of %d layers", lost, asked);
  return lost ? setup_leave_out(s, m, where, why) : ERR_OK;
}

/** Method m at the layers where it has a map; *somewhere: at one at least.  One that the user named is left
 *  to the plan to refuse. */
static err choose_of(struct setup *s, int m, const bool *chosen, const bool *named, bool *may,
                     bool *somewhere)
{
  const struct method *method = &s->methods[m];
  const bool refuses = method->rule.rule->relevance && !method->input_only &&
                       !method->extract->reads_input && !method->combination.combination;
  if (s->layers_only && (method->combination.combination || method->meta.on)) {
    CHECK(method->of_many, ERR_USAGE,
          "method '%s': this job takes maps at layers, with weights of its own; leave it out",
          method->given);
    return ERR_OK; /* *somewhere is false */
  }
  TRY(find_reach(s, method, chosen, may));
  *somewhere = method->combination.combination && may[0];
  for (int t = 0; t < s->graph->n_taps; t++) {
    if (!chosen[t] || !may[t]) continue;
    if (plan_lives_at(s->graph, method, t) || (named[t] && refuses))
      s->wanted[t * s->n_methods + m] = *somewhere = true;
  }
  return ERR_OK;
}

/** Take method m away. */
static void drop(struct setup *s, int m)
{
  const int n = s->n_methods;
  bool *to = s->wanted;
  for (int t = 0; t < s->graph->n_taps; t++) {
    for (int k = 0; k < n; k++)
      if (k != m) *to++ = s->wanted[t * n + k];
  }
  memmove(&s->methods[m], &s->methods[m + 1], (size_t)(n - 1 - m) * sizeof *s->methods);
  s->n_methods--;
}

/** wanted[tap][method]: chosen layers, less those at which a method does not live. */
static err choose_cells(struct setup *s, const bool *chosen, const bool *named, bool *may)
{
  const size_t cells = (size_t)s->graph->n_taps * (size_t)s->n_methods;
  s->wanted = calloc(cells, sizeof *s->wanted);
  CHECK(s->wanted, ERR_MEMORY, "no memory for %d layers", s->graph->n_taps);
  for (int m = s->n_methods - 1; m >= 0; m--) {
    const struct method *method = &s->methods[m];
    bool somewhere = false;
    TRY(choose_of(s, m, chosen, named, may, &somewhere));
    if (somewhere) continue;
    const bool homeless = method->input_only || method->extract->reads_input ||
                          asks_for_formula(method) || method->meta.on ||
                          method->combination.combination;
    CHECK(method->of_many && homeless && s->n_methods > 1, ERR_USAGE,
          "method '%s' has no map at the layers chosen: add '%s' to --layers", method->given,
          method->extract->reads_input ? "convs" : "input");
    drop(s, m);
  }
  return ERR_OK;
}

/** Layers that methods over a set of them combine. */
static err choose_over(struct setup *s, const struct options *o, const bool *chosen)
{
  int n = 0;
  bool some = false;
  for (int m = 0; m < s->n_methods; m++) some = some || s->methods[m].combination.combination;
  if (!some) return ERR_OK;
  const char *const *patterns = options_list(o, "over", &n);
  s->over = calloc((size_t)s->graph->n_taps, sizeof *s->over);
  CHECK(s->over, ERR_MEMORY, "no memory for %d layers", s->graph->n_taps);
  memcpy(s->over, chosen, (size_t)s->graph->n_taps * sizeof *s->over);
  if (n) TRY(select_taps(s->graph, patterns, n, s->over));
  TRY(layer_weights_read(s, options_text(o, "combination-weights")));
  return ERR_OK;
}

err setup_cells(struct setup *s, const struct options *o)
{
  int n = 0;
  const char *const *patterns = options_list(o, "layers", &n);
  bool *chosen = calloc(3 * (size_t)s->graph->n_taps, sizeof *chosen);
  CHECK(chosen, ERR_MEMORY, "no memory for %d layers", s->graph->n_taps);
  bool *named = chosen + s->graph->n_taps;
  err e = select_taps(s->graph, patterns, n, chosen);
  for (int i = 0; i < n; i++) {
    const int v = graph_find_value(s->graph, patterns[i]);
    if (v >= 0 && s->graph->values[v].tap >= 0) named[s->graph->values[v].tap] = true;
  }
  if (!e) e = choose_cells(s, chosen, named, named + s->graph->n_taps);
  if (!e) e = choose_over(s, o, chosen);
  free(chosen);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
