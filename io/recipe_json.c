/** @file
 *  The JSON file beside a model.  The one owner of jansson.h among the readers.  Two dialects are taken, key by
 *  key, so that they may also be mixed:
 *
 *    size [H, W]             input_size [C, H, W]       must be what the model takes
 *    channels "RGB"          channel_order "RGB"        or "BGR", "GRAY"
 *    resize null, 256, [h, w], or {short_side, interpolation, centre_crop}
 *    crop null, true, 224, [h, w]
 *    classes ["cat", ...]    classes_file "classes.csv"
 *    scale, mean, std, layout "NCHW", interpolation or filter, exif */
#include "io/file.h"
#include "io/recipe_impl.h"
#include "io/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the reader of a key works on. */
struct reading {
  struct recipe *r;
  const char *path;
};

static err read_number(const json_t *j, double *v)
{
  CHECK(json_is_number(j), ERR_FORMAT, "neither a number nor a list of numbers");
  *v = json_number_value(j);
  return ERR_OK;
}

/** Copy the numbers of an array, or the one number, into v[max]; *n of them. */
static err read_numbers(const json_t *j, int max, double *v, int *n)
{
  const size_t count = json_is_array(j) ? json_array_size(j) : 1;

  CHECK(count >= 1 && count <= (size_t)max, ERR_FORMAT, "%zu numbers, expected 1 to %d", count,
        max);
  for (size_t i = 0; i < count; i++)
    TRY(read_number(json_is_array(j) ? json_array_get(j, i) : j, &v[i]));
  *n = (int)count;
  return ERR_OK;
}

static err read_text(const json_t *j, const char **text)
{
  CHECK(json_is_string(j), ERR_FORMAT, "not a text");
  *text = json_string_value(j);
  return ERR_OK;
}

/** Sizes that must be the model's: [height, width], [channels, height, width], or one side. */
static err same_size(const struct recipe *r, const double *v, int n)
{
  const double h = n == 3 ? v[1] : v[0], w = n == 1 ? v[0] : v[n - 1];

  CHECK(r->view.large || (h == r->height && w == r->width), ERR_SHAPE,
        "%g x %g pixels, but the model takes %d x %d; correct the key, or give another --recipe", h,
        w, r->height, r->width);
  CHECK(n < 3 || v[0] == r->channels, ERR_SHAPE, "%g channels, but the model takes %d", v[0],
        r->channels);
  return ERR_OK;
}

static err key_size(struct reading *at, const json_t *j)
{
  double v[3] = {0.0, 0.0, 0.0};
  int n = 1;

  TRY(read_numbers(j, 3, v, &n));
  return same_size(at->r, v, n);
}

static err key_layout(struct reading *at, const json_t *j)
{
  const char *text = "";

  (void)at;
  TRY(read_text(j, &text));
  CHECK(strcmp(text, "NCHW") == 0, ERR_UNSUPPORTED, "'%s', but only NCHW is supported", text);
  return ERR_OK;
}

/** "RGB"; or the number of channels. */
static err key_order(struct reading *at, const json_t *j)
{
  const char *text = "";

  if (json_is_integer(j)) {
    CHECK(json_integer_value(j) == at->r->channels, ERR_SHAPE, "%lld, but the model takes %d",
          (long long)json_integer_value(j), at->r->channels);
    return ERR_OK;
  }
  TRY(read_text(j, &text));
  return recipe_set_order(at->r, text);
}

static err key_scale(struct reading *at, const json_t *j)
{
  CHECK(json_is_number(j), ERR_FORMAT, "not a number");
  CHECK(json_number_value(j) > 0.0, ERR_FORMAT, "%g is not above 0", json_number_value(j));
  at->r->scale = json_number_value(j);
  return ERR_OK;
}

/** A list has one number a channel; a single number holds for all. */
static err key_numbers(struct reading *at, const json_t *j, const char *name)
{
  double v[3] = {0.0, 0.0, 0.0};
  int n = 1;

  TRY(read_numbers(j, 3, v, &n));
  CHECK(!json_is_array(j) || n == at->r->channels, ERR_FORMAT,
        "%d numbers, but the model takes %d channels", n, at->r->channels);
  return recipe_set_numbers(at->r, name, v, n);
}

static err key_mean(struct reading *at, const json_t *j)
{
  return key_numbers(at, j, "mean");
}

static err key_std(struct reading *at, const json_t *j)
{
  return key_numbers(at, j, "std");
}

static err key_filter(struct reading *at, const json_t *j)
{
  const char *text = "";

  TRY(read_text(j, &text));
  return recipe_read_filter(text, &at->r->filter);
}

static err key_crop(struct reading *at, const json_t *j)
{
  double v[2] = {0.0, 0.0};
  int n = 1;

  if (json_is_boolean(j)) {
    at->r->crop = json_is_true(j);
    return ERR_OK;
  }
  if (json_is_string(j)) return recipe_set(at->r, "crop", json_string_value(j));
  TRY(read_numbers(j, 2, v, &n));
  TRY(same_size(at->r, v, n));
  at->r->crop = true;
  return ERR_OK;
}

/** {short_side, interpolation, centre_crop}, each optional. */
static err resize_object(struct reading *at, const json_t *j)
{
  const json_t *side = json_object_get(j, "short_side"),
               *filter = json_object_get(j, "interpolation");
  const json_t *crop = json_object_get(j, "centre_crop");

  if (!crop) crop = json_object_get(j, "center_crop");
  CHECK(!side || json_is_number(side), ERR_FORMAT, "short_side is not a number");
  if (side) TRY(recipe_set_short_side(at->r, json_number_value(side)));
  if (filter && !json_is_null(filter)) TRY(key_filter(at, filter));
  if (crop && !json_is_null(crop)) TRY(key_crop(at, crop));
  return ERR_OK;
}

static err key_resize(struct reading *at, const json_t *j)
{
  double v[2] = {0.0, 0.0};
  int n = 1;

  if (json_is_object(j)) return resize_object(at, j);
  if (json_is_string(j)) return recipe_set(at->r, "resize", json_string_value(j));
  TRY(read_numbers(j, 2, v, &n));
  return n == 1 && !json_is_array(j) ? recipe_set_short_side(at->r, v[0])
                                     : recipe_set_exact(at->r, v[0], v[n - 1]);
}

static err key_exif(struct reading *at, const json_t *j)
{
  CHECK(json_is_boolean(j) || json_is_string(j), ERR_FORMAT,
        "neither true, false, \"apply\" nor \"ignore\"");
  if (json_is_string(j)) return recipe_set(at->r, "exif", json_string_value(j));
  at->r->exif = json_is_true(j);
  return ERR_OK;
}

static err copy_texts(const json_t *j, char **to, int n)
{
  for (int i = 0; i < n; i++) {
    const char *text = json_string_value(json_array_get(j, (size_t)i));
    CHECK(text && *text && utf8_printable(text), ERR_FORMAT, "item %d is not a printable name", i);
    to[i] = strdup(text);
    CHECK(to[i], ERR_MEMORY, "no memory for class names");
  }
  return ERR_OK;
}

static err key_classes(struct reading *at, const json_t *j)
{
  const int n = at->r->n_classes;

  CHECK(json_is_array(j), ERR_FORMAT, "not a list of names");
  CHECK(json_array_size(j) == (size_t)n, ERR_FORMAT, "%zu class names for a model of %d classes",
        json_array_size(j), n);
  char **names = calloc((size_t)n, sizeof *names);
  CHECK(names, ERR_MEMORY, "no memory for class names");
  const err e = copy_texts(j, names, n);
  if (!e) return recipe_set_classes(at->r, names, NULL, n, at->path);
  recipe_free_texts(names, n);
  return err_trace(e, __FILE__, __LINE__);
}

/** True for a relative path that stays in its folder. */
static bool stays_inside(const char *path)
{
  const char *at = path;

  if (path[0] == '/' || path[0] == 0) return false;
  for (; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
    if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == 0)) return false;
  return true;
}

/** `name` in that folder if there is such a file; *found is new, or NULL. */
static err find_in(const char *folder, const char *name, char **found)
{
  char *path = file_join(folder, name);

  CHECK(path, ERR_MEMORY, "no memory for a path");
  if (file_bytes(path) < 0) {
    free(path);
    path = NULL;
  }
  *found = path;
  return ERR_OK;
}

/** Beside the JSON file; or in the folder above, where a collection of models shares the list. */
static err find_classes(const char *folder, const char *name, char **found)
{
  char *above = file_join(folder, "..");
  err e = ERR_OK;

  CHECK_DONE(above, ERR_MEMORY, "no memory for a path");
  TRY_DONE(find_in(folder, name, found));
  if (!*found) TRY_DONE(find_in(above, name, found));

done:
  free(above);
  return e;
}

static err key_classes_file(struct reading *at, const json_t *j)
{
  char *folder = NULL, *found = NULL;
  const char *name = "";

  TRY(read_text(j, &name));
  CHECK(stays_inside(name), ERR_FORMAT, "'%s' leaves the folder of the JSON file", name);
  folder = file_folder(at->path);
  CHECK(folder, ERR_MEMORY, "no memory for a path");
  err e = find_classes(folder, name, &found);
  free(folder);
  if (e) return err_trace(e, __FILE__, __LINE__);
  CHECK(found, ERR_INPUT,
        "'%s' is neither beside the JSON file nor in the folder above; put it there or remove the "
        "key",
        name);
  e = recipe_read_classes(at->r, found);
  free(found);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

static const struct key {
  const char *name;
  err (*read)(struct reading *at, const json_t *j);
} keys[] = {
    {"size", key_size},           {"input_size", key_size},
    {"layout", key_layout},       {"channels", key_order},
    {"channel_order", key_order}, {"scale", key_scale},
    {"mean", key_mean},           {"std", key_std},
    {"filter", key_filter},       {"interpolation", key_filter},
    {"resize", key_resize},       {"crop", key_crop},
    {"exif", key_exif},           {"classes_file", key_classes_file},
    {"classes", key_classes},
};

/** Name the file and the key before the reason of a failure. */
static err blame(err e, const char *path, const char *key)
{
  char reason[640];

  (void)snprintf(reason, sizeof reason, "%s", err_message());
  return FAIL(e == ERR_USAGE ? ERR_FORMAT : e, "%s: key \"%s\": %s", path, key, reason);
}

/** null says nothing, like an absent key. */
static err apply(struct recipe *r, const char *path, const json_t *root)
{
  struct reading at = {r, path};

  CHECK(json_is_object(root), ERR_FORMAT, "%s: not a JSON object", path);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const json_t *j = json_object_get(root, keys[i].name);
    if (!j || json_is_null(j)) continue;
    const err e = keys[i].read(&at, j);
    if (e) return blame(e, path, keys[i].name);
  }
  return ERR_OK;
}

err recipe_read_json(struct recipe *r, const char *path)
{
  json_error_t why = {0};
  uint8_t *bytes = NULL;
  json_t *root = NULL;
  size_t n = 0;
  err e = ERR_OK;

  TRY(file_read(path, LIMIT_RECIPE_BYTES, &bytes, &n));
  root = json_loadb((const char *)bytes, n, 0, &why);
  CHECK_DONE(root, ERR_FORMAT, "%s is not JSON: line %d: %s", path, why.line, why.text);
  TRY_DONE(apply(r, path, root));

done:
  json_decref(root);
  free(bytes);
  return e;
}
