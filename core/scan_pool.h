#pragma once
/* The pool: synthetic images that a scan uses where others use clean ones.  Each begins as noise and is
 * nudged towards a class of its own, so that it looks like the model's idea of that class:
 *
 *   x <- clip(x + step sqrt(CHW) g / |g|),   g = box(box(box(-d cross entropy(f(x), c)/dx)))
 *
 * for at most `steps` steps, while its margin is below `margin`.  The boxes are 3/32 of the shorter side wide:
 * without them the steps are high frequencies, which move many networks, clean or not, towards one class only.
 *
 * Image i belongs to class i mod classes (spread evenly where there are fewer images than classes); even
 * rounds over the classes begin as white noise, odd ones as smooth noise.  The two are kept apart: what a
 * trigger does it does on both, while many a natural feature leads on one of them alone. */
#include "core/scan_lab.h"

enum { SCAN_POOL_BOXES = 3, SCAN_NOISES = 2 };

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
  int *noise;      /* [n] below SCAN_NOISES: which it began as */
  real *images;    /* [n][pixels] */
  real *logits;    /* [n][classes of the model] at the end */
  double *margins; /* [n] of its class at the end: at least `margin` where it was reached */
  double least;    /* images with smaller margins are left out, where enough are left */
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
