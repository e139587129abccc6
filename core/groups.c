/** @file
 *  Groups along an axis. */
#include "core/groups.h"

struct groups groups_along(const struct shape *s, int batch, int axis, bool to_the_end)
{
  const int64_t length = s->dim[axis], all = shape_count(s) * batch;
  int64_t after = 1;
  for (int i = axis + 1; i < s->rank; i++) after *= s->dim[i];
  const int64_t n = length * after;
  if (axis == shape_channel_axis(s) && to_the_end)
    return (struct groups){1, 0, batch, after, length, batch * after, after};
  if (axis == shape_channel_axis(s))
    return (struct groups){1, 0, batch * after, 1, length, batch * after, 1};
  if (to_the_end || after == 1) return (struct groups){all / n, n, 1, 0, 1, 0, n};
  return (struct groups){all / n, n, after, 1, length, after, 1};
}
