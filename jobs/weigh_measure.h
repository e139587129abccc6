#pragma once
/* What `weigh` measures of one layer.  Definitions are ours: the paper's code has numbers, not how they were
 * made (METHODS 1.3). */
#include "core/plan.h"
#include "core/real.h"

#include <stdint.h>

struct weigh_layer {
  int tap, in;          /* plan taps of the layer and of what it reads; -1: it reads nothing */
  double *spread;       /* [samples][2] of the layer, of what it reads */
  double *features;     /* [samples][channels] means over positions */
  unsigned char *point; /* [samples] WEIGH_* */
};

enum { WEIGH_NO_BOX, WEIGH_MISS, WEIGH_HIT };

/** Feature spread of one sample: with f_u the feature vector at position u over its length (0 where that is 0)
 *
 *    mean over u of  |f_u - mean over v of f_v|
 *
 *  a [channels][stride] read only, n positions;  mean [channels] scratch. */
double weigh_spread(const real *a, int channels, int64_t stride, int64_t n, double *mean);

/** Means over positions.  out [channels] overwritten */
void weigh_features(const real *a, int channels, int64_t stride, int64_t n, double *out);

/** Whether the largest number of a map, enlarged to height x width, lies in the box (xmin, ymin, xmax, ymax,
 *  both ends in it); the first of several that are equally large.  up [height * width] scratch. */
bool weigh_hits(const float *map, const struct plan_tap *t, int height, int width,
                const double box[4], float *up);
