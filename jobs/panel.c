/** @file
 *  Layout and drawing of a panel. */
#include "jobs/panel.h"

#include "io/short_name.h"
#include "jobs/cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Pixels; type sizes are pixels per em. */
enum { TITLE = 16, BODY = 13, SMALL = 11 };
enum { MARGIN = 20, GAP = 10, LINE = 19, HEADING_MOST = 230, FACTS_LEAST = 420, NOTE = 190 };
enum { BAR_WIDTH = 160, BAR_HEIGHT = 12, LEGEND = 3 * LINE };
enum { TOP = 3 };

static const struct color white = {255, 255, 255}, ink = {31, 35, 40}, muted = {95, 104, 114},
                          hairline = {208, 215, 222}, flat_fill = {234, 237, 240},
                          accent = {9, 105, 218};

static int larger(int a, int b)
{
  return a > b ? a : b;
}

static int smaller(int a, int b)
{
  return a < b ? a : b;
}

/** Draw a line of text, shortened to `width`. */
static void draw_line(const struct panel *p, struct canvas *c, int size, int x, int y, int width,
                      struct color color, const char *line)
{
  char text[1024];
  text_draw(p->text, c, size, x, y, color,
            text_shorten(p->text, size, width, line, text, sizeof text));
}

static bool has_second_line(const struct view *v, int method)
{
  return strcmp(v->method[method], v->canonical[method]) != 0;
}

/** Columns that the widest row heading takes. */
static int widest_heading(const struct panel *p)
{
  int wide = 0;

  for (int r = 0; r < p->n_rows; r++) {
    const int m = p->row[r];
    wide = larger(wide, text_width(p->text, BODY, p->view->method[m]));
    if (has_second_line(p->view, m))
      wide = larger(wide, text_width(p->text, SMALL, p->view->canonical[m]));
  }
  return smaller(wide, HEADING_MOST);
}

void panel_measure(struct panel *p, bool with_image)
{
  const int facts = 2 * GAP + LINE * (4 + TOP);

  p->image_width = with_image ? p->cell_width : 0;
  p->heading_width = larger(widest_heading(p), smaller(p->image_width, HEADING_MOST));
  p->pitch_x = p->cell_width + GAP;
  p->pitch_y = p->cell_height + LINE + GAP;
  p->grid_x = MARGIN + p->heading_width + 2 * GAP;
  p->grid_y = MARGIN + larger(with_image ? p->cell_height : 0, facts) + 2 * GAP + 2 * LINE;
  const int image_end = MARGIN + (with_image ? p->image_width + 2 * GAP : 0);
  const int legend = (BAR_WIDTH + 3 * GAP) * (p->any_signed + p->any_unsigned);
  p->width = larger(p->grid_x + p->n_columns * p->pitch_x - GAP,
                    larger(image_end + FACTS_LEAST, MARGIN + legend + NOTE)) +
             MARGIN;
  p->height = p->grid_y + p->n_rows * p->pitch_y + LEGEND + MARGIN;
}

/** One of the best classes: rank, name, logit; in colour where it is the one explained. */
static void draw_class(const struct panel *p, struct canvas *c, int x, int y, int k, int index,
                       const struct panel_facts *f)
{
  const struct view *v = p->view;
  const int explained = v->target_class[f->sample * v->n_targets + p->target];
  const bool right = index == v->label[f->sample];
  char text[1024], number[24], name[16];

  (void)snprintf(text, sizeof text, "%d", k + 1);
  text_draw(p->text, c, BODY, x, y, muted, text);
  (void)snprintf(text, sizeof text, "%.2f", (double)f->logits[index]);
  (void)snprintf(number, sizeof number, "%.15s", text);
  text_draw(p->text, c, BODY, x + 80 - text_width(p->text, BODY, number), y, muted, number);
  (void)snprintf(text, sizeof text, "%s%s", view_class(v, index, name), right ? "  \u2713" : "");
  draw_line(p, c, BODY, x + 94, y, p->width - MARGIN - x - 94, index == explained ? accent : ink,
            text);
}

static void draw_facts(const struct panel *p, struct canvas *c, const struct panel_facts *f)
{
  const struct view *v = p->view;
  const int64_t at = f->sample * v->n_targets + p->target;
  const int x = MARGIN + (p->image_width ? p->image_width + 2 * GAP : 0),
            wide = p->width - MARGIN - x;
  const int n = smaller(TOP, v->n_classes);
  int y = MARGIN + text_ascent(p->text, TITLE), best[TOP];
  char text[512], a[16];

  draw_line(p, c, TITLE, x, y, wide, ink, v->sample[f->sample]);
  (void)snprintf(text, sizeof text, "sample %" PRId64 " of %s, model %s", f->sample, p->study,
                 p->model);
  draw_line(p, c, SMALL, x, y += LINE, wide, muted, text);
  y += GAP;
  (void)snprintf(text, sizeof text, "label: %s", view_class(v, v->label[f->sample], a));
  draw_line(p, c, BODY, x, y += LINE, wide, ink, text);
  (void)snprintf(text, sizeof text, "explained: %s, logit %.2f (target %s)",
                 view_class(v, v->target_class[at], a), (double)v->score[at],
                 p->view->target[p->target]);
  draw_line(p, c, BODY, x, y += LINE, wide, accent, text);
  y += GAP;
  view_best(f->logits, v->n_classes, n, best);
  for (int k = 0; k < n; k++) draw_class(p, c, x, y += LINE, k, best[k], f);
}

static void draw_column_heading(const struct panel *p, struct canvas *c, int column)
{
  const struct view *v = p->view;
  const int layer = p->column[column], x = p->grid_x + column * p->pitch_x;
  const int32_t *shape = v->layer_shape + 3 * (size_t)layer;
  char text[1024];

  (void)snprintf(text, sizeof text, "%s", v->layer[layer]);
  if (text_width(p->text, BODY, text) > p->cell_width)
    short_name(v->layer[layer], v->layer_op[layer], text, sizeof text);
  draw_line(p, c, BODY, x, p->grid_y - GAP / 2 - LINE + 2, p->cell_width, ink, text);
  (void)snprintf(text, sizeof text, "%s %d\u00d7%d\u00d7%d", v->layer_op[layer], shape[0], shape[1],
                 shape[2]);
  draw_line(p, c, SMALL, x, p->grid_y - GAP / 2 - 2, p->cell_width, muted, text);
}

static void draw_row_heading(const struct panel *p, struct canvas *c, int row)
{
  const int m = p->row[row], y = p->grid_y + row * p->pitch_y;
  const int base = y + text_ascent(p->text, BODY);

  draw_line(p, c, BODY, MARGIN, base, p->heading_width, ink, p->view->method[m]);
  if (has_second_line(p->view, m))
    draw_line(p, c, SMALL, MARGIN, base + LINE - 2, p->heading_width, muted, p->view->canonical[m]);
}

/** A bar with the words left, in the middle and right below it; returns the next free column. */
static int draw_bar(const struct panel *p, struct canvas *c, int x, const struct colormap *map,
                    const char *const word[3])
{
  const int y = p->grid_y + p->n_rows * p->pitch_y + GAP, base = y + BAR_HEIGHT + LINE - 3;
  int wide[3];

  for (int u = 0; u < BAR_WIDTH; u++) {
    const uint8_t *rgb = colormap_at(map, (double)u / (BAR_WIDTH - 1));
    canvas_fill(c, x + u, y, 1, BAR_HEIGHT, (struct color){rgb[0], rgb[1], rgb[2]});
  }
  canvas_frame(c, x, y, BAR_WIDTH, BAR_HEIGHT, hairline);
  for (int k = 0; k < 3; k++) wide[k] = text_width(p->text, SMALL, word[k]);
  text_draw(p->text, c, SMALL, x, base, muted, word[0]);
  text_draw(p->text, c, SMALL, x + (BAR_WIDTH - wide[1]) / 2, base, muted, word[1]);
  text_draw(p->text, c, SMALL, x + BAR_WIDTH - wide[2], base, muted, word[2]);
  return x + BAR_WIDTH + 3 * GAP;
}

static void draw_legend(const struct panel *p, struct canvas *c)
{
  static const char *const up[3] = {"0", "unsigned maps", "r"}, *const both[3] = {"\u2212r", "0",
                                                                                  "+r"};
  int x = MARGIN;
  const int y = p->grid_y + p->n_rows * p->pitch_y + GAP;

  if (p->any_unsigned) x = draw_bar(p, c, x, &p->sequential, up);
  if (p->any_signed) x = draw_bar(p, c, x, &p->diverging, both);
  draw_line(p, c, SMALL, x, y + BAR_HEIGHT - 2, p->width - MARGIN - x, muted,
            "r: 99.5th percentile of |values|");
  draw_line(p, c, SMALL, x, y + BAR_HEIGHT + LINE - 3, p->width - MARGIN - x, muted,
            p->overlay ? "in each map; laid over the image" : "in each map, written below it");
}

err panel_begin(const struct panel *p, const struct panel_facts *f, struct canvas *c)
{
  TRY(canvas_make(p->width, p->height, white, c));
  if (f->rgb) canvas_blit(c, MARGIN, MARGIN, p->cell_width, p->cell_height, f->rgb);
  draw_facts(p, c, f);
  for (int k = 0; k < p->n_columns; k++) draw_column_heading(p, c, k);
  for (int k = 0; k < p->n_rows; k++) draw_row_heading(p, c, k);
  draw_legend(p, c);
  return ERR_OK;
}

void panel_cell(const struct panel *p, struct canvas *c, int row, int column, const uint8_t *rgb,
                bool flat, const char *caption)
{
  const int x = p->grid_x + column * p->pitch_x, y = p->grid_y + row * p->pitch_y;

  if (rgb && !flat) {
    canvas_blit(c, x, y, p->cell_width, p->cell_height, rgb);
  } else {
    if (flat) canvas_fill(c, x, y, p->cell_width, p->cell_height, flat_fill);
    canvas_frame(c, x, y, p->cell_width, p->cell_height, hairline);
  }
  draw_line(p, c, SMALL, x, y + p->cell_height + LINE - 5, p->cell_width, muted, caption);
}
