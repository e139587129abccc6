/** @file
 *  A verdict to read: table, CSV, picture. */
#include "core/colormap.h"
#include "core/scan_decide.h"
#include "io/png_write.h"
#include "jobs/scan_verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_SHOWN = 20, ZOOM_SIDE = 256, GAP = 8 };

static const char *class_name(const struct scan_job *j, int c, char *text, int bytes)
{
  const char *name = c < 0 ? NULL : recipe_class_name(&j->setup->recipe, c);
  (void)snprintf(text, (size_t)bytes, name ? "%d %s" : "%d", c, name ? name : "");
  return text;
}

/** The classes by score, those without one last. */
static int *order(const struct scan_verdict *v)
{
  int *at = malloc((size_t)v->classes * sizeof *at);
  if (!at) return NULL;
  for (int c = 0; c < v->classes; c++) {
    int i = c;
    for (; i > 0 && !(v->score[c] <= v->score[at[i - 1]]) && !isnan(v->score[c]); i--)
      at[i] = at[i - 1];
    at[i] = c;
  }
  return at;
}

static void print_row(const struct scan_job *j, const struct scan_verdict *v, int c)
{
  char name[64];
  printf("%-18.18s", class_name(j, c, name, sizeof name));
  for (int t = 0; t < SCAN_TESTS; t++) {
    const double g = v->log_gain[c * SCAN_TESTS + t];
    if (isnan(g)) {
      printf(" %12s", "-");
    } else {
      printf(" %12.2f", exp(g));
    }
  }
  if (isnan(v->score[c])) {
    printf("  %s\n", isnan(v->log_gain[c * SCAN_TESTS + SCAN_PATCH]) ? "dropped" : "no evidence");
  } else {
    printf(" %7.2f %7.3f\n", v->score[c], v->p[c]);
  }
}

static void print_baselines(const struct scan_job *j, const struct scan_verdict *v)
{
  static const int at[2][3] = {{SCAN_CLEANSE, VERDICT_CLEANSE_TARGET, VERDICT_CLEANSE_INDEX},
                               {SCAN_INSPECT, VERDICT_INSPECT_TARGET, VERDICT_INSPECT_INDEX}};
  char name[64];
  for (int b = 0; b < 2; b++) {
    if (!j->scores[at[b][0]]) continue;
    const double *x = b ? v->inspect : v->cleanse;
    int missing = 0;
    for (int c = 0; c < v->classes; c++) missing += isnan(x[c]);
    printf("%s: anomaly index %.2f, class %s; %d of %d classes without a number, which are no "
           "evidence\n",
           scan_kind_names[at[b][0]], v->value[at[b][2]],
           class_name(j, (int)v->value[at[b][1]], name, sizeof name), missing, v->classes);
  }
}

static void print_verdict(const struct scan_job *j, const struct scan_verdict *v)
{
  const int target = (int)v->value[VERDICT_TARGET];
  const double p = v->value[VERDICT_P];
  char name[64];
  if (target < 0) {
    printf("verdict: no evidence (no class has a score)\n");
    return;
  }
  printf("verdict: %s; class %s, score %.2f by %s, p = %.3f, probability of a backdoor %.2f "
         "(if half of all models have one)\n",
         p < j->p_flag ? "SUSPICIOUS" : "nothing found", class_name(j, target, name, sizeof name),
         v->value[VERDICT_SCORE], scan_test_names[v->test[target]], p,
         v->value[VERDICT_PROBABILITY]);
  printf("  p: chance of a clean model to score that high, from the scores of %d; counting them "
         "gives %.3f, "
         "%.3f at least\n",
         scan_null_models(), v->value[VERDICT_COUNTED], scan_least_p());
  printf("  its pattern sends %.0f %% of the pool's images of other classes to it",
         100.0 * v->value[VERDICT_RATE]);
  if (!isnan(v->value[VERDICT_CLEAN_RATE]))
    printf(", and %.0f %% of the clean images", 100.0 * v->value[VERDICT_CLEAN_RATE]);
  printf("; classic anomaly index %.2f\n", v->value[VERDICT_INDEX]);
}

void scan_report_print(const struct scan_job *j, const struct scan_verdict *v)
{
  int *at = order(v);
  printf("pool: %d images, %.0f %% reached the margin of %.0f nats\n", j->pool.n,
         100.0 * v->value[VERDICT_REACHED], j->pool.margin);
  if (at && j->scores[SCAN_COARSE]) {
    printf("%-18s", "class, gain (nats)");
    for (int t = 0; t < SCAN_TESTS; t++) printf(" %12s", scan_test_names[t]);
    printf(" %7s %7s\n", "score", "p");
    for (int i = 0; i < v->classes && i < ROWS_SHOWN; i++) print_row(j, v, at[i]);
    if (v->classes > ROWS_SHOWN) printf("... and %d more\n", v->classes - ROWS_SHOWN);
    if (j->scores[SCAN_FINE]) {
      printf("%d of %d classes were dropped after the coarse pass\n", j->classes - j->slots,
             j->classes);
    }
    print_verdict(j, v);
  }
  print_baselines(j, v);
  free(at);
}

static void field(FILE *f, double x)
{
  if (isnan(x)) {
    (void)fputs(",", f);
  } else {
    (void)fprintf(f, ",%.6g", x);
  }
}

static void quoted(FILE *f, const char *text)
{
  (void)fputs(",\"", f);
  for (; *text; text++) (void)fprintf(f, *text == '"' ? "\"\"" : "%c", *text);
  (void)fputs("\"", f);
}

err scan_report_csv(const struct scan_job *j, const struct scan_verdict *v, const char *path)
{
  FILE *f = fopen(path, "w");
  CHECK(f, ERR_IO, "cannot write %s", path);
  (void)fputs("class,name", f);
  for (int t = 0; t < SCAN_TESTS; t++) {
    (void)fprintf(f, ",%s_log_gain,%s_spread,%s_lead", scan_test_names[t], scan_test_names[t],
                  scan_test_names[t]);
  }
  (void)fputs(",score,p_value,test,reach,neural_cleanse,neuron_inspect\n", f);
  for (int c = 0; c < v->classes; c++) {
    const char *name = recipe_class_name(&j->setup->recipe, c);
    (void)fprintf(f, "%d", c);
    quoted(f, name ? name : "");
    for (int t = 0; t < SCAN_TESTS; t++) {
      field(f, v->log_gain[c * SCAN_TESTS + t]);
      field(f, v->spread[c * SCAN_TESTS + t]);
      field(f, v->lead[c * SCAN_TESTS + t]);
    }
    field(f, v->score[c]);
    field(f, v->p[c]);
    (void)fprintf(f, ",%s", v->test[c] < 0 ? "" : scan_test_names[v->test[c]]);
    field(f, v->reach[c]);
    field(f, v->cleanse[c]);
    field(f, v->inspect[c]);
    (void)fputs("\n", f);
  }
  const bool bad = ferror(f) != 0;
  CHECK(!fclose(f) && !bad, ERR_IO, "writing %s failed", path);
  return ERR_OK;
}

/** A picture of an image [C][H][W], enlarged: grey where it is NaN. */
static void draw(struct canvas *canvas, int x0, int zoom, const struct shape *s, const real *image,
                 double offset, double by)
{
  const int c = shape_channels(s), h = shape_height(s), w = shape_width(s);
  for (int i = 0; i < h; i++) {
    for (int k = 0; k < w; k++) {
      uint8_t rgb[3];
      for (int q = 0; q < 3; q++) {
        const double v = offset + by * (double)image[((c == 3 ? q : 0) * (int64_t)h + i) * w + k];
        rgb[q] = isnan(v) ? 96 : (uint8_t)lround(255.0 * (v < 0.0 ? 0.0 : v > 1.0 ? 1.0 : v));
      }
      canvas_fill(canvas, x0 + k * zoom, i * zoom, zoom, zoom,
                  (struct color){rgb[0], rgb[1], rgb[2]});
    }
  }
}

/** The energy of a map, in colours. */
static void draw_energy(struct canvas *canvas, int x0, int zoom, const struct shape *s,
                        const real *map)
{
  const int c = shape_channels(s), h = shape_height(s), w = shape_width(s);
  struct colormap colors;
  double most = 0.0;
  colormap_sequential(&colors);
  for (int pass = 0; pass < 2; pass++) {
    for (int u = 0; u < h * w; u++) {
      double e = 0.0;
      for (int q = 0; q < c; q++) e += pow((double)map[(int64_t)q * h * w + u], 2.0);
      if (!pass) most = fmax(most, e);
      if (!pass) continue;
      const uint8_t *rgb = colormap_at(&colors, most > 0.0 ? sqrt(e / most) : 0.0);
      canvas_fill(canvas, x0 + u % w * zoom, u / w * zoom, zoom, zoom,
                  (struct color){rgb[0], rgb[1], rgb[2]});
    }
  }
}

static err read_signature(struct store *f, bool dense, int64_t row, real *map, real *patch)
{
  int var = 0;
  TRY(store_find(f, dense ? "signature/blend" : "signature/map", &var));
  TRY(store_read(f, var, row, 1, map));
  TRY(store_find(f, "signature/patch", &var));
  return store_read(f, var, row, 1, patch);
}

static err paint(const struct scan_job *j, const struct scan_verdict *v, const real *map,
                 const real *patch, const char *path)
{
  const struct shape *s = &j->setup->graph->values[j->setup->graph->input].is.shape;
  const int w = shape_width(s), h = shape_height(s);
  const int zoom = ZOOM_SIDE / w > 1 ? ZOOM_SIDE / w : 1;
  const int *window = v->window;
  struct canvas canvas;
  double most = 0.0;
  for (int64_t u = 0; u < shape_count(s); u++) most = fmax(most, fabs((double)map[u]));
  TRY(canvas_make(3 * w * zoom + 2 * GAP, h * zoom, (struct color){255, 255, 255}, &canvas));
  draw(&canvas, 0, zoom, s, map, 0.5, most > 0.0 ? 0.5 / most : 0.0);
  draw_energy(&canvas, w * zoom + GAP, zoom, s, map);
  draw(&canvas, 2 * (w * zoom + GAP), zoom, s, patch, 0.0, 1.0);
  for (int k = 0; k < 3 && window[0] >= 0; k++) {
    for (int thick = 0; thick < 2; thick++) {
      canvas_frame(&canvas, k * (w * zoom + GAP) + window[1] * zoom - thick,
                   window[0] * zoom - thick, window[2] * zoom + 2 * thick,
                   window[2] * zoom + 2 * thick, (struct color){255, 0, 0});
    }
  }
  const err e = png_write_canvas(path, &canvas);
  canvas_free(&canvas);
  return e;
}

err scan_report_png(const struct scan_job *j, const struct scan_verdict *v, const char *study,
                    const char *path)
{
  const struct shape *s = &j->setup->graph->values[j->setup->graph->input].is.shape;
  const int64_t n = shape_count(s);
  struct store *f = NULL;
  err e = ERR_OK;
  const int target = (int)v->value[VERDICT_TARGET];
  const bool dense = target >= 0 && v->test[target] == SCAN_BLEND;
  if (v->best_row < 0 || !j->scores[SCAN_FINE]) return ERR_OK;
  real *both = calloc((size_t)n * 2, sizeof *both);
  TRY_DONE(both ? ERR_OK : FAIL(ERR_MEMORY, "no memory for a picture"));
  TRY_DONE(store_open_read(study, &f));
  TRY_DONE(read_signature(f, dense, v->best_row - scan_first(j, SCAN_FINE), both, both + n));
  TRY_DONE(paint(j, v, both, both + n, path));
done:
  store_close(&f);
  free(both);
  return e;
}
