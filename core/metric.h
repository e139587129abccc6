#pragma once
/* How good a map is: numbers of one map, of its sample's object, of another map beside it, or of what the
 * model says of images that are changed as the map says.  One file per metric, one line in
 * metric_list.h. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a metric reads beside the map. */
enum {
  METRIC_IMAGE = 1,  /* the map made as large as the image */
  METRIC_POINT = 2,  /* the same, smoothed where that is asked for */
  METRIC_OBJECT = 4, /* where the target's class is in the image */
  METRIC_GRID = 8,   /* the object is a cell of a mosaic */
  METRIC_INPUT = 16, /* the map made as large as the model's input */
  METRIC_OTHER =
      32, /* the map of the slot `predicted`, as large as the input; `slot` says for which */
  METRIC_ENERGY = 64, /* the map sum_k a_k at the same place */
  METRIC_MODEL = 128  /* probabilities of the model on changed images */
};

/** A map and what belongs to it; what a metric does not read may be NULL. */
struct metric_map {
  int height, width;
  const float *map; /* [height, width] */
  int image_height, image_width;
  const float *image;    /* [image_height, image_width] bilinear */
  const float *point;    /* the same, smoothed */
  const uint8_t *object; /* the same: 1 where the object is, 0 elsewhere; at least one 1 */
  int tolerance;         /* pixels of the image, of the pointing game */
  int input_height, input_width;
  const float *input;  /* [input_height, input_width] bilinear */
  const float *other;  /* the same, of the other map */
  const float *energy; /* [height, width] */
};

/** Changed images: which pixels go, in which order. */
struct metric_path {
  bool ascending; /* the least relevant pixels first */
  bool insertion; /* from the substrate to the image */
  bool blurred;   /* the substrate is the blurred image, else zeros in normalised space */
  bool
      percent; /* steps are 1 to 10 percent of the pixels, else equal numbers of pixels to the end */
};

struct metric {
  const char *name;
  const char *formula;
  const char *range;
  const char *better; /* "higher", "lower", or what else it says */
  const char *ties;   /* equal values, constant maps, and when it is NaN besides a NaN in a map */
  const char *traps;  /* what to know before comparing */
  const char *source;
  unsigned needs;   /* METRIC_* */
  const char *slot; /* the one target slot that it is made for; NULL: every one */
  /** Doubles of scratch; NULL: none.  pixels: the larger of map, image and input. */
  size_t (*work_doubles)(const struct metric_map *m);
  /** The value of a map without NaN; NULL for METRIC_MODEL.  Call metric_of. */
  double (*run)(const struct metric_map *m, double *work);
  /* For METRIC_MODEL: how images are changed, and the value from the probabilities of the class:
   * score[0] of the image as it is before the first step, score[i] after step i, i = 1 .. n. */
  struct metric_path path;
  double (*value)(const double *score, int n);
};

/** All metrics, ended by NULL. */
extern const struct metric *const metric_all[];

/** The metric of that name, or NULL. */
const struct metric *metric_find(const char *name);

/** Value of a metric that asks no model; NaN where a map that it reads holds a NaN, where it is not
 *  defined, and where it needs an object and there is none.
 *  work [metric_work_doubles] scratch.  Sums are in double and in index order.  Cannot fail. */
double metric_of(const struct metric *k, const struct metric_map *m, double *work);
size_t metric_work_doubles(const struct metric *k, const struct metric_map *m);

/** Gaussian smoothing with sigma pixels, borders repeated, as far as ceil(4 sigma); sigma > 0.
 *  map [height, width] changed; work [metric_smooth_work] scratch.
 *  Source: Fong, Patrick, Vedaldi 2019, arXiv:1910.08485 (TorchRay, imsmooth). */
void metric_smooth(float *map, int height, int width, double sigma, double *work);
size_t metric_smooth_work(int height, int width, double sigma);

/** The first largest value in row-major order. */
int64_t metric_first_largest(const float *v, int64_t n);

/** Whether any of n numbers is a NaN. */
bool metric_has_nan(const float *v, int64_t n);
