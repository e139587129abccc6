#pragma once
/* Fresh weights: how a network looks before it has learned anything.  One line in initialise_list.h each. */
#include "core/random.h"
#include "core/real.h"

#include <stdint.h>

/** What the numbers are of. */
enum initialise_part { INITIALISE_WEIGHT, INITIALISE_BIAS, INITIALISE_SCALE, INITIALISE_SHIFT };

/** A tensor to be filled. */
struct initialise_tensor {
  enum initialise_part part;
  int64_t count;
  int64_t fan_in,
      fan_out; /* of the operator: numbers that feed an output, and that an input feeds */
};

struct initialise {
  const char *name, *formula, *source;
  /** x [t->count] overwritten; std: of `normal` alone. */
  void (*fill)(const struct random_place *at, const struct initialise_tensor *t, double std,
               real *x);
};

struct initialise_use {
  const struct initialise *how;
  double std;
};

/** All of them, in the order of initialise_list.h, ended by a NULL name. */
extern const struct initialise initialise_all[];

/** The one of that name, or NULL. */
const struct initialise *initialise_find(const char *name);
