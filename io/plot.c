/** @file
 *  Figures by PLplot. */
#include "io/plot.h"

#include "io/plot_words.h"

#include <errno.h>
#include <math.h>
#include <plplot/plplot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  WIDTH = 1500,
  HEIGHT = 900,
  WHITE = 0,
  SERIES = 1,
  GREY = 13,
  BLACK = 15,
  SHADES = 64,
  MOST_TICKS = 24,
  MOST_COLUMNS = 24,
  SHORT = 6 /* such names do not overlap */
};

/** Okabe and Ito's colours, which people who see colours differently can tell apart, and a few more. */
static const int palette[][3] = {{255, 255, 255}, {0, 114, 178},   {213, 94, 0},    {0, 158, 115},
                                 {204, 121, 167}, {230, 159, 0},   {86, 180, 233},  {120, 94, 240},
                                 {160, 120, 60},  {90, 90, 90},    {220, 38, 127},  {0, 90, 60},
                                 {120, 0, 0},     {200, 200, 200}, {235, 235, 235}, {0, 0, 0}};

static void colours(void)
{
  PLINT r[16], g[16], b[16];
  const PLFLT at[] = {0.0, 0.25, 0.5, 0.75, 1.0};
  const PLFLT red[] = {0.13, 0.57, 0.97, 0.96, 0.70};
  const PLFLT green[] = {0.40, 0.77, 0.97, 0.65, 0.09};
  const PLFLT blue[] = {0.67, 0.87, 0.97, 0.51, 0.17};
  for (int i = 0; i < 16; i++) {
    r[i] = palette[i][0];
    g[i] = palette[i][1];
    b[i] = palette[i][2];
  }
  plscmap0(r, g, b, 16);
  plscmap1n(SHADES);
  plscmap1l(1, 5, at, red, green, blue, NULL);
}

typedef void draw(const void *what);

static err draw_to(draw *f, const void *what, const char *driver, const char *path)
{
  struct stat st;
  char *beside = NULL;
  if (asprintf(&beside, "%s.tmp", path) < 0) return FAIL(ERR_MEMORY, "no memory for a name");
  FILE *file = fopen(beside, "wb"); /* PLplot ends the program where it cannot write */
  if (!file) {
    const err e = FAIL(ERR_IO, "cannot write %s: %s", beside, strerror(errno));
    free(beside);
    return e;
  }
  (void)fclose(file);
  plsdev(driver);
  plsfnam(beside);
  plspage(0.0, 0.0, WIDTH, HEIGHT, 0, 0);
  (void)plsetopt("drvopt", "text_clipping=0"); /* names of ticks lie outside the axes */
  colours();
  plinit();
  plfont(1);
  pladv(0);
  plcol0(BLACK);
  plwidth(1.5);
  f(what);
  plend();
  const bool there = stat(beside, &st) == 0 && st.st_size > 0 && rename(beside, path) == 0;
  free(beside);
  CHECK(there, ERR_IO, "cannot draw %s (PLplot's driver %s: package plplot-driver-cairo)", path,
        driver);
  return ERR_OK;
}

static err draw_both(draw *f, const void *what, const char *stem)
{
  char path[4096];
  (void)snprintf(path, sizeof path, "%s.png", stem);
  TRY(draw_to(f, what, "pngcairo", path));
  (void)snprintf(path, sizeof path, "%s.svg", stem);
  TRY(draw_to(f, what, "svg", path));
  return ERR_OK;
}

/** Of text: 1 is a figure's title. */
static void size(double factor)
{
  plschr(0.0, 1.45 * factor);
}

/** Text left of x = 0 of a plot, at the height y of the window. */
static void text(double x, double y, double just, double angle, const char *s, size_t most)
{
  const struct plot_words w = plot_words_of(s, most);
  plptex(x, y, cos(angle), sin(angle), just, w.text);
}

/** Above everything, as wide as the page. */
static void title(const char *s)
{
  plvpor(0.0, 1.0, 0.05, 0.92);
  plwind(0.0, 1.0, 0.0, 1.0);
  plcol0(BLACK);
  size(strlen(s) > 70 ? 0.75 : 0.95);
  plmtex("t", 1.2, 0.5, 0.5, plot_words_of(s, (size_t)2 * PLOT_LONGEST).text);
}

/** The axes; horizontal lines in grey behind everything. */
static void frame(const char *x)
{
  plcol0(GREY);
  plwidth(1.0);
  plbox("", 0.0, 0, "g", 0.0, 0);
  plcol0(BLACK);
  plwidth(1.5);
  plbox(x, 0.0, 0, "bcnst", 0.0, 0);
}

/** Letters of a name that ends below the i-th of n places, the first of which is `pad` places from the axis: as
 *  many as there are between it and the page's left edge. */
static size_t room_of(int i, int n, double pad)
{
  const double room = 12.0 + 60.0 * (i + pad) / (n > 1 ? n : 2);
  return room < PLOT_LONGEST - 14 ? (size_t)room : PLOT_LONGEST - 14;
}

/** Every how many of n names there is room for one; long ones take more. */
static int step_of(const char *const *name, int n)
{
  size_t longest = 0;
  for (int i = 0; i < n; i++) longest = strlen(name[i]) > longest ? strlen(name[i]) : longest;
  const int most = longest > SHORT ? MOST_TICKS / 2 : MOST_TICKS;
  return (n + most - 1) / most;
}

/** Names under x = 0, 1, ..., slanted where they are long. */
static void ticks(const char *const *name, int n, double pad, double low, double high)
{
  const double below = low - 0.025 * (high - low);
  const int step = step_of(name, n);
  for (int i = 0; i < n; i += step) {
    pljoin(i, low, i, low + 0.012 * (high - low));
    const struct plot_words w = plot_words_of(name[i], room_of(i, n, pad));
    plptex(i, below, 1.0, 0.55 * (high - low) / (n > 1 ? n : 1) * 1.2, 1.0, w.text);
  }
}

static void range_of(const struct plot_lines *p, double *low, double *high)
{
  *low = p->low;
  *high = p->high;
  if (p->low < p->high) return;
  *low = INFINITY;
  *high = -INFINITY;
  for (int s = 0; s < p->n_series; s++) {
    const struct plot_series *a = &p->series[s];
    for (int i = 0; i < a->n; i++) {
      *low = fmin(*low, a->low ? fmin(a->low[i], a->y[i]) : a->y[i]);
      *high = fmax(*high, a->high ? fmax(a->high[i], a->y[i]) : a->y[i]);
    }
  }
  if (!(*low < *high)) {
    *low = isfinite(*low) ? *low - 0.5 : 0.0;
    *high = *low + 1.0;
  }
  const double margin = 0.05 * (*high - *low);
  *low -= margin;
  *high += margin;
}

static void draw_series(const struct plot_series *a, int colour, double shift)
{
  double before_x = NAN, before_y = NAN;
  plcol0(colour);
  for (int i = 0; i < a->n; i++) {
    if (isnan(a->y[i])) continue;
    const double x = a->x[i] + shift;
    plwidth(2.5);
    if (!isnan(before_y)) pljoin(before_x, before_y, x, a->y[i]);
    plwidth(1.2);
    if (a->low && !isnan(a->low[i])) pljoin(x, a->low[i], x, a->high[i]);
    before_x = x;
    before_y = a->y[i];
    size(0.9);
    plstring(1, &before_x, &before_y, "#(850)");
  }
}

static void names_of(const struct plot_lines *p)
{
  plvpor(0.70, 1.0, 0.05, 0.92);
  plwind(0.0, 1.0, 0.0, 1.0);
  for (int s = 0; s < p->n_series; s++) {
    const double y = 0.97 - 0.06 * s;
    plcol0(SERIES + s);
    plwidth(2.5);
    pljoin(0.02, y, 0.10, y);
    plcol0(BLACK);
    size(0.75);
    text(0.12, y, 0.0, 0.0, p->series[s].name, PLOT_LONGEST - 8);
  }
}

static double rightmost(const struct plot_lines *p, double *leftmost)
{
  double high = p->ticks ? p->n_ticks - 1 : 0.0, low = 0.0;
  for (int s = 0; s < p->n_series; s++) {
    for (int i = 0; i < p->series[s].n; i++) {
      high = fmax(high, p->series[s].x[i]);
      low = fmin(low, p->series[s].x[i]);
    }
  }
  *leftmost = low;
  return high > low ? high : low + 1.0;
}

static void draw_lines(const void *what)
{
  const struct plot_lines *p = what;
  double low = 0.0, high = 1.0, left = 0.0;
  const double right = rightmost(p, &left), pad = 0.03 * (right - left);
  range_of(p, &low, &high);
  plvpor(0.10, 0.69, p->ticks ? 0.30 : 0.13, 0.92);
  plwind(left - pad, right + pad, low, high);
  size(0.8);
  frame(p->ticks ? "bc" : "bcnst");
  if (p->ticks) {
    size(0.65);
    ticks(p->ticks, p->n_ticks, 0.0, low, high);
  }
  for (int s = 0; s < p->n_series; s++)
    draw_series(&p->series[s], SERIES + s, (s - 0.5 * p->n_series) * 0.004 * (right - left));
  plcol0(BLACK);
  size(0.95);
  const struct plot_words y = plot_words_of(p->y_label, PLOT_LONGEST);
  size(0.85);
  plmtex("l", 3.3, 0.5, 0.5, y.text);
  if (!p->ticks) plmtex("b", 3.0, 0.5, 0.5, plot_words_of(p->x_label, PLOT_LONGEST).text);
  names_of(p);
  title(p->title);
}

err plot_lines(const struct plot_lines *p, const char *stem)
{
  CHECK(p->n_series >= 1 && p->n_series <= PLOT_SERIES, ERR_SHAPE, "%s: %d lines, at most %d", stem,
        p->n_series, PLOT_SERIES);
  return draw_both(draw_lines, p, stem);
}

static void draw_box(double x, const double *five)
{
  const PLFLT bx[] = {x - 0.3, x + 0.3, x + 0.3, x - 0.3},
              by[] = {five[1], five[1], five[3], five[3]};
  if (isnan(five[2])) return;
  plcol0(BLACK);
  plwidth(1.5);
  pljoin(x, five[0], x, five[1]);
  pljoin(x, five[3], x, five[4]);
  pljoin(x - 0.15, five[0], x + 0.15, five[0]);
  pljoin(x - 0.15, five[4], x + 0.15, five[4]);
  plcol0(6);
  plfill(4, bx, by);
  plcol0(BLACK);
  for (int i = 0; i < 4; i++) pljoin(bx[i], by[i], bx[(i + 1) % 4], by[(i + 1) % 4]);
  plwidth(3.5);
  pljoin(x - 0.3, five[2], x + 0.3, five[2]);
}

static void draw_boxes(const void *what)
{
  const struct plot_boxes *p = what;
  double low = INFINITY, high = -INFINITY;
  for (int i = 0; i < p->n; i++) {
    low = fmin(low, p->five[i][0]);
    high = fmax(high, p->five[i][4]);
  }
  if (!(low < high)) {
    low = isfinite(low) ? low - 0.5 : 0.0;
    high = low + 1.0;
  }
  const double margin = 0.05 * (high - low);
  plvpor(0.10, 0.98, 0.30, 0.92);
  plwind(-0.7, p->n - 0.3, low - margin, high + margin);
  size(0.8);
  frame("bc");
  size(0.65);
  ticks(p->names, p->n, 0.7, low - margin, high + margin);
  for (int i = 0; i < p->n; i++) draw_box(i, p->five[i]);
  size(0.85);
  plmtex("l", 3.3, 0.5, 0.5, plot_words_of(p->y_label, PLOT_LONGEST).text);
  title(p->title);
}

err plot_boxes(const struct plot_boxes *p, const char *stem)
{
  CHECK(p->n >= 1, ERR_SHAPE, "%s: no boxes", stem);
  return draw_both(draw_boxes, p, stem);
}

static void draw_cell(const struct plot_matrix *p, int r, int c)
{
  const double v = p->values[r * p->columns + c], y = p->rows - 1 - r;
  const PLFLT bx[] = {c, c + 1.0, c + 1.0, (PLFLT)c}, by[] = {y, y, y + 1.0, y + 1.0};
  const double share = (v - p->low) / (p->high - p->low);
  char number[32];
  if (isnan(v)) {
    plcol0(GREY);
  } else {
    plcol1(fmin(fmax(share, 0.0), 1.0));
  }
  plfill(4, bx, by);
  if (isnan(v) || p->columns > 16 || p->rows > 32) return;
  (void)snprintf(number, sizeof number, "%.2f", v);
  plcol0(share < 0.12 || share > 0.88 ? WHITE : BLACK);
  plptex(c + 0.5, y + 0.5, 1.0, 0.0, 0.5, number);
}

static void draw_matrix(const void *what)
{
  const struct plot_matrix *p = what;
  plvpor(0.27, 0.98, 0.24, 0.92);
  plwind(0.0, p->columns, 0.0, p->rows);
  size(p->rows > 20 ? 0.55 : 0.7);
  for (int r = 0; r < p->rows; r++)
    for (int c = 0; c < p->columns; c++) draw_cell(p, r, c);
  plcol0(BLACK);
  size(p->rows > 20 ? 0.42 : 0.55);
  for (int r = 0; r < p->rows; r++)
    text(-0.02 * p->columns, p->rows - 0.5 - r, 1.0, 0.0, p->row[r], 27);
  const int step = p->columns > MOST_TICKS ? step_of(p->column, p->columns) : 1;
  for (int c = (p->columns - 1) % step; c < p->columns; c += step) {
    const struct plot_words w = plot_words_of(p->column[c], 20);
    plptex(c + 0.6, -0.02 * p->rows, 1.0, 0.45 * p->rows / p->columns * 1.2, 1.0, w.text);
  }
  title(p->title);
}

err plot_matrix(const struct plot_matrix *p, const char *stem)
{
  CHECK(p->rows >= 1 && p->columns >= 1 && p->low < p->high, ERR_SHAPE, "%s: no cells", stem);
  return draw_both(draw_matrix, p, stem);
}
