#pragma once
/* What the parts of the job `render` share. */
#include "jobs/option.h"
#include "jobs/panel.h"
#include "jobs/pictures.h"

/** One run: what is drawn, and the memory of one panel. */
struct render {
  struct view *view;
  struct pictures *pictures; /* NULL: none */
  struct panel panel;
  struct view_maps *maps; /* [n_columns] owned */
  int *column, *row;      /* [n_layers], [n_methods] owned; chosen ones first */
  char *model, *folder;   /* owned */
  float *map, *room, *logits;
  uint8_t *rgb, *grey; /* [cell] owned */
};

/** Choose rows, columns and sizes, find the images, make the folder.  r->view is open.
 *  Errors: ERR_USAGE, ERR_FORMAT, ERR_IO, ERR_MEMORY.  Give back with render_release in any case. */
MUST_CHECK err render_prepare(struct render *r, const struct options *o);
void render_release(struct render *r);

/** Draw and write the panel of one sample, and print its name. */
MUST_CHECK err render_sample(struct render *r, int64_t sample);
