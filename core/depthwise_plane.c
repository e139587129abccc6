/** @file
 *  Which planes of depthwise convolutions this CPU takes. */
#include "core/depthwise_plane.h"

#include "core/cpu_level.h"

#include <stddef.h>

depthwise_plane_of *depthwise_plane(enum depthwise_way way)
{
#if defined(PRODUCT_X86) && !defined(RETROGRAD_DOUBLE)
  if (__builtin_cpu_supports(CPU_V4)) return depthwise_plane_avx512[way];
  if (__builtin_cpu_supports(CPU_V3)) return depthwise_plane_avx2[way];
#endif
  (void)way;
  return NULL;
}
