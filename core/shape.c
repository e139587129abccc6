/** @file
 *  Shapes as text. */
#include "core/shape.h"

#include <stdio.h>

const char *shape_text(const struct shape *s, const char *first, char *text, int bytes)
{
  int used = snprintf(text, (size_t)bytes, "[");
  for (int i = 0; i < s->rank && used < bytes; i++) {
    const char *comma = i ? ", " : "";
    if (!i && first) {
      used += snprintf(text + used, (size_t)(bytes - used), "%s%s", comma, first);
    } else {
      used += snprintf(text + used, (size_t)(bytes - used), "%s%d", comma, s->dim[i]);
    }
  }
  if (used < bytes) (void)snprintf(text + used, (size_t)(bytes - used), "]");
  return text;
}
