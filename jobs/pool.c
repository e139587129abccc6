/** @file
 *  A list of allocations. */
#include "jobs/pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct block {
  struct block *next;
  max_align_t data[];
};

struct pool {
  struct block *first;
  int failed;
};

struct pool *pool_make(void)
{
  return calloc(1, sizeof(struct pool));
}

void pool_free(struct pool **pool)
{
  if (!*pool) return;
  for (struct block *b = (*pool)->first; b;) {
    struct block *next = b->next;
    free(b);
    b = next;
  }
  free(*pool);
  *pool = NULL;
}

void *pool_take(struct pool *p, size_t n, size_t bytes)
{
  struct block *b =
      bytes && n > ((size_t)1 << 40) / bytes ? NULL : calloc(1, sizeof *b + n * bytes + 1);
  if (!b) {
    p->failed = 1;
    return NULL;
  }
  b->next = p->first;
  p->first = b;
  return b->data;
}

const char *pool_text(struct pool *p, const char *fmt, ...)
{
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  const int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  char *text = n < 0 ? NULL : pool_take(p, (size_t)n + 1, 1);
  if (text) (void)vsnprintf(text, (size_t)n + 1, fmt, again);
  va_end(again);
  return text ? text : "";
}

int pool_failed(const struct pool *p)
{
  return p->failed;
}
