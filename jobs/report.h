#pragma once
/* What the files of a study come to: numbers picked from them, figures, and a page in Markdown. */
#include "core/err.h"
#include "io/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { REPORT_NAMES = STORE_MAX_DIMS - 1 };

/** Values along the first dimension of a variable: one of each of the other dimensions.  Where that is
 *  `sample`, only samples that are done count.
 *
 *  variable: "similarity/@0": @i is the variable of the i-th layer of the file, @-1 of the last, @50% of the
 *  one in the middle; @best of the one with the largest mean of what is picked, those behind it alone left
 *  out that hold maps over several layers;
 *  "verdict/value[score]": only that entry of the first dimension, named likewise; "|summary/a|": sizes
 *  without signs, taken before anything else
 *  names: of the dimensions behind the first, in order: a name as the file has it, "#i" by number (#-1: the
 *         last), or "#50%" of the way.  NULL: the first.  In a square table, "#own" is the row's own
 *         column, "#others" the largest of all other columns; "#most" is the largest of all columns,
 *         "#least" the smallest.  "#each": all entries are values of the row, one after the other. */
struct report_pick {
  const char *file, *variable;
  const char *names[REPORT_NAMES];
};

struct report_files; /* those that are open */

struct report {
  const char *folder;
  struct report_files *files;
  void *page;          /* FILE */
  const char *trigger; /* what the user says of a known trigger; NULL: nothing */
  bool second;         /* there are files of a second model */
  int resamples;
  uint64_t seed;
};

/** Files stay open from their first use to report_close: a page picks hundreds of numbers from each.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err report_begin(struct report *r);
void report_close(struct report *r);

/** Values [n][each], NaN where there is none; new, the caller frees.  each NULL: n counts all of them.
 *  Errors: ERR_FORMAT naming what the file has not; ERR_MEMORY. */
MUST_CHECK err report_values(const struct report *r, const struct report_pick *p, double **out,
                             int64_t *n, int64_t *each);

/** Mean of a (less b, where b.file is given, value by value) with its 95 % interval.  Rows with several values
 *  ("#each") count by the mean of those that are there: resampling is over rows.
 *  Errors: as report_values. */
struct interval;
MUST_CHECK err report_mean(const struct report *r, const struct report_pick *a,
                           const struct report_pick *b, struct interval *out);

/** Means at each of the points [n] of axis `along` of a pick with their intervals: one resampling for all. */
MUST_CHECK err report_means(const struct report *r, struct report_pick p, int along, int points,
                            struct interval *out);

/** The mean alone; NaN where nothing has a value. */
MUST_CHECK err report_mean_only(const struct report *r, const struct report_pick *p, double *out);

/** Text on the page. */
void report_say(const struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** A figure STEM.png, and STEM.svg beside it, with a caption on the page. */
void report_figure(const struct report *r, const char *stem, const char *caption);

/** Names of a dimension (pick->names is ignored but for `axis`, counted behind `sample`); new, one block.
 *  Errors: ERR_FORMAT. */
MUST_CHECK err report_axis(const struct report *r, const char *file, const char *variable, int axis,
                           int64_t *n, char ***names);

/** A square or other table of a file, coloured from low to high; the rows are the first dimension.
 *  Equal ends: from the values, the same on both sides of 0. */
MUST_CHECK err report_table(const struct report *r, const char *file, const char *variable,
                            double low, double high, const char *stem, const char *caption);

/** A figure: lines, boxes or rows are names [n] of axis `by` of a variable.  Each writes STEM.png, STEM.svg and
 *  its line on the page. */
struct report_drawing {
  const char *stem, *caption;
  int by;
  const char *const *names;
  int n;
  const char *label; /* of the axis of values; NULL: none */
};

/** Means with intervals along an axis of a variable, a line for each name.
 *  p: the rest; its names of both axes are ignored.  first: what stands at the left of the first point with
 *  the value 1, or NULL. */
MUST_CHECK err report_lines(const struct report *r, struct report_pick p, int along,
                            const char *first, const struct report_drawing *d);

/** The spread over samples, a box for each name: quartiles, and 5 and 95 % as whiskers. */
MUST_CHECK err report_boxes(const struct report *r, struct report_pick p,
                            const struct report_drawing *d);

/** Means of names at every layer of a file, coloured from low to high: p.variable must end in "@". */
MUST_CHECK err report_layers(const struct report *r, struct report_pick p, double low, double high,
                             const struct report_drawing *d);
