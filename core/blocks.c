/** @file
 *  Blocks of positions. */
#include "core/blocks.h"

#include <inttypes.h>

err blocks_parse(const struct attr_list *list, struct blocks *a)
{
  enum { MAX_BLOCK = 1 << 12 };
  int64_t size;
  TRY(attr_int(list, "blocksize", 0, &size));
  CHECK(size > 0 && size <= MAX_BLOCK, ERR_FORMAT, "attribute 'blocksize' is %" PRId64, size);
  a->size = (int)size;
  return ERR_OK;
}

struct nest blocks_nest(const struct blocks *a, const struct shape *deep_shape,
                        const struct shape *wide_shape, int batch, int wide)
{
  const struct shape_steps d = shape_steps(deep_shape, batch), w = shape_steps(wide_shape, batch);
  const int64_t b = a->size, channels = wide_shape->dim[1];
  const int64_t depth = a->depth_outer ? b * b : 1, place = a->depth_outer ? 1 : channels;
  const struct {
    int64_t extent, wide, deep;
  } axis[] = {{batch, w.batch, d.batch},
              {channels, w.axis[1], depth * d.axis[1]},
              {b, w.axis[2], place * b * d.axis[1]},
              {b, w.axis[3], place * d.axis[1]},
              {deep_shape->dim[2], w.axis[2] * b, d.axis[2]},
              {deep_shape->dim[3], w.axis[3] * b, d.axis[3]}};
  struct nest s = {0};
  int64_t step[NEST_ARRAYS] = {0};
  for (size_t i = 0; i < sizeof axis / sizeof *axis; i++) {
    step[wide] = axis[i].wide;
    step[!wide] = axis[i].deep;
    nest_add(&s, axis[i].extent, step);
  }
  nest_settle(&s, 0);
  return s;
}
