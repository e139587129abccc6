/** @file
 *  Settings of the recipe, one function each: what options and JSON files may say. */
#include "core/nearest.h"
#include "io/recipe_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_SIDE = 65535 };

static const char *const filter_names[] = {
    [FILTER_NEAREST] = "nearest", [FILTER_BILINEAR] = "bilinear", [FILTER_BICUBIC] = "bicubic",
    [FILTER_LANCZOS] = "lanczos", [FILTER_BOX] = "box",
};

enum { N_FILTERS = sizeof filter_names / sizeof *filter_names };

const char *recipe_filter_name(enum recipe_filter f)
{
  return filter_names[f];
}

err recipe_read_filter(const char *text, enum recipe_filter *out)
{
  const size_t n = strcspn(text, " (,");

  for (int i = 0; i < N_FILTERS; i++) {
    if (strlen(filter_names[i]) != n || strncasecmp(filter_names[i], text, n) != 0) continue;
    *out = (enum recipe_filter)i;
    return ERR_OK;
  }
  return FAIL(ERR_USAGE, "'%s' is not one of nearest, bilinear, bicubic, lanczos, box", text);
}

err recipe_set_order(struct recipe *r, const char *text)
{
  static const char *const grey[] = {"GRAY", "GREY", "GRAYSCALE", "GREYSCALE", "L"};
  const bool rgb = strcasecmp(text, "RGB") == 0, bgr = strcasecmp(text, "BGR") == 0;
  bool one = false;

  for (size_t i = 0; i < sizeof grey / sizeof *grey; i++)
    one = one || strcasecmp(text, grey[i]) == 0;
  CHECK(rgb || bgr || one, ERR_USAGE, "'%s' is not one of RGB, BGR, GRAY", text);
  CHECK(one == (r->channels == 1), ERR_USAGE, "'%s' does not go with a model of %d channel%s", text,
        r->channels, r->channels == 1 ? "" : "s");
  r->bgr = bgr;
  return ERR_OK;
}

static err check_numbers(const double *v, int n, bool std)
{
  for (int i = 0; i < n; i++) {
    CHECK(isfinite(v[i]), ERR_USAGE, "%g is not a finite number", v[i]);
    CHECK(!std || v[i] > 0.0, ERR_USAGE, "%g is not above 0, and std divides", v[i]);
  }
  return ERR_OK;
}

err recipe_set_numbers(struct recipe *r, const char *name, const double *v, int n)
{
  const bool std = strcmp(name, "std") == 0;

  CHECK(n == 1 || n == r->channels, ERR_USAGE, "%d numbers for %d channel%s", n, r->channels,
        r->channels == 1 ? "" : "s");
  TRY(check_numbers(v, n, std));
  for (int c = 0; c < r->channels; c++) (std ? r->std : r->mean)[c] = v[n == 1 ? 0 : c];
  return ERR_OK;
}

static bool is_side(double v)
{
  return v >= 1.0 && v <= MAX_SIDE && v == floor(v);
}

err recipe_set_short_side(struct recipe *r, double side)
{
  CHECK(is_side(side), ERR_USAGE, "%g is not a whole number from 1 to %d", side, MAX_SIDE);
  r->resize = RESIZE_SHORT_SIDE;
  r->resize_to = (int)side;
  r->resize_height = r->resize_width = 0;
  return ERR_OK;
}

err recipe_set_exact(struct recipe *r, double height, double width)
{
  CHECK(is_side(height) && is_side(width), ERR_USAGE, "%g x %g are not whole numbers from 1 to %d",
        height, width, MAX_SIDE);
  r->resize = RESIZE_EXACT;
  r->resize_to = 0;
  r->resize_height = (int)height;
  r->resize_width = (int)width;
  return ERR_OK;
}

/** A number with `stop` behind it; *end is after it. */
static err read_number(const char *text, const char *stop, double *v, const char **end)
{
  char *after = NULL;

  *v = strtod(text, &after);
  CHECK(after != text && strchr(stop, *after), ERR_USAGE, "'%s' is not a number", text);
  CHECK(isfinite(*v), ERR_USAGE, "'%s' is not a finite number", text);
  *end = after;
  return ERR_OK;
}

static err read_numbers(struct recipe *r, const char *name, const char *text)
{
  double v[3] = {0.0, 0.0, 0.0};
  int n = 0;

  for (const char *at = text;; at++) {
    CHECK(n < 3, ERR_USAGE, "'%s' has more than 3 numbers", text);
    TRY(read_number(at, ",", &v[n++], &at));
    if (!*at) break;
  }
  return recipe_set_numbers(r, name, v, n);
}

static err set_mean(struct recipe *r, const char *value)
{
  return read_numbers(r, "mean", value);
}

static err set_std(struct recipe *r, const char *value)
{
  return read_numbers(r, "std", value);
}

static err set_scale(struct recipe *r, const char *value)
{
  double v = 0.0;

  TRY(read_number(value, "", &v, &value));
  CHECK(v > 0.0, ERR_USAGE, "%g is not above 0", v);
  r->scale = v;
  return ERR_OK;
}

/** Digits only: strtol alone would take signs and blanks. */
static const char *read_side(const char *text, double *v)
{
  char *end = NULL;

  if (*text < '0' || *text > '9') return NULL;
  *v = (double)strtol(text, &end, 10);
  return end;
}

static err set_resize(struct recipe *r, const char *value)
{
  double height = 0.0, width = 0.0;
  const char *end = read_side(value, &height);

  if (strcmp(value, "none") == 0) {
    r->resize = RESIZE_NONE;
    r->resize_to = r->resize_height = r->resize_width = 0;
    return ERR_OK;
  }
  if (end && *end == 0) return recipe_set_short_side(r, height);
  if (end && *end == 'x') end = read_side(end + 1, &width);
  CHECK(end && *end == 0, ERR_USAGE, "'%s' is not one of none, SIDE, HEIGHTxWIDTH", value);
  return recipe_set_exact(r, height, width);
}

static err set_filter(struct recipe *r, const char *value)
{
  return recipe_read_filter(value, &r->filter);
}

static err set_crop(struct recipe *r, const char *value)
{
  const bool crop = strcmp(value, "centre") == 0 || strcmp(value, "center") == 0;

  CHECK(crop || strcmp(value, "none") == 0, ERR_USAGE, "'%s' is not one of none, centre", value);
  r->crop = crop;
  return ERR_OK;
}

static err set_exif(struct recipe *r, const char *value)
{
  const bool apply = strcmp(value, "apply") == 0;

  CHECK(apply || strcmp(value, "ignore") == 0, ERR_USAGE, "'%s' is not one of ignore, apply",
        value);
  r->exif = apply;
  return ERR_OK;
}

static const struct setting {
  const char *name;
  err (*set)(struct recipe *r, const char *value);
} settings[] = {
    {"resize", set_resize},
    {"filter", set_filter},
    {"crop", set_crop},
    {"scale", set_scale},
    {"mean", set_mean},
    {"std", set_std},
    {"channel-order", recipe_set_order},
    {"exif", set_exif},
    {"classes", recipe_read_classes},
};

/** Name the option before the reason of a failure. */
static err blame(err e, const char *name)
{
  char reason[512];

  (void)snprintf(reason, sizeof reason, "%s", err_message());
  return FAIL(e, "--%s: %s", name, reason);
}

err recipe_set(struct recipe *r, const char *name, const char *value)
{
  const char *names[sizeof settings / sizeof *settings];
  const int n = sizeof settings / sizeof *settings;
  char near[256];

  for (int i = 0; i < n; i++) {
    names[i] = settings[i].name;
    if (strcmp(settings[i].name, name) != 0) continue;
    const err e = settings[i].set(r, value);
    return e ? blame(e, name) : ERR_OK;
  }
  return FAIL(ERR_USAGE, "'%s' is no setting of the recipe%s", name,
              nearest_text(name, names, n, near, sizeof near));
}
