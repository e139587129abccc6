/** @file
 *  Patterns over taps. */
#include "core/select.h"

#include "core/nearest.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static const char *node_name(const struct graph *g, int tap)
{
  const int producer = g->values[g->taps[tap]].producer;
  return producer >= 0 ? g->nodes[producer].name : "input";
}

static bool names_a_tap(const struct graph *g, const char *name)
{
  for (int i = 0; i < g->n_taps; i++)
    if (!strcmp(g->values[g->taps[i]].name, name) || !strcmp(node_name(g, i), name)) return true;
  return false;
}

static bool is_last_conv(const struct graph *g, int tap)
{
  for (int i = tap + 1; i < g->n_taps; i++)
    if (!strcmp(graph_value_op(g, g->taps[i]), "Conv")) return false;
  return !strcmp(graph_value_op(g, g->taps[tap]), "Conv");
}

/** The last tap that still has positions: where class activation maps are usually taken. */
static bool is_last_map(const struct graph *g, int tap)
{
  for (int i = tap + 1; i < g->n_taps; i++)
    if (shape_inner(&g->values[g->taps[i]].is.shape) > 1) return false;
  return shape_inner(&g->values[g->taps[tap]].is.shape) > 1;
}

static bool matches(const struct graph *g, int tap, const char *pattern)
{
  const char *op = graph_value_op(g, g->taps[tap]);
  char *end = NULL;
  const long index = strtol(pattern, &end, 10);
  if (!strcmp(pattern, "all")) return true;
  if (!strcmp(pattern, "input")) return tap == 0;
  if (!strcmp(pattern, "convs")) return !strcmp(op, "Conv");
  if (!strcmp(pattern, "last_conv")) return is_last_conv(g, tap);
  if (!strcmp(pattern, "last")) return is_last_map(g, tap);
  if (!strcmp(pattern, g->values[g->taps[tap]].name) || !strcmp(pattern, node_name(g, tap)))
    return true;
  if (end != pattern && !*end && index == tap) {
    /* a tap may be called "12": a name wins over an index */
    return !names_a_tap(g, pattern);
  }
  return !fnmatch(pattern, g->values[g->taps[tap]].name, 0) ||
         !fnmatch(pattern, node_name(g, tap), 0) || !fnmatch(pattern, op, 0);
}

/** What a pattern means that is no tap but lies inside an operator that stands for several nodes. */
static const struct inner *inside(const struct graph *g, const char *pattern)
{
  for (int i = 0; i < g->n_inner; i++) {
    const struct inner *in = &g->inner[i];
    if (g->values[in->value].tap < 0) continue; /* it leads nowhere */
    if (!strcmp(pattern, in->name) || !fnmatch(pattern, in->name, 0)) return in;
  }
  return NULL;
}

static err no_match(const struct graph *g, const char *pattern)
{
  char near[512] = "";
  const char **names = malloc((size_t)(2 * g->n_taps + 5) * sizeof *names);
  int n = 0;
  if (names) {
    for (int i = 0; i < g->n_taps; i++) {
      names[n++] = g->values[g->taps[i]].name;
      names[n++] = graph_value_op(g, g->taps[i]);
    }
    names[n++] = "all";
    names[n++] = "convs";
    names[n++] = "last_conv";
    names[n++] = "last";
    names[n++] = "input";
    (void)nearest_text(pattern, names, n, near, sizeof near);
  }
  free(names);
  return FAIL(ERR_USAGE, "no layer matches '%s'%s (retrograd layers MODEL lists all %d)", pattern,
              near, g->n_taps);
}

err select_taps(const struct graph *g, const char *const *patterns, int n, bool *chosen)
{
  memset(chosen, 0, (size_t)g->n_taps * sizeof *chosen);
  CHECK(n > 0, ERR_USAGE, "no layer is asked for: give --layers, e.g. input,convs or all");
  for (int p = 0; p < n; p++) {
    bool any = false;
    for (int tap = 0; tap < g->n_taps; tap++)
      if (matches(g, tap, patterns[p])) chosen[tap] = any = true;
    const struct inner *in = any ? NULL : inside(g, patterns[p]);
    CHECK(!in, ERR_USAGE,
          "layer '%s' lies inside '%s' (%s), which is computed as one operator; ask for that one",
          in->name, g->values[in->value].name, graph_value_op(g, in->value));
    if (!any) return no_match(g, patterns[p]);
  }
  return ERR_OK;
}
