/** @file
 *  Opening a study and reading its tables. */
#include "jobs/view.h"

#include "core/method.h"
#include "io/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Find a variable and check its type and extents; extents < 0 are free. */
static err find_checked(struct view *v, const char *name, enum store_type type, int n_dims,
                        const int64_t *want, int *var)
{
  int64_t dims[STORE_MAX_DIMS];
  int n = 0;

  TRY(store_find(v->store, name, var));
  store_extent(v->store, *var, &n, dims);
  CHECK(store_kind(v->store, *var) == type, ERR_FORMAT, "%s: %s has another type than it should",
        v->path, name);
  CHECK(n == n_dims, ERR_FORMAT, "%s: %s has %d dimensions, not %d", v->path, name, n, n_dims);
  for (int k = 0; k < n; k++) {
    CHECK(want[k] < 0 || dims[k] == want[k], ERR_FORMAT,
          "%s: axis %d of %s has %" PRId64 " entries, not %" PRId64, v->path, k, name, dims[k],
          want[k]);
  }
  return ERR_OK;
}

/** Read a whole variable of `bytes` an item, [rows] or [rows, columns] where columns > 0. */
static err read_table(struct view *v, const char *name, enum store_type type, int64_t rows,
                      int64_t columns, size_t bytes, void *out)
{
  int var = 0;
  const int64_t want[2] = {rows, columns};

  TRY(find_checked(v, name, type, columns > 0 ? 2 : 1, want, &var));
  void *data = malloc((size_t)rows * (size_t)(columns > 0 ? columns : 1) * bytes);
  CHECK(data, ERR_MEMORY, "no memory for %s of %s", name, v->path);
  const err e = store_read(v->store, var, 0, rows, data);
  if (e) {
    free(data);
    return err_trace(e, __FILE__, __LINE__);
  }
  memcpy(out, &data, sizeof data); /* *out is a pointer to numbers of that type */
  return ERR_OK;
}

/** Read names; where *n > 0 they must be so many, else *n is set. */
static err read_names(struct view *v, const char *name, int *n, char ***out)
{
  int64_t count = 0;
  char **text = NULL;

  TRY(store_read_text(v->store, name, &count, &text));
  if (count < 1 || count > INT32_MAX || (*n > 0 && count != *n)) {
    free((void *)text);
    return FAIL(ERR_FORMAT, "%s: %s has %" PRId64 " names, which does not fit the rest", v->path,
                name, count);
  }
  *n = (int)count;
  *out = text;
  return ERR_OK;
}

/** Who the samples are: paths, slots and classes, which set all extents. */
static err read_extents(struct view *v)
{
  int n = 0, var = 0, dims = 0;
  int64_t extent[STORE_MAX_DIMS];
  const int64_t any[2] = {-1, -1};

  TRY(read_names(v, "samples/path", &n, &v->sample));
  v->n_samples = n;
  TRY(read_names(v, "samples/target", &v->n_targets, &v->target));
  TRY(find_checked(v, "samples/logits", STORE_F32, 2, any, &var));
  store_extent(v->store, var, &dims, extent);
  CHECK(extent[0] == v->n_samples && extent[1] <= INT32_MAX, ERR_FORMAT,
        "%s: samples/logits has %" PRId64 " rows for %" PRId64 " samples", v->path, extent[0],
        v->n_samples);
  v->n_classes = (int)extent[1];
  n = v->n_classes;
  if (read_names(v, "samples/class", &n, &v->class_name)) v->class_name = NULL; /* numbers */
  return ERR_OK;
}

static err read_samples(struct view *v)
{
  const int64_t n = v->n_samples;

  TRY(read_table(v, "samples/label", STORE_I32, n, 0, sizeof *v->label, &v->label));
  TRY(read_table(v, "samples/status", STORE_U8, n, 0, sizeof *v->status, &v->status));
  TRY(read_table(v, "samples/target_class", STORE_I32, n, v->n_targets, sizeof *v->target_class,
                 &v->target_class));
  TRY(read_table(v, "samples/score", STORE_F32, n, v->n_targets, sizeof *v->score, &v->score));
  return ERR_OK;
}

static err check_shapes(const struct view *v)
{
  for (int i = 0; i < 3 * v->n_layers; i++) {
    CHECK(v->layer_shape[i] >= 1, ERR_FORMAT, "%s: layers/shape of %s is %d", v->path,
          v->layer[i / 3], v->layer_shape[i]);
  }
  return ERR_OK;
}

static err read_layers(struct view *v)
{
  TRY(read_names(v, "layers/layer", &v->n_layers, &v->layer));
  TRY(read_names(v, "layers/operator", &v->n_layers, &v->layer_op));
  TRY(read_names(v, "layers/variable", &v->n_layers, &v->layer_variable));
  TRY(read_table(v, "layers/index", STORE_I32, v->n_layers, 0, sizeof *v->layer_index,
                 &v->layer_index));
  TRY(read_table(v, "layers/shape", STORE_I32, v->n_layers, 3, sizeof *v->layer_shape,
                 &v->layer_shape));
  TRY(check_shapes(v));
  return ERR_OK;
}

/** Only files of the job attribute hold maps as these readers know them. */
static err check_job(struct view *v)
{
  char *job = NULL;
  err e = ERR_OK;

  TRY(store_attr_text(v->store, "/", "job", &job));
  if (strcmp(job, "attribute") != 0)
    e = FAIL(ERR_FORMAT, "%s was made by retrograd %s and holds no maps", v->path, job);
  free(job);
  return e;
}

static err read_methods(struct view *v)
{
  TRY(read_names(v, "methods/method", &v->n_methods, &v->method));
  TRY(read_names(v, "methods/canonical", &v->n_methods, &v->canonical));
  return ERR_OK;
}

static err read_all(struct view *v)
{
  TRY(store_open_read(v->path, &v->store));
  TRY(check_job(v));
  TRY(read_extents(v));
  TRY(read_samples(v));
  TRY(read_layers(v));
  TRY(read_methods(v));
  return ERR_OK;
}

err view_open(const char *path, struct view **out)
{
  struct view *v = calloc(1, sizeof *v);

  CHECK(v, ERR_MEMORY, "no memory for %s", path);
  v->path = path;
  const err e = read_all(v);
  if (e) {
    view_close(&v);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = v;
  return ERR_OK;
}

void view_close(struct view **v)
{
  struct view *d = *v;

  if (!d) return;
  store_close(&d->store);
  free((void *)d->sample);
  free(d->label);
  free(d->status);
  free(d->target_class);
  free(d->score);
  free((void *)d->class_name);
  free((void *)d->target);
  free((void *)d->layer);
  free((void *)d->layer_op);
  free((void *)d->layer_variable);
  free(d->layer_index);
  free(d->layer_shape);
  free((void *)d->method);
  free((void *)d->canonical);
  free(d);
  *v = NULL;
}

const char *view_class(const struct view *v, int index, char text[16])
{
  if (index >= 0 && index < v->n_classes && v->class_name) return v->class_name[index];
  if (index < 0) {
    (void)snprintf(text, 16, "none");
  } else {
    (void)snprintf(text, 16, "%d", index);
  }
  return text;
}

const char *view_status(int code)
{
  static const char *const words[] = {
#define E(name, word, text) [name] = (word),
      SAMPLE_STATUS_LIST(E)
#undef E
  };
  return code >= 0 && code < (int)(sizeof words / sizeof *words) ? words[code] : "unknown";
}

int64_t view_count(const struct view *v, int code)
{
  int64_t n = 0;
  for (int64_t i = 0; i < v->n_samples; i++) n += v->status[i] == code;
  return n;
}

err view_logits(struct view *v, int64_t sample, float *logits)
{
  int var = 0;

  TRY(store_find(v->store, "samples/logits", &var));
  TRY(store_read(v->store, var, sample, 1, logits));
  return ERR_OK;
}

void view_best(const float *logits, int n, int k, int *best)
{
  int found = 0;

  for (int i = 0; i < n; i++) {
    const float x = isnan(logits[i]) ? -INFINITY : logits[i];
    int at = found;
    while (at > 0 && !(x <= (isnan(logits[best[at - 1]]) ? -INFINITY : logits[best[at - 1]]))) at--;
    if (at == k) continue;
    if (found < k) found++;
    for (int j = found - 1; j > at; j--) best[j] = best[j - 1];
    best[at] = i;
  }
}

err view_text(struct view *v, const char *name, char **out)
{
  if (!store_attr_text(v->store, "/", name, out)) return ERR_OK;
  *out = calloc(1, 1);
  CHECK(*out, ERR_MEMORY, "no memory for attribute %s of %s", name, v->path);
  return ERR_OK;
}

int64_t view_number(struct view *v, const char *name, int64_t otherwise)
{
  int n = 0;
  int64_t value = otherwise;
  return store_attr_i64(v->store, "/", name, 1, &n, &value) ? otherwise : value;
}

bool view_is_signed(const struct view *v, int method)
{
  return method_is_signed(v->canonical[method]);
}

err view_give_classes(const struct view *v, struct recipe *r)
{
  if (!v->class_name) return ERR_OK;
  r->classes = calloc((size_t)v->n_classes, sizeof *r->classes);
  CHECK(r->classes, ERR_MEMORY, "no memory for %d class names", v->n_classes);
  for (int k = 0; k < v->n_classes; k++) {
    r->classes[k] = strdup(v->class_name[k]);
    CHECK(r->classes[k], ERR_MEMORY, "no memory for %d class names", v->n_classes);
  }
  return ERR_OK;
}
