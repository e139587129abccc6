#pragma once
/* What a scan measures of one class: how far patterns that are the same for all images push pool images of
 * other classes towards it.  Gains are in nats of the class's margin, on pool images that were not used
 * to find the pattern. */
#include "core/scan_push.h"

/* Patches are so many 32nds of the image's shorter side, two pixels at least. */
#define SCAN_TEST_LIST(E)                                                            \
  E(SCAN_BLEND, "blend", 0, "one faint map added to every image, dense and bounded") \
  E(SCAN_PATCH, "patch", 5, "one patch of 5/32 of the shorter side on every image")  \
  E(SCAN_LARGE, "large_patch", 8, "one patch of 8/32 of the shorter side on every image")

enum scan_test {
#define E(id, name, size, about) id,
  SCAN_TEST_LIST(E)
#undef E
      SCAN_TESTS
};

extern const char *const scan_test_names[SCAN_TESTS + 1];

/** The side of a test's patch in an image, 0 for a test without a patch. */
int scan_patch_side(const struct scan_lab *l, int test);

struct scan_class_settings {
  struct scan_map_settings locate, blend; /* the map whose windows are tried; the dense one */
  struct scan_patch_settings patch;       /* its size is the test's */
  bool tests[SCAN_TESTS];                 /* which to take */
  int most;                               /* images of each noise that measure */
};

struct scan_scores {
  double gain[SCAN_TESTS];       /* geometric mean over noises; NaN where not taken */
  double rate[SCAN_TESTS];       /* mean over noises */
  double clean_rate[SCAN_TESTS]; /* of clean images; NaN without them */
  int window[SCAN_TESTS][3];     /* row, column, side; -1 for none */
};

struct scan_room;
/** images: of the larger of the two pools. */
MUST_CHECK err scan_room_make(const struct scan_lab *l, int images, int windows,
                              struct scan_room **out);
void scan_room_free(struct scan_room **r);

/** Measure class `target` with a part of the pool, which finds patterns; the other parts of every noise measure
 *  them.  clean: images with their predicted classes, which only measure, or NULL.  Gains are NaN where the
 *  pool has too few images of that noise, see scan_choose.  Cannot fail. */
void scan_class(const struct scan_class_settings *s, struct scan_lab *l, const struct scan_pool *p,
                const struct scan_pool *clean, int target, struct scan_part part,
                struct scan_room *room, struct scan_scores *out);

/** Of the last scan_class: the map of windows and the dense one [pixels], and the patch of a test as an image [pixels] that is NaN
 *  outside the window. */
const real *scan_room_map(const struct scan_room *r);
const real *scan_room_blend(const struct scan_room *r);
void scan_room_patch(const struct scan_room *r, const struct scan_lab *l, int test, real *to);
