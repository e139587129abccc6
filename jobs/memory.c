/** @file
 *  Memory as /proc tells it. */
#include "jobs/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Take the number of a line "NAME:   123 kB" into *bytes. */
static void take(const char *line, const char *name, int64_t *bytes)
{
  const size_t n = strlen(name);
  if (strncmp(line, name, n) == 0 && line[n] == ':')
    *bytes = strtoll(line + n + 1, NULL, 10) * 1024;
}

struct memory memory_now(void)
{
  struct memory m = {0};
  char line[256];
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f)) {
    take(line, "VmHWM", &m.peak);
    take(line, "RssAnon", &m.anonymous);
  }
  if (f) (void)fclose(f);
  return m;
}

void memory_trim(void)
{
#ifdef __GLIBC__
  (void)malloc_trim(0);
#endif
}
