/** @file
 *  Slots of state. */
#include "jobs/classmap_slots.h"

#include <stdlib.h>
#include <string.h>

err classmap_slots_find(struct store *s, struct classmap_slots *out)
{
  TRY(store_find(s, "state/slot_0", &out->slot[0]));
  TRY(store_find(s, "state/slot_1", &out->slot[1]));
  TRY(store_find(s, "state/seal_0", &out->seal[0]));
  TRY(store_find(s, "state/seal_1", &out->seal[1]));
  out->floats = store_row_bytes(s, out->slot[0]) / (int64_t)sizeof(real);
  return ERR_OK;
}

static int64_t crc_of(const real *state, int64_t floats)
{
  return (int64_t)store_crc32(state, floats * (int64_t)sizeof *state);
}

err classmap_slots_read(struct store *s, const struct classmap_slots *v, int64_t row, real *state,
                        int64_t *iteration, int *next)
{
  real *room = malloc((size_t)v->floats * sizeof *room);
  err e = room ? ERR_OK : FAIL(ERR_MEMORY, "no memory for the state of a map");
  *iteration = 0;
  *next = 0;
  for (int k = 0; k < 2 && !e; k++) {
    int64_t seal[2] = {0, 0};
    e = store_read(s, v->seal[k], row, 1, seal);
    if (e || seal[0] <= *iteration) continue;
    e = store_read(s, v->slot[k], row, 1, room);
    if (e || crc_of(room, v->floats) != seal[1]) continue;
    memcpy(state, room, (size_t)v->floats * sizeof *state);
    *iteration = seal[0];
    *next = 1 - k;
  }
  free(room);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err classmap_slots_write(struct store *s, const struct classmap_slots *v, int64_t row, int at,
                         const real *state, int64_t iteration)
{
  const int64_t seal[2] = {iteration, crc_of(state, v->floats)};
  TRY(store_write(s, v->slot[at], row, 1, state));
  TRY(store_sync(s));
  TRY(store_write(s, v->seal[at], row, 1, seal));
  return ERR_OK;
}
