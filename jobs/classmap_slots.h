#pragma once
/* State that is overwritten: two slots for each map, written in turn, each sealed by its number and checksum
 * after its sync, so that one of them is whole at any moment.  DESIGN section 6. */
#include "core/real.h"
#include "io/store.h"

struct classmap_slots {
  int slot[2], seal[2]; /* variables */
  int64_t floats;       /* of a slot */
};

/** Find the variables.  Errors: ERR_FORMAT. */
MUST_CHECK err classmap_slots_find(struct store *s, struct classmap_slots *out);

/** The newest whole state of a map.  state [floats] overwritten where *iteration > 0 comes back; *next: the
 *  slot to write next.  Errors: ERR_IO. */
MUST_CHECK err classmap_slots_read(struct store *s, const struct classmap_slots *v, int64_t row,
                                   real *state, int64_t *iteration, int *next);

/** Write slot `at`, sync, seal it.  Errors: ERR_IO. */
MUST_CHECK err classmap_slots_write(struct store *s, const struct classmap_slots *v, int64_t row,
                                    int at, const real *state, int64_t iteration);
