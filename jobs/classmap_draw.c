/** @file
 *  Pictures of class maps: signed (grey is 0, colours as the map changes pixels) and energy (length of the
 *  change over channels), the map and its refinement; one picture for each class, and all classes together. */
#include "jobs/classmap_draw.h"

#include "core/colormap.h"
#include "io/canvas.h"
#include "io/png_write.h"
#include "io/text.h"
#include "jobs/cell.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TITLE = 16, BODY = 13, SMALL = 11, LINE = 19, MARGIN = 20, GAP = 12 };
enum { LARGE_CELL = 224, SMALL_CELL = 96, SHEET_WIDTH = 1200 };

static const struct color white = {255, 255, 255}, ink = {31, 35, 40}, muted = {95, 104, 114};

struct draw {
  const struct classmap *c;
  struct store *store;
  struct text *text;
  struct colormap energy;
  char **name;               /* [n_classes] */
  float *map, *plane, *room; /* [pixels], [H W], room of percentiles and of cells */
  uint8_t *rgb;              /* a cell's pixels */
};

/** Sides of a cell of about `side` pixels: a whole multiple of the map, or the map itself. */
static int multiple(const struct classmap *c, int side)
{
  const int longer = c->height > c->width ? c->height : c->width, k = (side + longer / 2) / longer;
  return k < 1 ? 1 : k;
}

static err read_row(struct draw *d, const char *path, int64_t row, void *out)
{
  int var = 0;
  TRY(store_find(d->store, path, &var));
  return store_read(d->store, var, row, 1, out);
}

/** Each pixel of the map as a square of k x k: 0 is grey, the 99.5th percentile of |values| black or white. */
static void paint_signed(struct draw *d, int k)
{
  const struct classmap *c = d->c;
  const int64_t plane = (int64_t)c->height * c->width;
  const struct cell_scale scale = cell_scale(d->map, c->pixels, d->room);
  const double by = scale.kind == CELL_MAP ? 127.5 / scale.range : 0.0;
  for (int y = 0; y < c->height * k; y++) {
    for (int x = 0; x < c->width * k; x++) {
      uint8_t *to = d->rgb + 3 * ((int64_t)y * c->width * k + x);
      for (int b = 0; b < 3; b++) {
        const int shown = c->scale.channels == 1 ? 0 : c->setup->recipe.bgr ? 2 - b : b;
        const double v =
            127.5 + by * (double)d->map[shown * plane + (int64_t)(y / k) * c->width + x / k];
        to[b] = (uint8_t)lround(fmin(fmax(v, 0.0), 255.0));
      }
    }
  }
}

static void take_energy(struct draw *d)
{
  const struct classmap *c = d->c;
  const int64_t plane = (int64_t)c->height * c->width;
  for (int64_t u = 0; u < plane; u++) {
    double sum = 0.0;
    for (int b = 0; b < c->scale.channels; b++) {
      const double v = (double)d->map[b * plane + u];
      sum += v * v;
    }
    d->plane[u] = (float)sqrt(sum);
  }
}

static void paint_energy(struct draw *d, int k)
{
  const struct classmap *c = d->c;
  const struct cell cell = {.map = d->plane,
                            .map_height = c->height,
                            .map_width = c->width,
                            .height = c->height * k,
                            .width = c->width * k};
  take_energy(d);
  const struct cell_scale scale = cell_scale(d->plane, (int64_t)c->height * c->width, d->room);
  if (scale.kind == CELL_MAP) {
    cell_paint(&cell, &scale, &d->energy, &d->energy, d->room, d->rgb);
  } else {
    memset(d->rgb, 234, (size_t)3 * (size_t)cell.height * (size_t)cell.width);
  }
}

/** The map that was read last, in one of the two views, with its top left corner at (x, y). */
static void put(struct draw *d, struct canvas *canvas, int k, bool energy, int x, int y)
{
  if (energy) {
    paint_energy(d, k);
  } else {
    paint_signed(d, k);
  }
  canvas_blit(canvas, x, y, d->c->width * k, d->c->height * k, d->rgb);
}

static void line(struct draw *d, struct canvas *canvas, int size, int x, int y, int width,
                 struct color color, const char *text)
{
  char shorter[512];
  text_draw(d->text, canvas, size, x, y, color,
            text_shorten(d->text, size, width, text, shorter, sizeof shorter));
}

/** What is known of the map of class i, in two lines. */
static err facts(struct draw *d, int i, char *first, char *second, size_t bytes)
{
  float rate[CLASSMAP_FACTORS] = {0}, refined[CLASSMAP_FACTORS] = {0};
  float logit[CLASSMAP_FACTORS] = {0}, base = 0.0F, margin = 0.0F, halves = 0.0F;
  TRY(read_row(d, "samples/rate", i, rate));
  TRY(read_row(d, "samples/refined_rate", i, refined));
  TRY(read_row(d, "samples/logit", i, logit));
  TRY(read_row(d, "samples/base_logit", i, &base));
  TRY(read_row(d, "summary/margin", i, &margin));
  TRY(read_row(d, "summary/halves_cosine", i, &halves));
  (void)snprintf(first, bytes,
                 "on held-out samples: logit %.2f \u2192 %.2f, %.2f nats ahead of any other gain; "
                 "rate %.2f, refined %.2f",
                 (double)base, (double)logit[CLASSMAP_WHOLE], (double)margin,
                 (double)rate[CLASSMAP_WHOLE], (double)refined[CLASSMAP_WHOLE]);
  (void)snprintf(second, bytes,
                 "%d iterations of %d samples from %s; cosine of halves %.3f; eta %g (%s)",
                 d->c->iterations, d->c->set.samples, d->c->variants[0].images.from.with.text,
                 (double)halves, d->c->set.eta, d->c->set.norm == CLASS_NORM_L2 ? "l2" : "linf");
  return ERR_OK;
}

/** The four cells of a class. */
static err draw_cells(struct draw *d, struct canvas *canvas, int i, int k, int top)
{
  static const char *const about[] = {"map", "its energy", "refined", "its energy"};
  static const char *const paths[] = {"maps/map", "maps/refined"};
  for (int j = 0; j < 4; j++) {
    const int x = MARGIN + j * (d->c->width * k + GAP);
    TRY(read_row(d, paths[j / 2], i, d->map));
    line(d, canvas, SMALL, x, top - 6, d->c->width * k, muted, about[j]);
    put(d, canvas, k, j % 2, x, top);
  }
  return ERR_OK;
}

static err draw_class(struct draw *d, struct canvas *canvas, int i, int k)
{
  char first[256], second[256];
  const int wide = canvas->width - 2 * MARGIN;
  int y = MARGIN + text_ascent(d->text, TITLE);
  TRY(facts(d, i, first, second, sizeof first));
  line(d, canvas, TITLE, MARGIN, y, wide, ink, d->name[i]);
  line(d, canvas, SMALL, MARGIN, y += LINE, wide, ink, first);
  line(d, canvas, SMALL, MARGIN, y += LINE, wide, muted, second);
  return draw_cells(d, canvas, i, k, y + LINE + GAP);
}

/** DIR/003_cat.png: what is no letter or digit becomes a line. */
static void file_name(const struct draw *d, const char *folder, int i, char *path, size_t bytes)
{
  int n = snprintf(path, bytes, "%s/%03d_", folder, d->c->classes[i]);
  for (const char *p = d->name[i]; *p && n > 0 && (size_t)n + 8 < bytes && p - d->name[i] < 60; p++)
    path[n++] = isalnum((unsigned char)*p) ? *p : '_';
  (void)snprintf(path + n, bytes - (size_t)n, ".png");
}

static err class_picture(struct draw *d, const char *folder, int i)
{
  const int k = multiple(d->c, LARGE_CELL);
  const int cells = 4 * d->c->width * k + 3 * GAP, least = 660;
  char path[4096];
  struct canvas canvas = {0};
  TRY(canvas_make((cells > least ? cells : least) + 2 * MARGIN,
                  2 * MARGIN + TITLE + 3 * LINE + 2 * GAP + d->c->height * k, white, &canvas));
  file_name(d, folder, i, path, sizeof path);
  err e = draw_class(d, &canvas, i, k);
  if (!e) e = png_write_canvas(path, &canvas);
  canvas_free(&canvas);
  return e;
}

/** Signed view above energy, class by class. */
static err draw_sheet(struct draw *d, struct canvas *canvas, int k, int columns)
{
  const int w = d->c->width * k, h = d->c->height * k;
  for (int i = 0; i < d->c->n_classes; i++) {
    const int x = MARGIN + i % columns * (w + GAP);
    const int y = MARGIN + i / columns * (2 * h + LINE + 2 * GAP);
    TRY(read_row(d, "maps/map", i, d->map));
    line(d, canvas, BODY, x, y + LINE - 6, w, ink, d->name[i]);
    put(d, canvas, k, false, x, y + LINE);
    put(d, canvas, k, true, x, y + LINE + h + 2);
  }
  return ERR_OK;
}

static err contact_sheet(struct draw *d, const char *folder)
{
  const int k = multiple(d->c, SMALL_CELL), n = d->c->n_classes;
  const int fit = (SHEET_WIDTH - 2 * MARGIN + GAP) / (d->c->width * k + GAP);
  const int columns = fit < 1 ? 1 : fit < n ? fit : n;
  const int rows = (n + columns - 1) / columns;
  char path[4096];
  struct canvas canvas = {0};
  TRY(canvas_make(2 * MARGIN + columns * (d->c->width * k + GAP) - GAP,
                  2 * MARGIN + rows * (2 * d->c->height * k + LINE + 2 * GAP), white, &canvas));
  (void)snprintf(path, sizeof path, "%s/contact.png", folder);
  err e = draw_sheet(d, &canvas, k, columns);
  if (!e) e = png_write_canvas(path, &canvas);
  canvas_free(&canvas);
  return e;
}

static err prepare(struct draw *d, const char *folder)
{
  const struct classmap *c = d->c;
  const int k = multiple(c, LARGE_CELL);
  const struct cell cell = {.map_height = c->height,
                            .map_width = c->width,
                            .height = c->height * k,
                            .width = c->width * k};
  const size_t room = (size_t)(cell_room(&cell) > c->pixels ? cell_room(&cell) : c->pixels);
  int64_t n = 0;
  CHECK(!mkdir(folder, 0777) || errno == EEXIST, ERR_IO, "cannot make the folder %s: %s", folder,
        strerror(errno));
  TRY(text_open(&d->text));
  TRY(store_read_text(d->store, "summary/map_class", &n, &d->name));
  colormap_sequential(&d->energy);
  d->map = calloc((size_t)c->pixels, sizeof *d->map);
  d->plane = calloc((size_t)c->pixels, sizeof *d->plane);
  d->room = calloc(room, sizeof *d->room);
  d->rgb = calloc((size_t)cell.height * (size_t)cell.width, 3);
  CHECK(d->map && d->plane && d->room && d->rgb, ERR_MEMORY, "no memory for pictures");
  return ERR_OK;
}

err classmap_draw(const struct classmap *c, struct store *s, const char *folder)
{
  struct draw d = {.c = c, .store = s};
  err e = prepare(&d, folder);
  for (int i = 0; i < c->n_classes && !e; i++) e = class_picture(&d, folder, i);
  if (!e) e = contact_sheet(&d, folder);
  if (!e) (void)printf("%s: %d pictures and contact.png\n", folder, c->n_classes);
  text_close(&d.text);
  free((void *)d.name);
  free(d.map);
  free(d.plane);
  free(d.room);
  free(d.rgb);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
