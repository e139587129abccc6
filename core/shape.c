/** @file
 *  Steps in memory, and shapes as text. */
#include "core/shape.h"

#include <assert.h>
#include <stdio.h>

struct shape_steps shape_steps(const struct shape *s, int batch)
{
  struct shape_steps steps = {.batch = batch ? 1 : 0};
  int64_t step = 1;
  assert(s->rank >= 0 && s->rank <= SHAPE_MAX_RANK);
  for (int i = s->rank - 1; i >= 0; i--) {
    if (batch && i == shape_channel_axis(s)) {
      steps.batch = step;
      step *= batch;
    }
    steps.axis[i] = step;
    step *= s->dim[i];
  }
  return steps;
}

const char *shape_text(const struct shape *s, const char *first, char *text, int bytes)
{
  int used = snprintf(text, (size_t)bytes, "[");
  for (int i = 0; i < s->rank && used < bytes; i++) {
    const char *comma = i ? ", " : "";
    if (!i && first && s->dim[0] == 1) {
      used += snprintf(text + used, (size_t)(bytes - used), "%s%s", comma, first);
    } else {
      used += snprintf(text + used, (size_t)(bytes - used), "%s%d", comma, s->dim[i]);
    }
  }
  if (used < bytes) (void)snprintf(text + used, (size_t)(bytes - used), "]");
  return text;
}
