/** @file
 *  Settings as JSON. */
#include "jobs/attribute_config.h"

#include "io/limit.h"
#include "jobs/evaluation_schema.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static json_t *patterns(const struct options *o, const char *name)
{
  int n = 0;
  const char *const *item = options_list(o, name, &n);
  json_t *list = json_array();
  for (int i = 0; i < n; i++) (void)json_array_append_new(list, json_string(item[i]));
  return list;
}

static json_t *method_names(const struct setup *s)
{
  json_t *list = json_array();
  for (int i = 0; i < s->n_methods; i++)
    (void)json_array_append_new(list, json_string(s->methods[i].given));
  return list;
}

static json_t *target_names(const struct setup *s)
{
  json_t *list = json_array();
  for (int i = 0; i < s->n_targets; i++)
    (void)json_array_append_new(list, json_string(s->targets[i].name));
  return list;
}

static json_t *recipe(const struct setup *s)
{
  char *text = recipe_text(&s->recipe);
  json_t *r = text ? json_loads(text, 0, NULL) : NULL;
  free(text);
  return r;
}

/** {"accuracy": {"relu3": 0.2}, ...}, or null. */
static json_t *layer_weights(const struct setup *s)
{
  const struct graph *g = s->graph;
  json_t *all = s->layer_weights ? json_object() : json_null();
  for (int k = 0; s->layer_weights && k < N_LAYER_WEIGHTS; k++) {
    json_t *of = json_object();
    for (int t = 0; t < g->n_taps; t++) {
      const double w = s->layer_weights[k * g->n_taps + t];
      if (isfinite(w)) (void)json_object_set_new(of, g->values[g->taps[t]].name, json_real(w));
    }
    if (json_object_size(of)) (void)json_object_set(all, layer_weights_name[k], of);
    json_decref(of);
  }
  return all;
}

/** The readers' limits that are not the usual ones, which decide what becomes of a sample; NULL: none. */
static json_t *limits(void)
{
  json_t *all = json_object();
  for (int l = 0; l < LIMITS; l++) {
    const int64_t v = limit_of((enum limit)l);
    if (v != limit_all[l].value) (void)json_object_set_new(all, limit_all[l].name, json_integer(v));
  }
  if (json_object_size(all)) return all;
  json_decref(all);
  return NULL;
}

err attribute_config(const struct setup *s, const struct options *o, char **json)
{
  json_t *c = json_object();
  const char *output = options_text(o, "output");
  int bad = json_object_set_new(c, "methods", method_names(s));
  bad |= json_object_set_new(c, "layers", patterns(o, "layers"));
  bad |= json_object_set_new(c, "targets", target_names(s));
  bad |= json_object_set_new(c, "unit", json_integer(s->unit));
  bad |= json_object_set_new(c, "winograd", json_boolean(options_flag(o, "winograd")));
  bad |= json_object_set_new(c, "limit", json_integer(options_int(o, "limit")));
  bad |= json_object_set_new(c, "seed", json_integer(options_int(o, "seed")));
  bad |= json_object_set_new(c, "baseline_sha256",
                             s->n_baselines ? json_string(s->baseline_sha256) : json_null());
  bad |= json_object_set_new(c, "output", output ? json_string(output) : json_null());
  if (s->over) {
    bad |= json_object_set_new(c, "over", patterns(o, "over"));
    bad |= json_object_set_new(c, "combination_weights", layer_weights(s));
  }
  if (s->notes.taken_off[0])
    bad |= json_object_set_new(c, "taken_off", json_string(s->notes.taken_off));
  json_t *other_limits = limits();
  if (other_limits) bad |= json_object_set_new(c, "limits", other_limits);
  bad |= json_object_set_new(c, "recipe", recipe(s));
  if (s->evaluation) {
    char *text = NULL;
    TRY(evaluation_config(s->evaluation, &text));
    bad |= json_object_set_new(c, "evaluate", json_loads(text, 0, NULL));
    free(text);
  }
  *json = bad ? NULL : json_dumps(c, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(c);
  CHECK(*json, ERR_MEMORY, "no memory for the configuration");
  return ERR_OK;
}

err attribute_config_with(const struct setup *s, const struct options *o, char **out)
{
  char *own = NULL, *base = NULL;
  TRY(attribute_config(s, o, &base));
  const err e = options_config(o, &own);
  json_t *c = json_loads(base, 0, NULL), *more = e ? NULL : json_loads(own, 0, NULL);
  if (c && more) (void)json_object_update_missing(c, more);
  *out = c && more ? json_dumps(c, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(c);
  json_decref(more);
  free(own);
  free(base);
  TRY(e);
  CHECK(*out, ERR_MEMORY, "no memory for the configuration");
  return ERR_OK;
}
