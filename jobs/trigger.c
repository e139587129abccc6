/** @file
 *  A known trigger against the signature that a scan found. */
#include "jobs/trigger.h"

#include "io/image.h"
#include "jobs/setup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 4096 };

/** The mask and what it is compared with. */
struct against {
  struct store *scan;
  int64_t channels, height, width;
  uint8_t *mask; /* [height][width] 0 or 1 */
  float *map;    /* [channels][height][width] */
  int64_t area;  /* pixels of the mask */
};

/** What one fine row comes to. */
struct share {
  double energy, overlap, covered, gain;
  int32_t window[3];
};

/** "Y:X:H:W" as four numbers of at most 1e6; false where the text is something else. */
static bool is_box(const char *text, int64_t box[4])
{
  for (int k = 0; k < 4; k++) {
    char *end = NULL;
    box[k] = strtol(text, &end, 10);
    if (end == text || *end != (k < 3 ? ':' : '\0') || box[k] < 0 || box[k] > 1000000) return false;
    text = end + 1;
  }
  return true;
}

static err read_box(const char *text, const int64_t box[4], struct against *a)
{
  const int64_t y = box[0], x = box[1], h = box[2], w = box[3];
  CHECK(h > 0 && w > 0 && y + h <= a->height && x + w <= a->width, ERR_USAGE,
        "--trigger %s is not inside the model's input of %d x %d", text, (int)a->height,
        (int)a->width);
  for (int64_t i = 0; i < h; i++) memset(a->mask + (y + i) * a->width + x, 1, (size_t)w);
  return ERR_OK;
}

static err read_png(const char *path, struct against *a)
{
  struct image im = {0};
  TRY(image_read(path, 1, false, &im));
  const bool fits = im.height == a->height && im.width == a->width;
  for (int64_t u = 0; fits && u < a->height * a->width; u++) a->mask[u] = im.pixel[u] > 127;
  const err e = fits ? ERR_OK
                     : FAIL(ERR_USAGE, "--trigger %s has %d x %d pixels, the model's input %d x %d",
                            path, im.height, im.width, (int)a->height, (int)a->width);
  image_free(&im);
  return e;
}

static err read_mask(const char *trigger, struct against *a)
{
  int64_t box[4] = {0};
  if (is_box(trigger, box)) {
    TRY(read_box(trigger, box, a));
  } else {
    TRY(read_png(trigger, a));
  }
  for (int64_t u = 0; u < a->height * a->width; u++) a->area += a->mask[u];
  CHECK(a->area > 0, ERR_USAGE, "--trigger %s has no pixel above 127", trigger);
  return ERR_OK;
}

static err open_scan(const char *path, struct against *a)
{
  int var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS] = {0};
  TRY(store_open_read(path, &a->scan));
  TRY(store_find(a->scan, "signature/map", &var));
  store_extent(a->scan, var, &n_dims, dims);
  a->channels = dims[1];
  a->height = dims[2];
  a->width = dims[3];
  a->mask = calloc((size_t)(a->height * a->width), 1);
  a->map = calloc((size_t)(a->channels * a->height * a->width), sizeof *a->map);
  CHECK(a->mask && a->map, ERR_MEMORY, "no memory for a map");
  return ERR_OK;
}

/** Share of the map's energy in the mask; NaN for a map of zeros. */
static double energy_in(const struct against *a)
{
  const int64_t pixels = a->height * a->width;
  double in = 0.0, all = 0.0;
  for (int64_t i = 0; i < a->channels * pixels; i++) {
    const double e = (double)a->map[i] * (double)a->map[i];
    all += e;
    if (a->mask[i % pixels]) in += e;
  }
  return all > 0.0 ? in / all : (double)NAN;
}

/** Pixels of the window in the mask. */
static int64_t common(const struct against *a, const int32_t window[3])
{
  int64_t n = 0;
  for (int64_t y = window[0]; y < window[0] + window[2]; y++) {
    for (int64_t x = window[1]; x < window[1] + window[2]; x++)
      if (y >= 0 && x >= 0 && y < a->height && x < a->width) n += a->mask[y * a->width + x];
  }
  return n;
}

/** Place of "patch" among the tests. */
static err patch_place(struct store *s, int64_t *tests, int64_t *at)
{
  char **name = NULL;
  TRY(store_read_text(s, "samples/test", tests, &name));
  *at = -1;
  for (int64_t i = 0; i < *tests; i++)
    if (!strcmp(name[i], "patch")) *at = i;
  free((void *)name);
  CHECK(*at >= 0, ERR_FORMAT, "the scan has no patches");
  return ERR_OK;
}

static err measure(struct against *a, int64_t row, int64_t fine_row, struct share *out)
{
  int64_t tests = 0, at = 0, first[3] = {row, 0, 0}, count[3] = {1, 1, 3};
  int var = 0;
  TRY(patch_place(a->scan, &tests, &at));
  first[1] = at;
  TRY(store_find(a->scan, "signature/map", &var));
  TRY(store_read(a->scan, var, fine_row, 1, a->map));
  TRY(store_find(a->scan, "samples/window", &var));
  TRY(store_read_box(a->scan, var, first, count, out->window));
  TRY(store_find(a->scan, "samples/gain", &var));
  TRY(store_read_box(a->scan, var, first, count, &out->gain));
  out->energy = energy_in(a);
  const int64_t side = out->window[2] > 0 ? out->window[2] : 0, both = common(a, out->window);
  out->overlap = (double)both / (double)(a->area + side * side - both);
  out->covered = (double)both / (double)a->area;
  return ERR_OK;
}

static void say(const struct report *r, FILE *csv, int32_t part, const struct share *x,
                double chance)
{
  report_say(r, "| %d | %.4f | %.4f | %.2f | %d, %d, %d | %.2f | %.2f | %s |\n", part, x->energy,
             chance, x->gain, x->window[0], x->window[1], x->window[2], x->overlap, x->covered,
             x->covered > 0.0 ? "yes" : "no");
  (void)fprintf(csv, "%d,%.17g,%.17g,%.17g,%d,%d,%d,%.17g,%.17g\n", part, x->energy, chance,
                x->gain, x->window[0], x->window[1], x->window[2], x->overlap, x->covered);
}

/** Rows of kind "fine" of the class `target`. */
static err each_row(const struct report *r, struct against *a, int target, FILE *csv)
{
  char **kind = NULL;
  int64_t rows = 0, fine = 0;
  int class_var = 0, part_var = 0;
  TRY(store_find(a->scan, "samples/class", &class_var));
  TRY(store_find(a->scan, "samples/part", &part_var));
  TRY(store_read_text(a->scan, "samples/kind", &rows, &kind));
  err e = ERR_OK;
  for (int64_t i = 0; !e && i < rows; i++) {
    int32_t class = -1, part = 0;
    struct share x = {0};
    if (strcmp(kind[i], "fine") != 0) continue;
    e = store_read(a->scan, class_var, i, 1, &class);
    if (!e) e = store_read(a->scan, part_var, i, 1, &part);
    if (!e && class == target) {
      e = measure(a, i, fine, &x);
      if (!e) say(r, csv, part, &x, (double)a->area / (double)(a->height * a->width));
    }
    fine++;
  }
  free((void *)kind);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err compare(const struct report *r, struct against *a, const char *trigger, int target,
                   FILE *csv)
{
  TRY(read_mask(trigger, a));
  report_say(r,
             "\n### The known trigger\n\n%d of %d pixels. For the suspected class, by part of the "
             "pool: the share of the map's energy in them, the share that an even map has, the "
             "gain of the smaller patch in nats, its window (row, column, side), its intersection "
             "over union with the trigger, and the share of the trigger that it covers. The same "
             "numbers are in `trigger.csv`.\n\n| part | energy in the trigger | even map | gain | "
             "window | IoU | covered | overlaps |\n| --- | --- | --- | --- | --- | --- | --- | --- "
             "|\n",
             (int)a->area, (int)(a->height * a->width));
  (void)fprintf(csv, "part,energy_share,area_share,gain,row,column,side,iou,covered\n");
  return each_row(r, a, target, csv);
}

err trigger_report(const struct report *r, const char *file, const char *trigger)
{
  const struct report_pick pick = {file, "verdict/value[target]", {NULL}};
  char path[PATH], to[PATH];
  struct against a = {0};
  double *target = NULL;
  int64_t n = 0;
  (void)snprintf(path, sizeof path, "%s/trigger.csv.tmp", r->folder);
  (void)snprintf(to, sizeof to, "%s/trigger.csv", r->folder);
  if (!trigger) {
    (void)remove(to);
    return ERR_OK;
  }
  TRY(report_values(r, &pick, &target, &n, NULL));
  const int class = n && !isnan(target[0]) ? (int)target[0] : -1;
  free(target);
  FILE *csv = fopen(path, "w");
  CHECK(csv, ERR_IO, "cannot write %s", path);
  char scan[PATH];
  (void)snprintf(scan, sizeof scan, "%s/%s", r->folder, file);
  err e = open_scan(scan, &a);
  if (!e) e = compare(r, &a, trigger, class, csv);
  const bool bad = (ferror(csv) | fclose(csv)) != 0;
  if (!e && (bad || rename(path, to))) e = FAIL(ERR_IO, "cannot write %s", to);
  if (e) (void)remove(path);
  store_close(&a.scan);
  free(a.mask);
  free(a.map);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err trigger_check(const char *trigger, const struct options *of_scan)
{
  struct setup s = {0};
  struct against a = {0};
  err e = setup_model(&s, of_scan);
  if (!e) {
    a.height = s.recipe.height;
    a.width = s.recipe.width;
    a.mask = calloc((size_t)(a.height * a.width), 1);
    e = a.mask ? read_mask(trigger, &a) : FAIL(ERR_MEMORY, "no memory for a mask");
  }
  free(a.mask);
  setup_free(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
