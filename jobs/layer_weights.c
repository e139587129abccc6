/** @file
 *  Weights of layers from JSON. */
#include "jobs/layer_weights.h"

#include "io/file.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static err take(struct setup *s, const char *path, int kind, const json_t *layers)
{
  const char *name = NULL;
  json_t *value = NULL;
  CHECK(json_is_object(layers), ERR_FORMAT, "%s: weights of '%s' are not {\"layer\": number}", path,
        layer_weights_name[kind]);
  json_object_foreach((json_t *)layers, name, value)
  {
    const int v = graph_find_value(s->graph, name);
    CHECK(json_is_number(value) && json_number_value(value) >= 0.0, ERR_FORMAT,
          "%s: the weight '%s' of '%s' is not a number from 0 on", path, layer_weights_name[kind],
          name);
    if (v < 0 || s->graph->values[v].tap < 0) continue;
    s->layer_weights[kind * s->graph->n_taps + s->graph->values[v].tap] = json_number_value(value);
  }
  return ERR_OK;
}

static err take_all(struct setup *s, const char *path, const json_t *root)
{
  const json_t *weights = json_object_get(root, "weights");
  const size_t n = (size_t)N_LAYER_WEIGHTS * (size_t)s->graph->n_taps;
  CHECK(json_is_object(weights), ERR_FORMAT, "%s: there is no object \"weights\"", path);
  s->layer_weights = calloc(n, sizeof *s->layer_weights);
  CHECK(s->layer_weights, ERR_MEMORY, "no memory for weights of %d layers", s->graph->n_taps);
  for (size_t i = 0; i < n; i++) s->layer_weights[i] = (double)NAN;
  for (int k = 0; k < N_LAYER_WEIGHTS; k++) {
    const json_t *layers = json_object_get(weights, layer_weights_name[k]);
    if (layers) TRY(take(s, path, k, layers));
  }
  return ERR_OK;
}

err layer_weights_read(struct setup *s, const char *path)
{
  json_error_t why = {0};
  uint8_t *bytes = NULL;
  json_t *root = NULL;
  size_t n = 0;
  err e = ERR_OK;

  if (!path) return ERR_OK;
  TRY(file_read(path, LIMIT_RECIPE_BYTES, &bytes, &n));
  root = json_loadb((const char *)bytes, n, 0, &why);
  CHECK_DONE(root, ERR_FORMAT, "%s, line %d: %s", path, why.line, why.text);
  TRY_DONE(take_all(s, path, root));

done:
  json_decref(root);
  free(bytes);
  return e;
}
