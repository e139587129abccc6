#pragma once
/* The pool: synthetic images that a scan uses where others use clean ones.  Each begins as noise and is
 * nudged towards a class of its own, so that it looks like the model's idea of that class:
 *
 *   x <- clip(x + step sqrt(CHW) g / |g|),   g = box3(-d cross entropy(f(x), c)/dx)
 *
 * for at most `steps` steps, while its margin is below `margin`.  Image i belongs to class i mod classes (spread
 * evenly where there are fewer images than classes); even rounds over the classes begin as white noise, odd
 * ones as smooth noise. */
#include "core/scan_lab.h"

struct scan_pool_settings {
  int n;         /* images */
  int steps;     /* at most */
  double step;   /* root mean square of a step over the image */
  double margin; /* in nats: an image this sure of its class stays as it is */
  uint64_t seed;
};

struct scan_pool {
  int n;
  int *classes;    /* [n] whose class it was nudged to */
  real *images;    /* [n][pixels] */
  real *logits;    /* [n][classes of the model] at the end */
  double *margins; /* [n] of its class at the end: at least `margin` where it was reached */
  int *given;      /* [n] 1: a clean image given by the user */
};

/** Room for n images.  Errors: ERR_MEMORY. */
MUST_CHECK err scan_pool_make(const struct scan_lab *lab, int n, struct scan_pool **out);
void scan_pool_free(struct scan_pool **p);

/** Make images [first, end).  Cannot fail. */
void scan_pool_fill(const struct scan_pool_settings *s, struct scan_lab *lab, int first, int end,
                    struct scan_pool *p);

/** Logits of images [first, end), and the margins of their classes. */
void scan_pool_look(struct scan_lab *lab, int first, int end, struct scan_pool *p);
