/** @file
 *  The table of similarities. */
#include "core/similarity.h"

#include <math.h>
#include <string.h>

const struct similarity *const similarity_all[] = {
#define SIMILARITY(name) &similarity_##name,
#include "core/similarity_list.h"
#undef SIMILARITY
    NULL,
};

const struct similarity *similarity_find(const char *name)
{
  for (const struct similarity *const *s = similarity_all; *s; s++)
    if (!strcmp((*s)->name, name)) return *s;
  return NULL;
}

double similarity_of(const struct similarity *s, const float *a, const float *b, int height,
                     int width, double *work)
{
  const int64_t n = (int64_t)height * width;
  for (int64_t i = 0; i < n; i++)
    if (isnan(a[i]) || isnan(b[i])) return NAN;
  return s->run(a, b, height, width, work);
}

size_t similarity_work_doubles(int height, int width)
{
  size_t most = 0;
  for (const struct similarity *const *s = similarity_all; *s; s++) {
    const size_t n = (*s)->work_doubles(height, width);
    if (n > most) most = n;
  }
  return most;
}
