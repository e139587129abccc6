#pragma once
/* The rows of a map in a study's file, and the state from which it is continued. */
#include "jobs/classmap.h"
#include "jobs/classmap_slots.h"

/* Variables with a row for each map. */
enum classmap_variable {
  CLASSMAP_GAIN,
  CLASSMAP_BASE_LOGIT,
  CLASSMAP_BASE_RATE,
  CLASSMAP_LOGIT,
  CLASSMAP_RATE,
  CLASSMAP_REFINED_LOGIT,
  CLASSMAP_REFINED_RATE,
  CLASSMAP_HALVES_COSINE,
  CLASSMAP_MAP,
  CLASSMAP_REFINED,
  CLASSMAP_ITERATE,
  CLASSMAP_STEP_LOGIT,
  CLASSMAP_STEP_RATE,
  CLASSMAP_ALWAYS, /* the others are there with images alone */
  CLASSMAP_IMAGE_RATE = CLASSMAP_ALWAYS,
  CLASSMAP_REFINED_IMAGE_RATE,
  CLASSMAP_VARIABLES
};

struct classmap_rows {
  const struct classmap *c;
  struct classmap_slots slots;
  int var[CLASSMAP_VARIABLES];
  real *row[CLASSMAP_VARIABLES]; /* of the map at hand */
  real *state;                   /* [floats of a slot] */
  int next;                      /* slot */
  double committed;              /* when */
};

/** c must outlive it.  Errors: ERR_MEMORY; what was made is to be freed then, too. */
MUST_CHECK err classmap_rows_make(const struct classmap *c, struct classmap_rows *r);
void classmap_rows_free(struct classmap_rows *r);

/** Find the variables.  Errors: ERR_FORMAT. */
MUST_CHECK err classmap_rows_find(struct classmap_rows *r, struct store *s);

/** Zeros everywhere: a map begins. */
void classmap_rows_clear(struct classmap_rows *r);

/** What a file, maybe another one, holds of a map that was begun: state, curves and iterates, where *iteration > 0
 *  comes back.  Errors: ERR_IO, ERR_FORMAT. */
MUST_CHECK err classmap_rows_read(struct classmap_rows *r, struct store *s, int64_t row,
                                  int64_t *iteration);

/** The state and what was measured so far, durable.  Errors: ERR_IO. */
MUST_CHECK err classmap_rows_commit(struct classmap_rows *r, struct store *s, int64_t row,
                                    const struct class_map *map);

/** The final state in both slots, then all rows.  Errors: ERR_IO. */
MUST_CHECK err classmap_rows_write(struct classmap_rows *r, struct store *s, int64_t row,
                                   const struct class_map *map);
