#pragma once
/* The measures of input bias on one sample's maps. */
#include "jobs/bias_plan.h"

/** One sample as the network has it: x[c * stride + u]. */
struct bias_image {
  const struct recipe *recipe;
  const float *x;
  int64_t stride, n; /* pixels */
};

/** Mean |map| by pixel value, relative to that of the image; curve [BIAS_BINS] overwritten, NaN for bins
 *  with less than a 500th of the pixels.  Value: the mean over channels of the file's pixel. */
void bias_curve(const struct bias_image *i, const float *map, float *curve);

/** value_rank and dip.  work: as bias_work_doubles. */
double bias_value_rank(const struct bias_image *i, const float *map, double *work);
double bias_dip(const struct bias_image *i, const float *map);

/** Spearman's correlation of two maps, or of their absolute values; NaN where one is constant or not finite. */
double bias_rank(const float *a, const float *b, int64_t n, bool absolute, double *work);

/** max |a / max |a| - b / max |b||; NaN where one is 0 everywhere or not finite. */
double bias_moved(const float *a, const float *b, int64_t n);

/** The share largest |map|: region [n] overwritten; ties: the first pixels.  work: as above. */
void bias_region(const float *map, int64_t n, double share, bool *region, double *work);

/** mean |map| in the region / mean |map|. */
double bias_density(const float *map, const bool *region, int64_t n);

size_t bias_work_doubles(int64_t n);
