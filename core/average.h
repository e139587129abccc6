#pragma once
/* Averages of signals over copies of the input: noise, a path from a baseline, a set of baselines.  One
 * average per file average_<name>.c, one line in average_list.h.
 *
 * Every copy goes forward and back through the same unit, and what is kept of its signals is added up tap by
 * tap, so memory does not grow with the number of copies.  Extracts then read the average as their signal,
 * and the activation of the input itself. */
#include "core/err.h"
#include "core/real.h"
#include "core/use.h"

#include <stdint.h>

/** An image among those of a unit: channel c begins at x + c * stride and has `inner` positions. */
struct average_image {
  int channels, height, width;
  int64_t stride;
  const real *x; /* read only */
};

/** What a copy is made from. */
struct average_site {
  const struct use *with;
  uint64_t seed;
  int64_t sample; /* of the whole data set */
  int copy;
  struct average_image image;
  const real *black;     /* [channels] what a black pixel becomes; NULL: zeros */
  const real *baselines; /* [n_baselines][channels][height][width], given by the user; NULL: none */
  int n_baselines;
  void *work; /* [average_work_bytes] scratch */
};

/* What is added up over the copies, to be combined. */
enum {
  AVERAGE_MEAN = 1,    /* sum of w g */
  AVERAGE_SQUARES = 2, /* sum of w g^2 */
  AVERAGE_PRODUCTS = 4 /* sum of w (x - baseline) g; at the input */
};

struct average {
  const char *name;
  const char *formula;
  const char *source;
  const char *limits;         /* what it is known not to show */
  const struct param *params; /* ended by {0} */
  const char *of;             /* rule/extract/aggregate where the user writes none */
  bool input_only;
  bool wants_baselines; /* the user must give some */
  unsigned
      keeps; /* AVERAGE_*: one of them, or MEAN and SQUARES for the variance, one less the square
                     of the other */
  int (*copies)(const struct use *with);
  double (*weight)(const struct use *with, int copy); /* NULL: 1 / copies */
  /** Make one copy.  to: as image.x, overwritten.  less: as image.x, overwritten with x - baseline; NULL
   *  but for AVERAGE_PRODUCTS.  Averages with the same function and the same parameters share their copies. */
  void (*make)(const struct average_site *s, real *to, real *less);
};

/** An average with its parameters. */
struct average_use {
  const struct average *average; /* NULL: the input itself */
  struct use with;
};

/** All averages, in the order of average_list.h, ended by NULL. */
extern const struct average *const average_all[];

/** The average of that name, or NULL. */
const struct average *average_find(const char *name);

/** Read "name" or "name(param=value,...)", whose name is that of an average.  Errors: ERR_USAGE. */
MUST_CHECK err average_parse(const char *text, struct average_use *out);

/** Whether two uses have the same copies; both may be none. */
bool average_shares(const struct average_use *a, const struct average_use *b);

/** How many things are kept. */
int average_planes(unsigned keeps);

/** Whether these values of a list of parameters take the baseline that the user gives. */
bool average_baseline_given(const double *value, const struct param *params);

/** Whether the user must give images to begin from. */
bool average_wants_baselines(const struct average_use *u);

/** Scratch of `make`. */
int64_t average_work_bytes(int height, int width);

/* Baselines of averages over a path. */
#define AVERAGE_BASELINE_PARAMS                                                                \
  PARAM_WORD("baseline", average_baselines,                                                    \
             "where the path begins: 0 after normalisation (the recipe's mean colour), black " \
             "pixels, the image's own mean colour, the image blurred, or --baseline"),         \
      PARAM("sigma", 10.0, 0.1, 1000.0, "of the blur, pixels")
extern const char *const average_baselines[];

/** The baseline of the parameters `baseline` and `sigma`; to: as image.x, overwritten. */
void average_baseline(const struct average_site *s, const struct param *params, real *to);
