/** @file
 *  Memory as /proc tells it. */
#include "jobs/memory.h"

#include <malloc.h>
#include <stdio.h>

struct memory memory_now(void)
{
  struct memory m = {0};
  char line[256];
  long long value = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f)) {
    if (sscanf(line, "VmHWM: %lld", &value) == 1) m.peak = value * 1024;
    if (sscanf(line, "RssAnon: %lld", &value) == 1) m.anonymous = value * 1024;
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
