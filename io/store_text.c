/** @file
 *  Text of the file is UTF-8, always: readers refuse a whole group for one bad byte, and a path on a
 *  Linux disk may hold any. */
#include "io/store_hdf5.h"
#include "io/utf8.h"

#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/** Copy one string, repaired; returns its bytes with the closing zero.  out NULL: only counts. */
static size_t repair(const char *text, char *out)
{
  size_t used = 0;
  while (*text) {
    const size_t good = (size_t)utf8_length(text);
    const size_t n = good ? good : strlen(replacement);
    if (out) memcpy(out + used, good ? text : replacement, n);
    used += n;
    text += good ? good : 1;
  }
  if (out) out[used] = '\0';
  return used + 1;
}

char **store_text_make(int64_t n, const char *const *text)
{
  size_t bytes = 1;
  for (int64_t i = 0; i < n; i++) bytes += repair(text[i], NULL);
  char **const out = malloc((size_t)n * sizeof *out + bytes);
  if (!out) return NULL;
  char *next = (char *)(out + n);
  for (int64_t i = 0; i < n; i++) {
    out[i] = next;
    next += repair(text[i], next);
  }
  return out;
}
