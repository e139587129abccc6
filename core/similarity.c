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

static int has_nan(const float *a, int64_t n)
{
  for (int64_t i = 0; i < n; i++)
    if (isnan(a[i])) return 1;
  return 0;
}

double similarity_of(const struct similarity *s, const float *a, const float *b, int height,
                     int width, double *work)
{
  const int64_t n = (int64_t)height * width;
  if (has_nan(a, n) || has_nan(b, n)) return NAN;
  return s->run(a, b, height, width, work);
}

void similarity_prepare(const struct similarity *s, const float *a, int height, int width,
                        float *ready, double *work)
{
  const int64_t n = (int64_t)height * width;
  if (has_nan(a, n)) {
    ready[0] = NAN;
  } else {
    s->prepare(a, n, ready, work);
  }
}

double similarity_of_prepared(const struct similarity *s, const float *ready, const float *b,
                              int height, int width, double *work)
{
  const int64_t n = (int64_t)height * width;
  if (isnan(ready[0]) || has_nan(b, n)) return NAN;
  return s->run_prepared(ready, b, n, work);
}
