/** @file
 *  One panel. */
#include "io/png_write.h"
#include "jobs/cell.h"
#include "jobs/print.h"
#include "jobs/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 4096, NAME = 200 };

/** The image of a sample into rgb and grey (luma as Pillow's); false where it cannot be had. */
static bool load_picture(struct render *r, int64_t sample)
{
  const struct panel *p = &r->panel;
  struct image im = {0};

  if (!r->pictures) return false;
  if (pictures_read(r->pictures, r->view, sample, p->cell_height, p->cell_width, &im)) {
    printf("sample %" PRId64 ": drawn without its image: ", sample);
    print_wrapped(0, 2, err_message());
    return false;
  }
  const int64_t n = (int64_t)im.height * im.width;
  for (int64_t i = 0; i < n; i++) {
    const uint8_t *px = im.pixel + i * im.channels;
    const uint8_t red = px[0], green = px[im.channels > 1 ? 1 : 0],
                  blue = px[im.channels > 2 ? 2 : 0];
    r->rgb[3 * i] = red, r->rgb[3 * i + 1] = green, r->rgb[3 * i + 2] = blue;
    r->grey[i] = (uint8_t)((299 * red + 587 * green + 114 * blue + 500) / 1000);
  }
  image_free(&im);
  return true;
}

static void draw_cell(struct render *r, struct canvas *c, int row, int column, bool overlay)
{
  const struct panel *p = &r->panel;
  const struct view_maps *m = &r->maps[column];
  const int method = p->row[row], slot = view_maps_slot(m, method);
  const int64_t plane = (int64_t)m->height * m->width;
  char caption[48] = "";

  if (slot < 0) {
    panel_cell(p, c, row, column, NULL, false, "");
    return;
  }
  const struct cell cell = {r->map + ((int64_t)p->target * m->n_methods + slot) * plane,
                            m->height,
                            m->width,
                            view_is_signed(r->view, method),
                            p->cell_height,
                            p->cell_width,
                            overlay ? r->grey : NULL};
  const struct cell_scale scale = cell_scale(cell.map, plane, r->room);
  (void)cell_caption(&scale, cell.is_signed, caption);
  if (scale.kind == CELL_MAP)
    cell_paint(&cell, &scale, &p->sequential, &p->diverging, r->room, r->rgb);
  panel_cell(p, c, row, column, scale.kind == CELL_MAP ? r->rgb : NULL, scale.kind == CELL_FLAT,
             caption);
}

static err draw_columns(struct render *r, int64_t sample, struct canvas *c, bool overlay)
{
  for (int k = 0; k < r->panel.n_columns; k++) {
    TRY(view_maps_read(r->view, &r->maps[k], sample, r->map));
    for (int row = 0; row < r->panel.n_rows; row++) draw_cell(r, c, row, k, overlay);
  }
  return ERR_OK;
}

/** Add text to a file name that has n bytes; what is not a letter, digit, '.' or '_' becomes '-'.
 *  Returns the bytes of the name. */
static size_t add_safe(char *out, size_t n, size_t bytes, const char *text, const char *end)
{
  for (; text < end && n + 1 < bytes; text++) {
    const char c = *text;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    out[n] = '-';
    if (letter || (c >= '0' && c <= '9') || c == '.' || c == '_') out[n] = c;
    n++;
  }
  out[n] = 0;
  return n;
}

/** Name of a sample's panel: number, the end of its path with one folder, target. */
static void panel_path(const struct render *r, int64_t sample, char *out, size_t bytes)
{
  const char *path = r->view->sample[sample], *slash = strrchr(path, '/'),
             *dot = strrchr(path, '.');
  const char *target = r->view->target[r->panel.target];
  char name[NAME];
  size_t n = 0;

  while (slash && slash > path && slash[-1] != '/') slash--;
  path = slash ? slash : path;
  n = add_safe(name, n, NAME / 2, path, dot && dot > path ? dot : path + strlen(path));
  n = add_safe(name, n, sizeof name, "_", strchr("_", 0));
  (void)add_safe(name, n, sizeof name, target, target + strlen(target));
  (void)snprintf(out, bytes, "%s/%06" PRId64 "_%s.png", r->folder, sample, name);
}

err render_sample(struct render *r, int64_t sample)
{
  char path[PATH];
  struct canvas c = {0};
  const bool image = load_picture(r, sample);
  const struct panel_facts f = {sample, r->logits, image ? r->rgb : NULL};

  TRY(view_logits(r->view, sample, r->logits));
  TRY(panel_begin(&r->panel, &f, &c));
  err e = draw_columns(r, sample, &c, image && r->panel.overlay);
  panel_path(r, sample, path, sizeof path);
  if (!e) e = png_write_canvas(path, &c);
  canvas_free(&c);
  if (e) return err_trace(e, __FILE__, __LINE__);
  print_clean(path, -1);
  putchar('\n');
  return ERR_OK;
}
