/** @file
 *  The limits in force. */
#include "io/limit.h"

#include "core/nearest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct limit_entry limit_all[] = {
#define LIMIT(id, name, value, least, most, what) {(name), (value), (least), (most), (what)},
#include "io/limit_list.h"
#undef LIMIT
};

static const char *const hints[] = {
#define LIMIT(id, name, value, least, most, what) \
  ": limit " name ", --reader-limits " name "=N sets another",
#include "io/limit_list.h"
#undef LIMIT
};

static int64_t values[] = {
#define LIMIT(id, name, value, least, most, what) (value),
#include "io/limit_list.h"
#undef LIMIT
};

int64_t limit_of(enum limit l)
{
  return values[l];
}

const char *limit_hint(enum limit l)
{
  return hints[l];
}

static err find(const char *text, size_t length, int *out)
{
  const char *names[LIMITS];
  char near[200], name[64];

  for (int l = 0; l < LIMITS; l++) {
    names[l] = limit_all[l].name;
    if (strlen(names[l]) != length || strncmp(names[l], text, length) != 0) continue;
    *out = l;
    return ERR_OK;
  }
  const size_t n = length < sizeof name ? length : sizeof name - 1;
  memcpy(name, text, n);
  name[n] = 0;
  return FAIL(ERR_USAGE, "--reader-limits: there is no limit '%s'%s (retrograd limits lists them)",
              name, nearest_text(name, names, LIMITS, near, sizeof near));
}

err limit_set(const char *text)
{
  const size_t length = strcspn(text, "=");
  char *end = NULL;
  int l = 0;

  CHECK(text[length], ERR_USAGE, "--reader-limits %s: NAME=VALUE is wanted", text);
  TRY(find(text, length, &l));
  const char *number = text + length + 1;
  errno = 0;
  const long long v = strtoll(number, &end, 10);
  CHECK(*number >= '0' && *number <= '9' && !*end && !errno && v >= limit_all[l].least &&
            v <= limit_all[l].most,
        ERR_USAGE, "--reader-limits %s: a whole number from %" PRId64 " to %" PRId64 " is wanted",
        text, limit_all[l].least, limit_all[l].most);
  values[l] = v;
  return ERR_OK;
}
