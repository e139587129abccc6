#pragma once
/* What the files of class maps share. */
#include "core/class_map.h"

struct class_shift {
  int y, x;
};

struct class_map {
  struct class_engine *engine;
  const struct class_map_settings *set;
  const struct pixel_scale *scale;
  const struct class_images *images;
  int numbered, target;
  int64_t iteration; /* done so far */
  int height, width;
  int64_t plane, pixels; /* of a channel, of an image */
  int blocks;
  real *state;               /* [planes][pixels] */
  double *sums;              /* [blocks][pixels] of normalised gradients */
  real *mean;                /* [pixels] G */
  real *z;                   /* [batch][pixels] */
  double *own;               /* [batch][pixels] sums of each sample over inner steps */
  int *targets;              /* [batch] */
  struct class_shift *shift; /* [batch] */
  double *draw;              /* scratch of synthetic images and of blurs */
  float *factor;             /* [plane] of refinement */
  float *seen;               /* [plane of the last convolution] */
};

/** mean, EVEN and ODD from the sums; then p moves and is put onto its surface. */
void class_map_step(struct class_map *m);

/** Put a map onto the ball or sphere. */
void class_map_project(const struct class_map_settings *s, int64_t n, real *p);
