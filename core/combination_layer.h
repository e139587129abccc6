#pragma once
/* The one layer that a combination looks at. */
#include "core/combination.h"

enum combination_layer { COMBINATION_LAST_CONV, COMBINATION_LAST, COMBINATION_ASKED };

/** The last convolution, the last value with positions, or the last such layer that was asked for: an index
 *  among the graph's taps, 0 where there is none. */
int combination_layer(const struct combination_parts *p, enum combination_layer which);
