#pragma once
/* Figures for reports, drawn by PLplot: STEM.png and STEM.svg, at a size that is legible in print.
 * io/plot.c owns plplot.h.  Serial: one rank draws. */
#include "core/err.h"

#include <stdbool.h>

/** A line with an interval at each point; points with a NaN are left out. */
struct plot_series {
  const char *name;
  int n;
  const double *x, *y;      /* [n] */
  const double *low, *high; /* [n] ends of intervals; NULL: none */
};

struct plot_lines {
  const char *title, *x_label, *y_label;
  int n_ticks;
  const char *const *ticks; /* [n_ticks] names of x = 0, 1, ...; NULL: numbers */
  int n_series;             /* at most PLOT_SERIES */
  const struct plot_series *series;
  double low, high; /* of y; equal: from the data */
};

/** One box each: the median, the quartiles, and whiskers. */
struct plot_boxes {
  const char *title, *y_label;
  int n;
  const char *const *names; /* [n] */
  const double (*five)[5];  /* [n] lower whisker, quartile, median, quartile, upper whisker */
};

/** Cells coloured from low (blue) over the middle (white) to high (red), with their numbers; a heat map
 *  where there are many. */
struct plot_matrix {
  const char *title;
  int rows, columns;
  const char *const *row, *const *column; /* names */
  const double *values;                   /* [rows][columns], NaN: grey */
  double low, high;                       /* ends of the colours */
};

enum { PLOT_SERIES = 12 };

/** Write STEM.png and STEM.svg; existing files are replaced when the new ones are whole.
 *  Errors: ERR_IO (a folder that cannot be written to, PLplot without its drivers), ERR_MEMORY. */
MUST_CHECK err plot_lines(const struct plot_lines *p, const char *stem);
MUST_CHECK err plot_boxes(const struct plot_boxes *p, const char *stem);
MUST_CHECK err plot_matrix(const struct plot_matrix *p, const char *stem);
