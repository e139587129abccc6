#pragma once
/* Input-agnostic class maps: what a model looks for when it says "class c", with no input at all.
 *
 *  After Akhtar and Jalwana 2023, arXiv:2303.17836, whose algorithm is not public: a reconstruction.  Each
 *  iteration draws `samples` images x_i, computes at clip(x_i + p) the descent direction of the class's loss,
 *  normalised for each sample, and moves the map p along the mean:
 *
 *    g_i = -d loss(f(z_i), c)/d z_i,  z_i = clip(x_i + p),   G = 1/(b n) sum over i and steps of g_i / |g_i|
 *    r   = G, or its moving mean, or that over the root of the moving mean square (adam)
 *    p   = P(p + step r / max|r|)                            P: onto the ball or the sphere of radius eta
 *
 *  With n > 1 inner steps each sample walks on by inner_step sqrt(CHW) g_i / |g_i| in between.  Samples are
 *  added up in blocks of CLASS_MAP_BLOCK, in order of their numbers, and blocks in order: no bit depends on
 *  who computed a block, nor on how many images go through the network at once. */
#include "core/class_engine.h"

enum { CLASS_MAP_BLOCK = 8 };

enum class_moment { CLASS_MOMENT_NONE, CLASS_MOMENT_FIRST, CLASS_MOMENT_ADAM };
enum class_norm { CLASS_NORM_L2, CLASS_NORM_LINF };
enum class_surface { CLASS_SURFACE_BALL, CLASS_SURFACE_SPHERE };

struct class_map_settings {
  const struct class_loss *loss;
  int samples;       /* b of an iteration */
  int inner;         /* n */
  double inner_step; /* in units of a pixel's range, root mean square over the image */
  double step;       /* largest change of a pixel in an iteration */
  enum class_moment moment;
  double beta1, beta2;
  enum class_norm norm;
  enum class_surface surface;
  double
      eta; /* l2: root mean square of a map's pixels, eta sqrt(CHW) is the radius; linf: the bound */
  double blur;        /* sigma of a Gaussian over G, pixels; 0: none */
  int jitter;         /* images are shifted by up to so many pixels, their gradients back */
  int refine;         /* refine after every so many iterations; 0: never */
  double refine_gain; /* of pixels that the last convolution responds to */
};

/** Where samples come from. */
struct class_images {
  uint64_t seed;
  struct synthetic_use from;
  const real *given; /* [n_given][C][H][W] images to choose from instead; NULL: none */
  int64_t n_given;
};

/** Who shares an iteration's blocks: part `rank` of `size` parts. */
struct class_team {
  int size, rank;
  /** Every part computed its items [split_first(n, size, k), ...(k + 1)) of data; make all of them complete
   *  everywhere.  NULL where size is 1. */
  void (*gather)(void *who, void *data, int64_t item_bytes, int n);
  void *who;
};

/** First of n items of a part, as STYLE's split_first. */
static inline int class_team_first(int n, int parts, int part)
{
  const int base = n / parts, extra = n % parts;
  return part * base + (part < extra ? part : extra);
}

struct class_map;

/** The settings and images must outlive the map; so must the engine.  Errors: ERR_MEMORY. */
MUST_CHECK err class_map_make(struct class_engine *e, const struct pixel_scale *scale, int height,
                              int width, const struct class_map_settings *settings,
                              struct class_map **out);
void class_map_free(struct class_map **m);

/** Blocks of an iteration: more parts than this have nothing to do. */
int class_map_blocks(const struct class_map_settings *s);

/* Planes of the state, each [C][H][W]. */
enum { CLASS_MAP_P, CLASS_MAP_EVEN, CLASS_MAP_ODD, CLASS_MAP_FIRST, CLASS_MAP_SECOND };

/** Planes that the settings need: the map, the sums of G over even and over odd blocks, and the moments. */
int class_map_planes(const struct class_map_settings *s);

/** Begin with nothing, or after `iteration` iterations from a state [planes][C][H][W].  numbered: the class in
 *  the random numbers' key; target: the class that is looked for. */
void class_map_begin(struct class_map *m, const struct class_images *images, int numbered,
                     int target, int64_t iteration, const real *state);

int64_t class_map_iteration(const struct class_map *m);
const real *class_map_state(const struct class_map *m); /* [planes][C][H][W] */

/** One iteration, all parts of the team together. */
void class_map_iterate(struct class_map *m, const struct class_team *team);

/** refine(p), the map times f on the ball or sphere again:  f = 1 + (gain - 1) [a > t], upsampled bilinearly,
 *  a the mean activation of the last convolution at clip(0.5 + p), t Otsu's threshold of it.  to [C][H][W];
 *  a copy where there is no convolution. */
void class_map_refine(struct class_map *m, real *to);

/* For class_map_look: given images one after the other, not chosen at random. */
enum { CLASS_MAP_IN_ORDER = -1 };

/** Images to look at: those numbered [first, first + n) of class `numbered`, with factor * map added (map NULL:
 *  as they are) and clipped. */
struct class_look {
  const struct class_images *images;
  int numbered;
  uint64_t first;
  int n;
  const real *map;
  double factor;
};

/** Their logits, by the whole team.  logits [n][classes] overwritten. */
void class_map_look(struct class_map *m, const struct class_look *look,
                    const struct class_team *team, real *logits);

/** The first number of images that no iteration draws. */
extern const uint64_t class_map_held_out;
