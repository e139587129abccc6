#pragma once
/* What is measured of a map on its way and at its end, on held-out samples and on images. */
#include "jobs/classmap_rows.h"

struct classmap_measure {
  const struct classmap *c;
  struct classmap_rows *rows; /* what is measured goes there */
  struct class_map *map;      /* the map at hand */
  real *logits, *base;        /* [most images looked at][classes] */
};

/** c and rows must outlive it.  Errors: ERR_MEMORY; what was made is to be freed then, too. */
MUST_CHECK err classmap_measure_make(const struct classmap *c, struct classmap_rows *rows,
                                     struct classmap_measure *m);
void classmap_measure_free(struct classmap_measure *m);

/** Keep the map, its logit and its rate where it is due.  Collective over the team. */
void classmap_measure_step(struct classmap_measure *m, const struct class_team *team, int class);

/** Everything about a map that is done.  Collective over the team. */
void classmap_measure_end(struct classmap_measure *m, const struct class_team *team, int class);
