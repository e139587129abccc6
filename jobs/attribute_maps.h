#pragma once
/* The group /maps: one variable per place, a tap or methods over a set of taps, one scale per size and per set of methods. */
#include "jobs/draft.h"
#include "jobs/setup.h"

/** Variable names of all places: the tap's name less leading '/', inner '/' as '.', other
 *  characters that netCDF does not take as '_', made unique. */
void attribute_maps_names(struct pool *pool, const struct plan *p, const char **names);

/** Number of the set of methods of place i, counted from 1 in order of first use; *first: no place before it has
 *  that set. */
int attribute_maps_set(const struct plan *p, int i, bool *first);

/** Names [n methods of place i] of its methods as given. */
const char **attribute_maps_methods(struct pool *pool, const struct setup *s, int i);

/** Append the dimension of the samples of this study, with their numbers in the data set. */
void attribute_maps_samples(struct draft *d, const char *group, const struct setup *s);

/** Append the scales of /maps; slot [n_targets] names of the targets. */
void attribute_maps_dims(struct draft *d, const struct setup *s, const char *const *slot);

/** Append the variables of /maps. */
void attribute_maps_vars(struct draft *d, const struct setup *s, const char *const *names);
