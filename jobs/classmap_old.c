/** @file
 *  Beginning where an earlier study ended. */
#include "jobs/classmap_old.h"

#include "core/product.h"
#include "io/dataset.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct classmap_old {
  struct store *store;
  int64_t n;
  int iterations;
  char **variant;  /* [n] */
  int32_t *class;  /* [n] */
  uint8_t *status; /* [n] */
};

void classmap_old_close(struct classmap_old **old)
{
  struct classmap_old *o = *old;
  if (!o) return;
  store_close(&o->store);
  free((void *)o->variant);
  free(o->class);
  free(o->status);
  free(o);
  *old = NULL;
}

/** What may differ: no number of a map's first iterations depends on it. */
static void forget(json_t *config)
{
  static const char *const names[] = {"targets",  "iterations", "seeds",
                                      "contrast", "randomise",  "limit"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) (void)json_object_del(config, names[i]);
}

/** The first setting that differs; NULL: none. */
static const char *first_difference(json_t *a, json_t *b)
{
  const char *key;
  json_t *value;
  json_object_foreach(a, key, value)
  {
    if (!json_equal(value, json_object_get(b, key))) return key;
  }
  json_object_foreach(b, key, value)
  {
    if (!json_object_get(a, key)) return key;
  }
  return NULL;
}

static err compare_text(struct classmap_old *o, const char *path, const char *name,
                        const char *here)
{
  char *there = NULL;
  TRY(store_attr_text(o->store, "/", name, &there));
  const bool same = !strcmp(there, here);
  free(there);
  CHECK(same, ERR_USAGE, "--continue %s: %s differs there; it cannot be begun from", path, name);
  return ERR_OK;
}

static err compare_config(struct classmap_old *o, const char *path, const struct classmap *c)
{
  char *mine = NULL, *theirs = NULL, name[64] = "";
  TRY(classmap_config(c, &mine));
  const err read = store_attr_text(o->store, "/", "config", &theirs);
  json_t *a = json_loads(mine, 0, NULL), *b = read ? NULL : json_loads(theirs, 0, NULL);
  o->iterations = (int)json_integer_value(json_object_get(b, "iterations"));
  forget(a);
  forget(b);
  const char *differs = b ? first_difference(a, b) : "config";
  if (differs) (void)snprintf(name, sizeof name, "%s", differs);
  json_decref(a);
  json_decref(b);
  free(mine);
  free(theirs);
  TRY(read);
  CHECK(!name[0], ERR_USAGE,
        "--continue %s: the setting %s differs there; give the same, only targets, iterations, "
        "seeds, contrast, randomise and data may be others",
        path, name);
  CHECK(o->iterations <= c->iterations, ERR_USAGE,
        "--continue %s: its maps have %d iterations already; give --iterations of at least that",
        path, o->iterations);
  return ERR_OK;
}

static err read_rows(struct classmap_old *o)
{
  int status = 0, class = 0;
  TRY(store_read_text(o->store, "samples/variant", &o->n, &o->variant));
  TRY(store_find(o->store, "samples/status", &status));
  TRY(store_find(o->store, "samples/class_index", &class));
  o->status = calloc((size_t)o->n, sizeof *o->status);
  o->class = calloc((size_t)o->n, sizeof *o->class);
  CHECK(o->status && o->class, ERR_MEMORY, "no memory for an earlier study");
  TRY(store_read(o->store, status, 0, o->n, o->status));
  TRY(store_read(o->store, class, 0, o->n, o->class));
  return ERR_OK;
}

static err open_it(struct classmap_old *o, const char *path, const struct classmap *c)
{
  TRY(store_open_read(path, &o->store));
  TRY(compare_text(o, path, "job", "classmap"));
  TRY(compare_text(o, path, "model_sha256", c->setup->model_sha256));
  TRY(compare_text(o, path, "kernel_family", product_family()));
  TRY(compare_config(o, path, c));
  TRY(read_rows(o));
  return ERR_OK;
}

err classmap_old_open(const char *path, const struct classmap *c, struct classmap_old **out)
{
  struct classmap_old *o = calloc(1, sizeof *o);
  CHECK(o, ERR_MEMORY, "no memory for an earlier study");
  const err e = open_it(o, path, c);
  if (e) {
    classmap_old_close(&o);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = o;
  return ERR_OK;
}

int64_t classmap_old_row(struct classmap_old *o, const struct classmap *c, int64_t row,
                         struct store **s)
{
  const struct classmap_variant *v = classmap_variant_of(c, row);
  *s = o ? o->store : NULL;
  if (!o || v->images.given) return -1; /* other images may have been given */
  for (int64_t i = 0; i < o->n; i++) {
    if (o->status[i] == SAMPLE_DONE && o->class[i] == classmap_class_of(c, row) &&
        !strcmp(o->variant[i], v->name))
      return i;
  }
  return -1;
}
