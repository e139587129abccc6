/** @file
 *  Names, scales and variables of /maps. */
#include "jobs/attribute_maps.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/** The name with what HDF5 or netCDF do not take replaced. */
static const char *clean(struct pool *pool, const char *name)
{
  while (*name == '/') name++; /* a netCDF name must not begin with a dot */
  const size_t n = strlen(name);
  char *out = pool_take(pool, n + 2, 1);
  if (!out) return "";
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)name[i];
    out[i] = c == '/' ? '.' : isalnum(c) || strchr("._-+@", c) || c >= 0x80 ? (char)c : '_';
  }
  /* netCDF names begin with a letter, a digit or an underscore */
  if (!n || (!isalnum((unsigned char)out[0]) && out[0] != '_' && (unsigned char)out[0] < 0x80))
    return pool_text(pool, "_%s", out);
  return out;
}

static bool taken(const char *const *names, int n, const char *name)
{
  static const char *const scales[] = {"sample", "target"};
  for (int i = 0; i < 2; i++)
    if (!strcmp(name, scales[i])) return true;
  if (!strncmp(name, "y_", 2) || !strncmp(name, "x_", 2) || !strncmp(name, "method_", 7))
    return true;
  for (int i = 0; i < n; i++)
    if (!strcmp(names[i], name)) return true;
  return false;
}

void attribute_maps_names(struct pool *pool, const struct plan *p, const char **names)
{
  for (int i = 0; i < p->n_places; i++) {
    const char *base = clean(pool, plan_place_name(p, i));
    names[i] = base;
    for (int k = 2; taken(names, i, names[i]); k++) {
      names[i] = k == 2 && !taken(names, i, pool_text(pool, "tap_%s", base))
                     ? pool_text(pool, "tap_%s", base)
                     : pool_text(pool, "tap_%s_%d", base, k);
    }
  }
}

static bool same_methods(const struct plan_tap *a, const struct plan_tap *b)
{
  return a->n_methods == b->n_methods &&
         !memcmp(a->methods, b->methods, (size_t)a->n_methods * sizeof *a->methods);
}

/** True when no tap before i has this set of methods. */
static bool first_set(const struct plan *p, int i)
{
  for (int k = 0; k < i; k++)
    if (same_methods(plan_place(p, k), plan_place(p, i))) return false;
  return true;
}

/** Number of the set of methods of tap i, counted from 1 in order of first use. */
static int method_set(const struct plan *p, int i)
{
  int first = 0, sets = 0;
  while (!same_methods(plan_place(p, first), plan_place(p, i))) first++;
  for (int k = 0; k <= first; k++) sets += first_set(p, k);
  return sets;
}

int attribute_maps_set(const struct plan *p, int i, bool *first)
{
  *first = first_set(p, i);
  return method_set(p, i);
}

const char **attribute_maps_methods(struct pool *pool, const struct setup *s, int i)
{
  const struct plan_tap *t = plan_place(s->plan, i);
  const char **name = pool_take(pool, (size_t)t->n_methods, sizeof *name);
  for (int k = 0; name && k < t->n_methods; k++) name[k] = s->methods[t->methods[k]].given;
  return name;
}

static bool first_height(const struct plan *p, int i)
{
  for (int k = 0; k < i; k++)
    if (plan_place(p, k)->height == plan_place(p, i)->height) return false;
  return true;
}

static bool first_width(const struct plan *p, int i)
{
  for (int k = 0; k < i; k++)
    if (plan_place(p, k)->width == plan_place(p, i)->width) return false;
  return true;
}

void attribute_maps_samples(struct draft *d, const char *group, const struct setup *s)
{
  draft_dim(d, group, "sample", s->count, NULL, "Sample of the data set")->first = s->first;
}

void attribute_maps_dims(struct draft *d, const struct setup *s, const char *const *slot)
{
  const struct plan *p = s->plan;
  attribute_maps_samples(d, "maps", s);
  (void)draft_dim(d, "maps", "target", s->n_targets, slot, "Target slot: whose logit is explained");
  for (int i = 0; i < p->n_places; i++) {
    const struct plan_tap *t = plan_place(p, i);
    if (first_set(p, i)) {
      (void)draft_dim(d, "maps", pool_text(d->pool, "method_%d", method_set(p, i)), t->n_methods,
                      attribute_maps_methods(d->pool, s, i), "Method");
    }
    if (first_height(p, i)) {
      (void)draft_dim(d, "maps", pool_text(d->pool, "y_%d", t->height), t->height, NULL,
                      "Row of the map, from the top");
    }
    if (first_width(p, i)) {
      (void)draft_dim(d, "maps", pool_text(d->pool, "x_%d", t->width), t->width, NULL,
                      "Column of the map, from the left");
    }
  }
}

static void add_variable(struct draft *d, const struct plan *p, int i, const char *name)
{
  const struct plan_tap *t = plan_place(p, i);
  const char *onnx = plan_place_name(p, i), *op = plan_place_op(p, i);
  struct store_attr *attr = pool_take(d->pool, 3, sizeof *attr);
  int64_t *index = pool_take(d->pool, 1, sizeof *index);
  if (!attr || !index) return;
  *index = t->tap;
  attr[0] = (struct store_attr){.name = "onnx_name", .type = STORE_TEXT, .text = onnx};
  attr[1] = (struct store_attr){.name = "index", .type = STORE_I64, .n = 1, .i64 = index};
  attr[2] = (struct store_attr){.name = "operator", .type = STORE_TEXT, .text = op};
  struct store_var *v =
      draft_var(d, pool_text(d->pool, "maps/%s", name), STORE_F32,
                pool_text(d->pool, "sample target method_%d y_%d x_%d", method_set(p, i), t->height,
                          t->width),
                "1", NULL, pool_text(d->pool, "Saliency maps at %s (%s)", onnx, op));
  v->n_attrs = 3;
  v->attrs = attr;
}

void attribute_maps_vars(struct draft *d, const struct setup *s, const char *const *names)
{
  for (int i = 0; i < s->plan->n_places; i++) add_variable(d, s->plan, i, names[i]);
}
