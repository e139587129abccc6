/** @file
 *  Images through the recipe that the study's configuration holds. */
#include "jobs/pictures.h"

#include "io/dataset.h"
#include "io/file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct pictures {
  int64_t first; /* number in the data set of the study's first sample: not 0 in a shard */
  struct recipe recipe;
  char *folder;         /* owned; NULL for HDF5 */
  struct dataset *data; /* HDF5 */
};

/** The object `recipe` of the configuration, or NULL; *config is to be released. */
static json_t *find_recipe(struct view *v, json_t **config)
{
  char *text = NULL;

  if (view_text(v, "config", &text)) return NULL;
  *config = json_loads(text, 0, NULL);
  free(text);
  return json_object_get(*config, "recipe");
}

static int integer(const json_t *j, const char *name)
{
  const json_int_t n = json_integer_value(json_object_get(j, name));
  return n > 0 && n <= 65536 ? (int)n : 0;
}

bool pictures_frame(struct view *v, int *height, int *width)
{
  json_t *config = NULL;
  const json_t *j = find_recipe(v, &config);
  const int h = integer(j, "height"), w = integer(j, "width");

  json_decref(config);
  if (!h || !w) return false;
  *height = h;
  *width = w;
  return true;
}

/** Numbers for each channel; one number stands for all. */
static void read_numbers(const json_t *list, double out[3])
{
  for (size_t i = 0; i < json_array_size(list) && i < 3; i++)
    out[i] = json_number_value(json_array_get(list, i));
}

static err read_resize(const json_t *j, struct recipe *r)
{
  const json_t *size = json_object_get(j, "resize");
  const char *filter = json_string_value(json_object_get(j, "filter"));

  if (json_is_integer(size)) {
    r->resize = RESIZE_SHORT_SIDE;
    r->resize_to = integer(j, "resize");
  } else if (json_array_size(size) == 2) {
    r->resize = RESIZE_EXACT;
    r->resize_height = (int)json_integer_value(json_array_get(size, 0));
    r->resize_width = (int)json_integer_value(json_array_get(size, 1));
  }
  r->crop = json_is_string(json_object_get(j, "crop"));
  if (filter) TRY(recipe_set(r, "filter", filter));
  return ERR_OK;
}

/** The recipe from its canonical text. */
static err read_recipe(const json_t *j, const char *path, struct recipe *out)
{
  struct recipe r = {.channels = integer(j, "channels"),
                     .height = integer(j, "height"),
                     .width = integer(j, "width"),
                     .bgr = json_is_true(json_object_get(j, "bgr")),
                     .exif = json_is_true(json_object_get(j, "exif")),
                     .filter = FILTER_BILINEAR,
                     .scale = json_number_value(json_object_get(j, "scale")),
                     .std = {1.0, 1.0, 1.0}};

  CHECK((r.channels == 1 || r.channels == 3) && r.height && r.width, ERR_FORMAT,
        "%s does not say how an image becomes the model's input", path);
  read_numbers(json_object_get(j, "mean"), r.mean);
  read_numbers(json_object_get(j, "std"), r.std);
  TRY(read_resize(j, &r));
  *out = r;
  return ERR_OK;
}

/** The views that the study recorded. */
static err read_views(struct view *v, struct recipe *r)
{
  char *text = NULL, *rest = NULL;
  err e = ERR_OK;
  TRY(view_text(v, "view", &text));
  for (char *at = strtok_r(text, ",", &rest); at && !e; at = strtok_r(NULL, ",", &rest))
    e = recipe_set_view(r, at);
  free(text);
  return e;
}

/** A folder, or the folder of a CSV manifest, as samples/path is relative to it; else HDF5. */
static err find_folder(struct pictures *p, const char *data)
{
  struct stat st;
  const char *dot = strrchr(data, '.');

  if (recipe_has_view(&p->recipe)) return dataset_open(data, &p->recipe, 0, &p->data);
  if (stat(data, &st) == 0 && S_ISDIR(st.st_mode)) {
    p->folder = file_join(data, "");
  } else if (dot && !strcasecmp(dot, ".csv")) {
    p->folder = file_folder(data);
  } else {
    return dataset_open(data, &p->recipe, 0, &p->data);
  }
  CHECK(p->folder, ERR_MEMORY, "no memory for %s", data);
  CHECK(stat(p->folder, &st) == 0 && S_ISDIR(st.st_mode), ERR_INPUT, "there is no folder %s",
        p->folder);
  return ERR_OK;
}

err pictures_recipe(struct view *v, struct recipe *out)
{
  json_t *config = NULL;
  err e = read_recipe(find_recipe(v, &config), v->path, out);

  json_decref(config);
  if (e) return err_trace(e, __FILE__, __LINE__);
  e = read_views(v, out);
  if (e) recipe_free(out);
  if (e) return err_trace(e, __FILE__, __LINE__);
  out->n_classes = v->n_classes;
  return ERR_OK;
}

int64_t pictures_limit(struct view *v)
{
  json_t *config = NULL;

  (void)find_recipe(v, &config);
  const int64_t limit = json_integer_value(json_object_get(config, "limit"));
  json_decref(config);
  return limit;
}

static err open_all(struct view *v, const char *data, struct pictures *p)
{
  char *recorded = NULL;

  TRY(pictures_recipe(v, &p->recipe));
  TRY(view_give_classes(v, &p->recipe));
  TRY(view_text(v, "data", &recorded));
  p->first = view_number(v, "first_sample", 0);
  const err e = find_folder(p, data ? data : recorded);
  free(recorded);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err pictures_open(struct view *v, const char *data, struct pictures **out)
{
  struct pictures *p = calloc(1, sizeof *p);

  CHECK(p, ERR_MEMORY, "no memory for pictures");
  const err e = open_all(v, data, p);
  if (e) {
    pictures_close(&p);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = p;
  return ERR_OK;
}

void pictures_close(struct pictures **p)
{
  if (!*p) return;
  dataset_close(&(*p)->data);
  recipe_free(&(*p)->recipe);
  free((*p)->folder);
  free(*p);
  *p = NULL;
}

/** The image in the model's frame. */
static err read_frame(const struct pictures *p, const struct view *v, int64_t sample,
                      struct image *out)
{
  if (p->data) {
    const int64_t number = p->first + sample;
    CHECK(number < dataset_count(p->data), ERR_INPUT, "the data set has no sample %lld",
          (long long)number);
    return dataset_picture(p->data, number, &p->recipe, out);
  }
  char *path = file_join(p->folder, v->sample[sample]);
  CHECK(path, ERR_MEMORY, "no memory for a file name");
  err e = image_read(path, p->recipe.channels, p->recipe.exif, out);
  free(path);
  if (e) return err_trace(e, __FILE__, __LINE__);
  e = image_fit(out, &p->recipe);
  if (e) image_free(out);
  return e;
}

err pictures_input(const struct pictures *p, const struct view *v, int64_t sample, float *x)
{
  const struct recipe *r = &p->recipe;
  const int64_t pixels = (int64_t)r->height * r->width;
  struct image frame = {0};
  int size[2];

  if (p->data) {
    const enum sample_status status = dataset_load(p->data, p->first + sample, r, pixels, x, size);
    CHECK(status == SAMPLE_DONE, ERR_INPUT, "sample %lld cannot be read again: %s",
          (long long)sample, err_message());
    return ERR_OK;
  }
  TRY(read_frame(p, v, sample, &frame));
  image_normalise(&frame, r, pixels, x);
  image_free(&frame);
  return ERR_OK;
}

err pictures_read(const struct pictures *p, const struct view *v, int64_t sample, int height,
                  int width, struct image *out)
{
  struct image frame = {0};

  TRY(read_frame(p, v, sample, &frame));
  const err e = image_resize(&frame, height, width, FILTER_BILINEAR, out);
  image_free(&frame);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
