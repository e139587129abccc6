/** @file
 *  Before the first panel is drawn. */
#include "jobs/cell.h"
#include "jobs/pick.h"
#include "jobs/print.h"
#include "jobs/render.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COLUMNS_MOST = 12, CELL_TYPICAL = 160, CELL_LEAST = 64, CELL_MOST = 1024 };

/** Last component of a path. */
static const char *base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/** Indices of what is chosen; returns how many. */
static int list_chosen(const bool *chosen, int n, int *list)
{
  int count = 0;
  for (int i = 0; i < n; i++)
    if (chosen[i]) list[count++] = i;
  return count;
}

/** Keep `most` of n entries, evenly spread, with the first and the last. */
static void spread(int *list, int n, int most)
{
  for (int k = 0; k < most; k++)
    list[k] = list[((int64_t)k * (n - 1) + (most - 1) / 2) / (most - 1)];
}

/** Move the layers that have positions to the front, where they are enough; returns how many
 *  entries there are to choose from.  A map of one value shows nothing. */
static int keep_mapped(const struct view *v, int *list, int n)
{
  int mapped = 0;

  for (int k = 0; k < n; k++) {
    const int32_t *shape = v->layer_shape + 3 * (size_t)list[k];
    mapped += shape[1] * shape[2] > 1;
  }
  if (mapped < COLUMNS_MOST) return n;
  mapped = 0;
  for (int k = 0; k < n; k++) {
    const int32_t *shape = v->layer_shape + 3 * (size_t)list[k];
    if (shape[1] * shape[2] > 1) list[mapped++] = list[k];
  }
  return mapped;
}

static err choose_columns(struct render *r, const struct options *o, bool *chosen)
{
  struct panel *p = &r->panel;
  int n = 0;
  const char *const *patterns = options_list(o, "layers", &n);

  r->column = calloc((size_t)r->view->n_layers, sizeof *r->column);
  CHECK(r->column, ERR_MEMORY, "no memory for %d layers", r->view->n_layers);
  TRY(pick_layers(r->view, patterns, n, chosen));
  p->n_columns = list_chosen(chosen, r->view->n_layers, r->column);
  if (!n && p->n_columns > COLUMNS_MOST) {
    printf("%d of %d layers, evenly spread; --layers chooses others\n", COLUMNS_MOST, p->n_columns);
    const int mapped = keep_mapped(r->view, r->column, p->n_columns);
    if (mapped > COLUMNS_MOST) spread(r->column, mapped, COLUMNS_MOST);
    p->n_columns = COLUMNS_MOST;
  }
  p->column = r->column;
  return ERR_OK;
}

static err choose_rows(struct render *r, const struct options *o, bool *chosen)
{
  struct panel *p = &r->panel;
  int n = 0;
  const char *const *patterns = options_list(o, "methods", &n);

  r->row = calloc((size_t)r->view->n_methods, sizeof *r->row);
  CHECK(r->row, ERR_MEMORY, "no memory for %d methods", r->view->n_methods);
  TRY(pick_methods(r->view, patterns, n, chosen));
  p->n_rows = list_chosen(chosen, r->view->n_methods, r->row);
  p->row = r->row;
  for (int k = 0; k < p->n_rows; k++) {
    const bool is_signed = view_is_signed(r->view, p->row[k]);
    p->any_signed = p->any_signed || is_signed;
    p->any_unsigned = p->any_unsigned || !is_signed;
  }
  TRY(pick_target(r->view, options_text(o, "target"), &p->target));
  return ERR_OK;
}

static err choose(struct render *r, const struct options *o)
{
  const size_t layers = (size_t)r->view->n_layers, methods = (size_t)r->view->n_methods;
  bool *chosen = calloc(layers + methods, sizeof *chosen);

  CHECK(chosen, ERR_MEMORY, "no memory for %zu layers", layers);
  err e = choose_columns(r, o, chosen);
  if (!e) e = choose_rows(r, o, chosen + layers);
  free(chosen);
  return e;
}

/** Extents of a cell: the longer side of the model's input is `side`, the other one follows. */
static void shape_cell(struct panel *p, int height, int width, int side)
{
  p->cell_height = height >= width ? side : (int)(((int64_t)side * height + width / 2) / width);
  p->cell_width = width >= height ? side : (int)(((int64_t)side * width + height / 2) / height);
}

/** Cells with the input's aspect; by default a small input is enlarged by a whole number. */
static err size_cells(struct render *r, int64_t wanted)
{
  int h = r->view->layer_shape[1], w = r->view->layer_shape[2];

  CHECK(wanted == 0 || (wanted >= CELL_LEAST && wanted <= CELL_MOST), ERR_USAGE,
        "--cell %" PRId64 ": give %d to %d pixels, or 0", wanted, CELL_LEAST, CELL_MOST);
  (void)pictures_frame(r->view, &h, &w);
  if (h > 8 * w || w > 8 * h) h = w; /* a sequence: no aspect to keep */
  const int input = h > w ? h : w;
  const int times = input <= CELL_TYPICAL ? (CELL_TYPICAL + input / 2) / input : 0;
  shape_cell(&r->panel, h, w, wanted ? (int)wanted : times >= 1 ? times * input : CELL_TYPICAL);
  return ERR_OK;
}

/** The room that one column's maps and one cell take. */
static err make_room(struct render *r)
{
  const struct panel *p = &r->panel;
  const size_t pixels = (size_t)p->cell_height * (size_t)p->cell_width;
  int64_t row = 1, room = 1;

  r->maps = calloc((size_t)p->n_columns, sizeof *r->maps);
  CHECK(r->maps, ERR_MEMORY, "no memory for %d layers", p->n_columns);
  for (int k = 0; k < p->n_columns; k++) {
    struct view_maps *m = &r->maps[k];
    TRY(view_maps_find(r->view, p->column[k], m));
    const struct cell c = {NULL, m->height, m->width, false, p->cell_height, p->cell_width, NULL};
    const int64_t plane = (int64_t)m->height * m->width;
    if (m->row > row) row = m->row;
    if (plane > room) room = plane;
    if (cell_room(&c) > room) room = cell_room(&c);
  }
  r->map = malloc((size_t)row * sizeof *r->map);
  r->room = malloc((size_t)room * sizeof *r->room);
  r->logits = malloc((size_t)r->view->n_classes * sizeof *r->logits);
  r->rgb = malloc(pixels * 3);
  r->grey = malloc(pixels);
  CHECK(r->map && r->room && r->logits && r->rgb && r->grey, ERR_MEMORY,
        "no memory for the maps of one sample (%" PRId64 " values)", row);
  return ERR_OK;
}

/** The folder for the panels, made where it is missing. */
static err make_folder(struct render *r, const char *given)
{
  const char *path = r->view->path, *dot = strrchr(path, '.');
  const int stem = dot && dot > base_name(path) ? (int)(dot - path) : (int)strlen(path);
  struct stat st;

  if (asprintf(&r->folder, "%.*s%s", given ? (int)strlen(given) : stem, given ? given : path,
               given ? "" : ".panels") < 0)
    r->folder = NULL;
  CHECK(r->folder, ERR_MEMORY, "no memory for a file name");
  CHECK(mkdir(r->folder, 0777) == 0 || errno == EEXIST, ERR_IO, "cannot make the folder %s: %s",
        r->folder, strerror(errno));
  CHECK(stat(r->folder, &st) == 0 && S_ISDIR(st.st_mode), ERR_USAGE, "%s is not a folder",
        r->folder);
  return ERR_OK;
}

static void find_pictures(struct render *r, const char *data)
{
  if (!pictures_open(r->view, data, &r->pictures)) return;
  r->pictures = NULL;
  printf("drawn without images: ");
  print_wrapped(22, 2, err_message());
}

err render_prepare(struct render *r, const struct options *o)
{
  struct panel *p = &r->panel;

  TRY(view_text(r->view, "model", &r->model));
  TRY(choose(r, o));
  TRY(size_cells(r, options_int(o, "cell")));
  TRY(text_open(&p->text));
  TRY(make_room(r));
  TRY(make_folder(r, options_text(o, "out")));
  find_pictures(r, options_text(o, "data"));
  colormap_sequential(&p->sequential);
  colormap_diverging(&p->diverging);
  p->view = r->view;
  p->model = base_name(r->model);
  p->study = base_name(r->view->path);
  p->overlay = options_flag(o, "overlay") && r->pictures;
  panel_measure(p, r->pictures != NULL);
  return ERR_OK;
}

void render_release(struct render *r)
{
  for (int k = 0; r->maps && k < r->panel.n_columns; k++) view_maps_free(&r->maps[k]);
  free(r->maps);
  free(r->column);
  free(r->row);
  free(r->model);
  free(r->folder);
  free(r->map);
  free(r->room);
  free(r->logits);
  free(r->rgb);
  free(r->grey);
  text_close(&r->panel.text);
  pictures_close(&r->pictures);
  view_close(&r->view);
}
