/** @file
 *  The recipe: defaults, classes by name, its canonical text. */
#include "io/recipe.h"

#include "io/recipe_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void recipe_free_texts(char **text, int n)
{
  for (int i = 0; text && i < n; i++) free(text[i]);
  free(text);
}

void recipe_free(struct recipe *r)
{
  if (!r) return;
  recipe_free_texts(r->classes, r->n_classes);
  recipe_free_texts(r->class_ids, r->n_classes);
  recipe_view_free(&r->view);
  *r = (struct recipe){0};
}

static err start(const struct shape *input, int n_classes, struct recipe *r)
{
  char text[64];

  CHECK(input->rank == 4, ERR_SHAPE,
        "the model's input %s is not an image [N, channels, height, width]",
        shape_text(input, "N", text, sizeof text));
  CHECK(input->dim[1] == 1 || input->dim[1] == 3, ERR_SHAPE,
        "the model's input %s has %d channels; an image has 1 or 3",
        shape_text(input, "N", text, sizeof text), input->dim[1]);
  *r = (struct recipe){.channels = input->dim[1],
                       .height = input->dim[2],
                       .width = input->dim[3],
                       .filter = FILTER_BILINEAR,
                       .scale = 1.0 / 255.0,
                       .std = {1.0, 1.0, 1.0},
                       .n_classes = n_classes};
  CHECK(r->height > 0 && r->width > 0 && n_classes > 0, ERR_SHAPE,
        "the model takes %d x %d pixels and has %d classes", r->height, r->width, n_classes);
  return ERR_OK;
}

static err read_recipe(const char *json, const struct shape *input, int n_classes, bool large,
                       struct recipe *out)
{
  struct recipe r = {0};
  err e = ERR_OK;

  TRY_DONE(start(input, n_classes, &r));
  r.view.large = large;
  if (json) TRY_DONE(recipe_read_json(&r, json));
  *out = r;
  return ERR_OK;

done:
  recipe_free(&r);
  return e;
}

err recipe_read(const char *json, const struct shape *input, int n_classes, struct recipe *out)
{
  return read_recipe(json, input, n_classes, false, out);
}

err recipe_read_large(const char *json, const struct shape *input, int n_classes,
                      struct recipe *out)
{
  return read_recipe(json, input, n_classes, true, out);
}

static int find_text(char *const *list, int n, const char *text, bool *twice)
{
  int found = -1;

  for (int i = 0; list && i < n; i++) {
    if (strcmp(list[i], text) != 0) continue;
    if (found >= 0) *twice = true;
    found = found < 0 ? i : found;
  }
  return found;
}

int recipe_class(const struct recipe *r, const char *label)
{
  bool twice = false;
  int found = find_text(r->class_ids, r->n_classes, label, &twice);
  char *end = NULL;

  if (!label[0]) return -1;
  if (found < 0) found = find_text(r->classes, r->n_classes, label, &twice);
  if (found >= 0) return twice ? -1 : found;
  if (label[0] < '0' || label[0] > '9') return -1;
  const long number = strtol(label, &end, 10);
  return *end == 0 && number < r->n_classes ? (int)number : -1;
}

const char *recipe_class_name(const struct recipe *r, int index)
{
  return r->classes && index >= 0 && index < r->n_classes ? r->classes[index] : NULL;
}

static void print_numbers(FILE *f, const double *v, int n)
{
  for (int i = 0; i < n; i++) (void)fprintf(f, "%s%.17g", i ? ", " : "[", v[i]);
  (void)fputs("]", f);
}

static void print_resize(FILE *f, const struct recipe *r)
{
  if (r->resize == RESIZE_NONE) (void)fputs("null", f);
  if (r->resize == RESIZE_SHORT_SIDE) (void)fprintf(f, "%d", r->resize_to);
  if (r->resize == RESIZE_EXACT) (void)fprintf(f, "[%d, %d]", r->resize_height, r->resize_width);
}

static void print(FILE *f, const struct recipe *r)
{
  (void)fprintf(f, "{\"bgr\": %s, \"channels\": %d, \"crop\": %s, \"exif\": %s, ",
                r->bgr ? "true" : "false", r->channels, r->crop ? "\"centre\"" : "null",
                r->exif ? "true" : "false");
  if (r->resize != RESIZE_NONE)
    (void)fprintf(f, "\"filter\": \"%s\", ", recipe_filter_name(r->filter));
  (void)fprintf(f, "\"height\": %d, \"mean\": ", r->height);
  print_numbers(f, r->mean, r->channels);
  (void)fputs(", \"resize\": ", f);
  print_resize(f, r);
  (void)fprintf(f, ", \"scale\": %.17g, \"std\": ", r->scale);
  print_numbers(f, r->std, r->channels);
  if (recipe_has_view(r)) {
    (void)fputs(", \"view\": ", f);
    recipe_view_print(f, &r->view);
  }
  (void)fprintf(f, ", \"width\": %d}", r->width);
}

char *recipe_text(const struct recipe *r)
{
  char *text = NULL;
  size_t n = 0;
  FILE *f = open_memstream(&text, &n);

  if (!f) return NULL;
  print(f, r);
  if (fclose(f) == 0) return text;
  free(text);
  return NULL;
}
