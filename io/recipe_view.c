/** @file
 *  Views as options say them. */
#include "io/dataset.h"
#include "io/recipe_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static err set_text(char **to, const char *value)
{
  char *copy = strdup(value);
  CHECK(copy, ERR_MEMORY, "no memory for a view");
  free(*to);
  *to = copy;
  return ERR_OK;
}

static err set_mosaic(struct recipe_view *v, const char *value)
{
  CHECK(value && *value, ERR_USAGE, "mosaic needs a file: mosaic=GRIDS.json");
  TRY(dataset_file_sha256(value, v->mosaic_sha256));
  return set_text(&v->mosaic, value);
}

static err set_invert(struct recipe_view *v, const char *value)
{
  CHECK(!value, ERR_USAGE, "invert takes no value");
  v->invert = true;
  return ERR_OK;
}

static err set_blind(struct recipe_view *v, const char *value)
{
  v->blind = true;
  return value ? set_text(&v->masks, value) : ERR_OK;
}

/** FACTOR or FACTOR:OFFSET. */
static err set_rescale(struct recipe_view *v, const char *value)
{
  char *end = NULL;
  v->factor = value ? strtod(value, &end) : 0.0;
  v->offset = 0.0;
  if (end && end != value && *end == ':') v->offset = strtod(end + 1, &end);
  CHECK(end && end != value && !*end && isfinite(v->factor) && v->factor > 0.0 &&
            isfinite(v->offset),
        ERR_USAGE, "rescale needs FACTOR or FACTOR:OFFSET, such as rescale=2:0.5, FACTOR above 0");
  v->rescaled = true;
  return ERR_OK;
}

static const struct {
  const char *name;
  err (*set)(struct recipe_view *v, const char *value);
} views[] = {
    {"mosaic", set_mosaic}, {"invert", set_invert}, {"blind", set_blind}, {"rescale", set_rescale}};

err recipe_set_view(struct recipe *r, const char *text)
{
  const size_t n = strcspn(text, "=");
  const char *value = text[n] ? text + n + 1 : NULL;
  for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
    if (strlen(views[i].name) == n && !strncmp(views[i].name, text, n))
      return views[i].set(&r->view, value);
  }
  return FAIL(ERR_USAGE,
              "'%s' is not one of mosaic=FILE, invert, blind, blind=MASKS, "
              "rescale=FACTOR:OFFSET",
              text);
}

bool recipe_has_view(const struct recipe *r)
{
  const struct recipe_view *v = &r->view;
  return v->mosaic || v->invert || v->blind || v->rescaled;
}

void recipe_view_print(FILE *f, const struct recipe_view *v)
{
  const char *comma = "";
  (void)fputs("{", f);
  if (v->blind) {
    (void)fprintf(f, "\"blind\": \"%s\"", v->masks ? "masks" : "boxes");
    comma = ", ";
  }
  if (v->invert) {
    (void)fprintf(f, "%s\"invert\": true", comma);
    comma = ", ";
  }
  if (v->mosaic) {
    (void)fprintf(f, "%s\"mosaic\": \"%s\"", comma, v->mosaic_sha256);
    comma = ", ";
  }
  if (v->rescaled) (void)fprintf(f, "%s\"rescale\": [%.17g, %.17g]", comma, v->factor, v->offset);
  (void)fputs("}", f);
}

void recipe_view_free(struct recipe_view *v)
{
  free(v->mosaic);
  free(v->masks);
  *v = (struct recipe_view){0};
}
