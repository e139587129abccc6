#pragma once
/* Counts allocations of the test and of the static libraries in it, through the linker's --wrap. */
#include <stddef.h>
#include <stdint.h>

/** Calls so far that gave memory. */
int64_t alloc_calls(void);

/** Blocks that are not freed yet. */
int64_t alloc_live(void);

/** Fail the call after `n` more ones, and only that; n < 0: none. */
void alloc_fail_after(int64_t n);

/** Whether the call that was to fail was reached; ends the request. */
int alloc_failed(void);

/** The block that aligned_alloc gave last, and its size. */
void *alloc_last_aligned(size_t *bytes);
