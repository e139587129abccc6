/** @file
 *  Wrappers of the allocating functions.  Link with -Wl,--wrap=malloc and so on for each of them. */
#include "alloc_watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int64_t calls, live, fail_in = -1;
static bool failed;
static void *last_aligned;
static size_t last_bytes;

/* NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker wants __wrap_ */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *p, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
void __real_free(void *p);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *p, size_t bytes);
void *__wrap_aligned_alloc(size_t align, size_t bytes);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);

static bool must_fail(void)
{
  if (fail_in < 0) return false;
  if (fail_in-- > 0) return false;
  failed = true;
  return true;
}

static void *counted(void *p)
{
  calls += p != NULL;
  live += p != NULL;
  return p;
}

void *__wrap_malloc(size_t bytes)
{
  return must_fail() ? NULL : counted(__real_malloc(bytes));
}

void *__wrap_calloc(size_t n, size_t bytes)
{
  return must_fail() ? NULL : counted(__real_calloc(n, bytes));
}

void *__wrap_realloc(void *p, size_t bytes)
{
  if (must_fail()) return NULL;
  void *q = __real_realloc(p, bytes);
  calls += q != NULL;
  live += q && !p;
  return q;
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
  if (must_fail()) return NULL;
  last_aligned = counted(__real_aligned_alloc(align, bytes));
  last_bytes = bytes;
  return last_aligned;
}

char *__wrap_strdup(const char *s)
{
  const size_t bytes = strlen(s) + 1;
  char *copy = __wrap_malloc(bytes);
  if (copy) memcpy(copy, s, bytes);
  return copy;
}

void __wrap_free(void *p)
{
  live -= p != NULL;
  __real_free(p);
}
/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming) */

int64_t alloc_calls(void)
{
  return calls;
}

int64_t alloc_live(void)
{
  return live;
}

void alloc_fail_after(int64_t n)
{
  fail_in = n;
  failed = false;
}

int alloc_failed(void)
{
  fail_in = -1;
  return failed;
}

void *alloc_last_aligned(size_t *bytes)
{
  *bytes = last_bytes;
  return last_aligned;
}
