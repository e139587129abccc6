#pragma once
/* Decoding the next unit while this one is computed: one thread that calls neither HDF5 nor MPI. */
#include "core/err.h"
#include "io/dataset.h"

#include <stdint.h>

enum { PREFETCH_REASON = 256 };

/** What became of one sample of a unit. */
struct prefetch_slot {
  enum sample_status status;    /* SAMPLE_DONE: its pixels are there; else they are zeros */
  int size[2];                  /* height and width of the image in the file; 0 where unknown */
  char reason[PREFETCH_REASON]; /* why not, in words */
};

struct prefetch;

/** Make the buffers for units of `batch` samples of the recipe's size and start the thread.
 *  d and r must outlive it.  Errors: ERR_MEMORY.  Not collective. */
MUST_CHECK err prefetch_make(const struct dataset *d, const struct recipe *r, int batch,
                             struct prefetch **out);

/** End the thread and free everything; accepts NULL. */
void prefetch_free(struct prefetch **p);

/** Begin with samples [first, first + count), count <= batch; the rest of the unit is zeros.  A data
 *  set that belongs to the main thread is read here and now.  Call wait before the next start. */
void prefetch_start(struct prefetch *p, int64_t first, int count);

/** Wait for what was started and copy it.
 *
 *  input  [C][batch][H * W] overwritten
 *  slots  [batch] overwritten */
void prefetch_wait(struct prefetch *p, float *input, struct prefetch_slot *slots);
