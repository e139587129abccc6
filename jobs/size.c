/** @file
 *  Height and width as an option's text. */
#include "jobs/size.h"

#include <stdbool.h>
#include <stdlib.h>

enum { EXTENT_MAX = 65536 };

/** Digits at *s as an extent; *s moves behind them. */
static bool read_extent(const char **s, int *out)
{
  char *end = NULL;
  const long n = **s >= '0' && **s <= '9' ? strtol(*s, &end, 10) : 0;

  if (n < 1 || n > EXTENT_MAX) return false;
  *s = end;
  *out = (int)n;
  return true;
}

err size_read(const char *option, const char *text, int *height, int *width)
{
  const char *s = text;
  int h = 0, w = 0;
  bool ok = read_extent(&s, &h);

  w = h;
  if (ok && *s == 'x') {
    s++;
    ok = read_extent(&s, &w);
  }
  CHECK(ok && !*s, ERR_USAGE, "%s: '%s' is not a size such as 224x224 or 224", option, text);
  *height = h;
  *width = w;
  return ERR_OK;
}
