#pragma once
/* DepthToSpace and SpaceToDepth: blocks of b x b positions of an image, each of which is b b channels of
 * a smaller one. */
#include "core/nest.h"

struct blocks {
  int size;         /* b */
  bool depth_outer; /* the channel comes before the position in the block: CRD, else DCR */
};

/** Read `blocksize`.  Errors: ERR_FORMAT. */
MUST_CHECK err blocks_parse(const struct attr_list *list, struct blocks *a);

/** Loops over both images, [1, c b b, H, W] deep and [1, c, H b, W b] wide: array `wide` is the wide one,
 *  the other one deep; what is array 0 is written. */
struct nest blocks_nest(const struct blocks *a, const struct shape *deep_shape,
                        const struct shape *wide_shape, int batch, int wide);
