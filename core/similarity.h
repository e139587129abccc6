#pragma once
/* How alike two maps of the same extents are.  One file per kind, one line in similarity_list.h. */
#include <stddef.h>
#include <stdint.h>

struct similarity {
  const char *name;
  const char *formula;
  const char *range;     /* of the value, and what equal maps give */
  const char *undefined; /* when it is NaN, besides a NaN in a map */
  const char *source;
  /** Doubles of scratch for maps of these extents. */
  size_t (*work_doubles)(int height, int width);
  /** What of a map can be computed once where it is compared with many: ready [n] overwritten; a has no NaN.
   *  And the value from it.  Both or none. */
  void (*prepare)(const float *a, int64_t n, float *ready, double *work);
  double (*run_prepared)(const float *ready, const float *b, int64_t n, double *work);
  /** The value; a and b [height, width] have no NaN and are read only.  Call similarity_of. */
  double (*run)(const float *a, const float *b, int height, int width, double *work);
};

/** All similarities, ended by NULL. */
extern const struct similarity *const similarity_all[];

#define SIMILARITY(name) extern const struct similarity similarity_##name;
#include "core/similarity_list.h"
#undef SIMILARITY

/** The similarity of that name, or NULL. */
const struct similarity *similarity_find(const char *name);

/** Similarity of two maps [height, width]; NaN where one of them holds a NaN and where it is not defined.
 *  work [s->work_doubles(height, width)] scratch.  Sums are in double and in index order.  Cannot fail. */
double similarity_of(const struct similarity *s, const float *a, const float *b, int height,
                     int width, double *work);

/** Make a map ready to be compared with many, for a similarity that has `prepare`.  ready [height * width]
 *  overwritten. */
void similarity_prepare(const struct similarity *s, const float *a, int height, int width,
                        float *ready, double *work);

/** similarity_of(s, a, b, ...) from what similarity_prepare made of a: the same bits. */
double similarity_of_prepared(const struct similarity *s, const float *ready, const float *b,
                              int height, int width, double *work);

/* The building blocks, on numbers in double. */

/** Correlation of a and b [n]: NaN where one of them is constant, within [-1, 1] else. */
double similarity_pearson_of(const double *a, const double *b, int64_t n);

/** Correlation of the ranks, average ranks for ties.  work [similarity_spearman_work(n)] scratch. */
double similarity_spearman_of(const double *a, const double *b, int64_t n, double *work);
size_t similarity_spearman_work(int64_t n);

enum { SSIM_MOST_TAPS = 33 };

/** The window of SSIM: `taps` (odd) weights, the same along both axes, of sum 1. */
struct ssim_window {
  int taps;
  double weight[SSIM_MOST_TAPS];
};

/** Equal weights. */
struct ssim_window ssim_window_uniform(int taps);
/** Gaussian weights cut off at trunc(truncate sigma + 0.5). */
struct ssim_window ssim_window_gaussian(double sigma, double truncate);

/** Mean over all whole windows of
 *
 *    (2 mx my + C1) (2 sxy + C2) / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2)),
 *    C1 = (0.01 range)^2, C2 = (0.03 range)^2,
 *
 *  m, s: weighted mean, (co)variance times N / (N - 1), N = taps^2.  NaN where no window fits.
 *  work [similarity_ssim_work(height, width)] scratch.
 *  Source: Wang et al. 2004, doi:10.1109/TIP.2003.819861, with scikit-image 0.19's defaults. */
double similarity_ssim_of(const double *a, const double *b, int height, int width,
                          const struct ssim_window *w, double range, double *work);
size_t similarity_ssim_work(int height, int width);

enum { HOG_CELL = 16, HOG_BLOCK = 3, HOG_ORIENTATIONS = 9 };

/** Length of the features of a map; 0 where no block of 3 x 3 cells of 16 x 16 pixels fits. */
int64_t similarity_hog_length(int height, int width);

/** Histograms of oriented gradients: central differences (0 at the border), 9 orientations without sign,
 *  cells of 16 x 16 pixels, blocks of 3 x 3 cells normalised by L2-Hys (clipped at 0.2), rounded to
 *  multiples of 2^-40, so that what is equal but for rounding ties in ranks.
 *  feature [similarity_hog_length] overwritten: [block row, block column, cell row, cell column,
 *  orientation]; work [similarity_hog_work(height, width)] scratch.
 *  Source: Dalal, Triggs 2005, doi:10.1109/CVPR.2005.177, with scikit-image 0.19's defaults. */
void similarity_hog_of(const float *map, int height, int width, double *feature, double *work);
size_t similarity_hog_work(int height, int width);
