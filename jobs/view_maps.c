/** @file
 *  The variables of /maps. */
#include "jobs/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 512 };

static int find_method(const struct view *v, const char *name)
{
  for (int m = 0; m < v->n_methods; m++)
    if (!strcmp(v->method[m], name)) return m;
  return -1;
}

/** Which methods of the study the names of an axis are.  text [m->n_methods]. */
static err match_methods(const struct view *v, char *const *text, const char *name,
                         struct view_maps *m)
{
  m->method_at = malloc((size_t)m->n_methods * sizeof *m->method_at);
  CHECK(m->method_at, ERR_MEMORY, "no memory for the methods of %s", name);
  for (int k = 0; k < m->n_methods; k++) {
    m->method_at[k] = find_method(v, text[k]);
    CHECK(m->method_at[k] >= 0, ERR_FORMAT, "%s: method '%s' of %s is not in methods/method",
          v->path, text[k], name);
  }
  return ERR_OK;
}

/** Read the scale of the methods' axis. */
static err read_methods(struct view *v, const char *name, struct view_maps *m)
{
  char scale[NAME], path[NAME + 8];
  char **text = NULL;
  int64_t n = 0;
  err e = ERR_OK;

  TRY(store_dim_name(v->store, m->var, 2, scale, sizeof scale));
  (void)snprintf(path, sizeof path, "maps/%s", scale);
  TRY(store_read_text(v->store, path, &n, &text));
  if (n == m->n_methods) {
    e = match_methods(v, text, name, m);
  } else {
    e = FAIL(ERR_FORMAT, "%s: %s has %" PRId64 " names for the %d methods of %s", v->path, path, n,
             m->n_methods, name);
  }
  free((void *)text);
  return e;
}

static err check_extent(struct view *v, const char *name, struct view_maps *m)
{
  int64_t dims[STORE_MAX_DIMS];
  int n = 0;
  const int32_t *shape = v->layer_shape + 3 * (size_t)m->layer;

  store_extent(v->store, m->var, &n, dims);
  CHECK(store_kind(v->store, m->var) == STORE_F32, ERR_FORMAT, "%s: %s is not float32", v->path,
        name);
  CHECK(n == 5, ERR_FORMAT, "%s: %s has %d dimensions, not 5", v->path, name, n);
  CHECK(dims[0] == v->n_samples && dims[1] == v->n_targets, ERR_FORMAT,
        "%s: %s has %" PRId64 " samples and %" PRId64 " targets, the study %" PRId64 " and %d",
        v->path, name, dims[0], dims[1], v->n_samples, v->n_targets);
  CHECK(dims[2] >= 1 && dims[2] <= v->n_methods, ERR_FORMAT,
        "%s: %s has %" PRId64 " methods, the study %d", v->path, name, dims[2], v->n_methods);
  CHECK(dims[3] == shape[1] && dims[4] == shape[2], ERR_FORMAT,
        "%s: maps of %s are %" PRId64 " x %" PRId64 ", the layer is %d x %d", v->path, name,
        dims[3], dims[4], shape[1], shape[2]);
  m->n_methods = (int)dims[2];
  m->height = (int)dims[3];
  m->width = (int)dims[4];
  m->row = dims[1] * dims[2] * dims[3] * dims[4];
  return ERR_OK;
}

err view_maps_find(struct view *v, int layer, struct view_maps *out)
{
  char name[NAME];
  struct view_maps m = {.layer = layer};

  (void)snprintf(name, sizeof name, "maps/%s", v->layer_variable[layer]);
  TRY(store_find(v->store, name, &m.var));
  TRY(check_extent(v, name, &m));
  const err e = read_methods(v, name, &m);
  if (e) {
    view_maps_free(&m);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = m;
  return ERR_OK;
}

void view_maps_free(struct view_maps *m)
{
  free(m->method_at);
  m->method_at = NULL;
}

int view_maps_slot(const struct view_maps *m, int method)
{
  for (int k = 0; k < m->n_methods; k++)
    if (m->method_at[k] == method) return k;
  return -1;
}

err view_maps_read(struct view *v, const struct view_maps *m, int64_t sample, float *row)
{
  TRY(store_read(v->store, m->var, sample, 1, row));
  return ERR_OK;
}
