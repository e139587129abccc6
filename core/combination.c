/** @file
 *  The table of combinations, made from combination_list.h, and what they share. */
#include "core/combination.h"

#include "core/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMBINATION(name) extern const struct combination combination_##name;
#include "core/combination_list.h"
#undef COMBINATION

const struct combination *const combination_all[] = {
#define COMBINATION(name) &combination_##name,
#include "core/combination_list.h"
#undef COMBINATION
    NULL,
};

const char *const layer_weights_name[] = {
#define E(name, text) #name,
    LAYER_WEIGHTS_LIST(E)
#undef E
        NULL,
};

const struct combination *combination_find(const char *name)
{
  for (const struct combination *const *c = combination_all; *c; c++)
    if (!strcmp((*c)->name, name)) return *c;
  return NULL;
}

err combination_parse(const char *text, struct combination_use *out)
{
  char name[USE_TEXT];
  (void)snprintf(name, sizeof name, "%.*s", use_name_length(text), text);
  struct combination_use u = {.combination = combination_find(name)};
  CHECK(u.combination, ERR_USAGE, "there is no combination '%s' (see retrograd methods)", name);
  TRY(use_parse(text, "combination", u.combination->params, &u.with));
  *out = u;
  return ERR_OK;
}

struct op_site combination_site_of(const struct graph *g, const struct node *n, struct operand *in)
{
  for (int k = 0; k < n->n_in; k++)
    in[k] = n->in[k] < 0 ? (struct operand){0} : g->values[n->in[k]].is;
  return (struct op_site){.attr = n->attr,
                          .batch = 1,
                          .n_in = n->n_in,
                          .in = in,
                          .ys = g->values[n->out].is.shape,
                          .plain = true};
}

err combination_add(struct combination_parts *p, const struct combination_part *part)
{
  if (p->n == p->max) {
    const int more = p->max ? 2 * p->max : 16;
    struct combination_part *bigger = realloc(p->part, (size_t)more * sizeof *bigger);
    CHECK(bigger, ERR_MEMORY, "no memory for %d parts of a method", more);
    p->part = bigger;
    p->max = more;
  }
  p->part[p->n++] = *part;
  return ERR_OK;
}

void combination_min_max(float *map, int64_t n)
{
  float low = map[0], high = map[0];
  for (int64_t i = 1; i < n; i++) {
    low = map[i] < low ? map[i] : low;
    high = map[i] > high ? map[i] : high;
  }
  const double range = (double)high - (double)low;
  for (int64_t i = 0; i < n; i++) {
    const bool scaled = high > low || map[i] != map[i]; /* a NaN stays one */
    map[i] = scaled ? (float)(((double)map[i] - (double)low) / range) : 0.0F;
  }
}
