#pragma once
/* Distributions of synthetic images, with no data set: one per file synthetic_<name>.c, one line in
 * synthetic_list.h.  An image depends on the distribution, the seed, the class and its number alone, so any
 * rank makes the same one. */
#include "core/err.h"
#include "core/real.h"
#include "core/use.h"

#include <stdint.h>

/** What turns a pixel p in [0, 1] of channel c into the network's input:  (gain p - mean[c]) / std[c]. */
struct pixel_scale {
  int channels; /* 1 to 3 */
  double gain, mean[3], std[3];
};

/** One image to make. */
struct synthetic_site {
  const struct use *with;
  const struct pixel_scale *scale;
  int height, width; /* of scale->channels channels */
  uint64_t seed;
  uint32_t class;  /* below 2^24 */
  uint64_t sample; /* below 2^40 */
  double *work;    /* [synthetic_work_bytes] scratch */
};

struct synthetic {
  const char *name;
  const char *formula;
  const struct param *params; /* ended by {0} */
  /** pixels [channels][height][width] overwritten with numbers in [0, 1]. */
  void (*make)(const struct synthetic_site *s, real *pixels);
};

/** A distribution with its parameters. */
struct synthetic_use {
  const struct synthetic *synthetic;
  struct use with;
};

/** All distributions, in the order of synthetic_list.h, ended by NULL. */
extern const struct synthetic *const synthetic_all[];

/** The distribution of that name, or NULL. */
const struct synthetic *synthetic_find(const char *name);

/** Read "name" or "name(param=value,...)".  Errors: ERR_USAGE with the nearest names. */
MUST_CHECK err synthetic_parse(const char *text, struct synthetic_use *out);

int64_t synthetic_work_bytes(int height, int width);

/** Make an image.  s->with is set by this call. */
void synthetic_make(const struct synthetic_use *u, struct synthetic_site s, real *pixels);

/* For the distributions themselves. */

/** n standard normal numbers of channel c and of one of the RANDOM_ streams, or uniform ones; z [n]. */
void synthetic_normals(const struct synthetic_site *s, int stream, int channel, int64_t n,
                       double *z);
void synthetic_uniforms(const struct synthetic_site *s, int stream, int channel, int64_t n,
                        double *u);

static inline real synthetic_clip(double p)
{
  return (real)(p < 0.0 ? 0.0 : p > 1.0 ? 1.0 : p);
}

/** pixels = clip(mean + deviation z), z standard normal and independent. */
void synthetic_normal_about(const struct synthetic_site *s, double mean, double deviation,
                            real *pixels);
