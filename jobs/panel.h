#pragma once
/* The picture of one sample: its image and facts on top, below it rows of methods and columns of
 * layers, at the bottom what the colours mean. */
#include "core/colormap.h"
#include "io/canvas.h"
#include "io/text.h"
#include "jobs/view.h"

/** What all panels of a run share. */
struct panel {
  const struct view *view;
  const char *model, *study; /* file names for the header */
  int target;                /* slot */
  int n_columns, n_rows;
  const int *column; /* [n_columns] layers */
  const int *row;    /* [n_rows] methods */
  int cell_width, cell_height;
  bool overlay;
  bool any_signed, any_unsigned; /* which legends are needed */
  struct text *text;
  struct colormap sequential, diverging;
  /* filled in by panel_measure, in pixels */
  int heading_width, image_width; /* of the row headings; of the image, 0: there is none */
  int grid_x, grid_y, pitch_x, pitch_y;
  int width, height;
};

/** Facts about a sample for its header. */
struct panel_facts {
  int64_t sample;
  const float *logits; /* [n_classes] */
  const uint8_t *rgb;  /* [cell_height, cell_width, 3], or NULL */
};

/** Work out where everything goes.  with_image: room for the image is kept. */
void panel_measure(struct panel *p, bool with_image);

/** Draw all but the cells.  c is new, free with canvas_free.  Errors: those of canvas_make. */
MUST_CHECK err panel_begin(const struct panel *p, const struct panel_facts *f, struct canvas *c);

/** Draw the cell of a row and a column.  rgb [cell_height, cell_width, 3], or NULL for a cell
 *  without a map; flat: a map of one value; caption stands below it. */
void panel_cell(const struct panel *p, struct canvas *c, int row, int column, const uint8_t *rgb,
                bool flat, const char *caption);
