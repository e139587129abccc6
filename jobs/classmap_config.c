/** @file
 *  Settings as JSON. */
#include "jobs/classmap.h"

#include <jansson.h>
#include <stdlib.h>

/** What the options leave to the model. */
static int resolve(const struct classmap *c, json_t *all)
{
  json_t *targets = json_array(), *recipe = NULL;
  for (int i = 0; i < c->n_classes; i++)
    (void)json_array_append_new(targets, json_integer(c->classes[i]));
  int bad = json_object_set_new(all, "targets", targets);
  bad |= json_object_set_new(all, "unit", json_integer(c->setup->unit));
  char *text = recipe_text(&c->setup->recipe);
  recipe = text ? json_loads(text, 0, NULL) : NULL;
  free(text);
  bad |= json_object_set_new(all, "recipe", recipe);
  if (c->setup->notes.taken_off[0])
    bad |= json_object_set_new(all, "taken_off", json_string(c->setup->notes.taken_off));
  static const char *const in_recipe[] = {"resize", "filter", "crop",          "scale",
                                          "mean",   "std",    "channel-order", "exif"};
  for (size_t i = 0; i < sizeof in_recipe / sizeof *in_recipe; i++)
    (void)json_object_del(all, in_recipe[i]);
  return bad;
}

err classmap_config(const struct classmap *c, char **json)
{
  char *options = NULL;
  TRY(options_config(c->options, &options));
  json_t *all = json_loads(options, 0, NULL);
  free(options);
  *json = all && !resolve(c, all)
              ? json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17))
              : NULL;
  json_decref(all);
  CHECK(*json, ERR_MEMORY, "no memory for the configuration");
  return ERR_OK;
}
