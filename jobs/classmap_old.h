#pragma once
/* An earlier study that maps begin from. */
#include "io/store.h"
#include "jobs/classmap.h"

struct classmap_old;

/** Open it and see that its maps would have been the same so far: same model, kernels and settings but for
 *  targets, iterations, seeds, contrast, randomise and data.  Errors: ERR_USAGE naming the first difference;
 *  ERR_INPUT, ERR_FORMAT.  Not collective. */
MUST_CHECK err classmap_old_open(const char *path, const struct classmap *c,
                                 struct classmap_old **out);
void classmap_old_close(struct classmap_old **o);

/** The row of the same class and variant, where it is done and no further than `most` iterations; -1: there is
 *  none.  *s: the file. */
int64_t classmap_old_row(struct classmap_old *o, const struct classmap *c, int64_t row,
                         struct store **s);
