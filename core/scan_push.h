#pragma once
/* Two ways to push images of other classes towards a class, one for all images: the same pattern added to
 * each (a class's map on the pool), and the same patch pasted on each.  What is scored is the gain in the
 * class's margin, in nats, on images that were not used to find it. */
#include "core/scan_pool.h"

/* Images of a part that a pattern can be found with. */
enum { SCAN_ENOUGH = 6 };

/* Which images of a pool. */
struct scan_part {
  int noise; /* those that began as this noise; -1: any */
  int part, parts;
};

/** Part `part` of `parts` of the pool's images that belong to other classes than `target`, or (rest) all
 *  but that part: their numbers, in order.  Images below the pool's least margin are left out; where
 *  fewer than SCAN_ENOUGH a part are left, there are none, unless no noise has enough: then all take part.
 *  Returns how many; index [pool->n]. */
int scan_choose(const struct scan_pool *p, int target, struct scan_part of, bool rest, int *index);

/** Mean gain in the target's margin over pool images index [n] by `change`, which alters one image in
 *  place.  rate: share of them that then go to the target; NULL where not wanted. */
typedef void scan_change(const void *with, const struct scan_lab *l, real *image);
double scan_gain(struct scan_lab *l, const struct scan_pool *p, int target, const int *index, int n,
                 scan_change *change, const void *with, double *rate);

/* ---- added ---- */

struct scan_map_settings {
  int steps, samples; /* iterations, and pool images of each */
  double step;        /* largest change of a pixel */
  double eta;         /* radius of the ball, in root mean square of the map's pixels */
  double bound;       /* of each pixel, by signed steps, instead of the ball; 0: the ball */
};

/** p <- ball(p + step G / max|G|), or p <- clip(p + step sign(G), -bound, bound);  G the mean of -g_i / |g_i|,
 *  g_i = d CE(f(clip(x_i + p)), target)/dx_i, x_i taken in turn from pool images index [n].  The ball
 *  favours what few pixels do, the bound what all of them do together.
 *  map [pixels] overwritten; sum [pixels] scratch. */
void scan_map(const struct scan_map_settings *s, struct scan_lab *l, const struct scan_pool *p,
              int target, const int *index, int n, real *sum, real *map);

/** A scan_change: with = const real *map. */
void scan_add(const void *map, const struct scan_lab *l, real *image);

/* ---- pasted ---- */

struct scan_patch {
  int row, column, size; /* the window: size x size pixels */
  real *pattern;         /* [channels][size][size] */
  double margin;         /* mean over the backgrounds of the last step */
};

struct scan_patch_settings {
  int size;
  int windows, kept; /* candidates, and how many go on after `early` steps */
  int backgrounds;   /* pool images that all candidates share */
  int early, steps;
  double step;
};

/** Memory of a search for patches. */
struct scan_search {
  struct scan_patch *candidates;     /* [windows] */
  real *patterns, *speed, *gradient; /* [windows][channels * size * size] */
  double *energy;                    /* [plane] */
};

/** For at most so many windows of at most that size.  Errors: ERR_MEMORY. */
MUST_CHECK err scan_search_make(const struct scan_lab *l, int windows, int size,
                                struct scan_search *out);
void scan_search_free(struct scan_search *s);

/** The n windows of size x size with the most energy of the map, greedily, origins at least
 *  max(3, 3 size / 5) apart, into search->candidates.  Returns how many there are. */
int scan_windows(const struct scan_lab *l, const real *map, int size, int n,
                 struct scan_search *search);

/** The best patch: candidates begin as 0.5 + 0.5 sign(map) in the map's windows and take signed steps with
 *  momentum,
 *
 *    V = 0.7 V + g / mean|g|,   Q = clip(Q - step (1 - s / steps) sign(V)),
 *
 *  g the mean over the backgrounds of d CE/dQ.  Backgrounds are the first of the pool images index [n].
 *  *best points into the search, until the next one; its size is 0 where no window fits. */
void scan_patch_find(const struct scan_patch_settings *s, struct scan_lab *l,
                     const struct scan_pool *p, int target, const int *index, int n,
                     const real *map, struct scan_search *search, struct scan_patch *best);

/** A scan_change: with = const struct scan_patch *. */
void scan_paste(const void *patch, const struct scan_lab *l, real *image);
