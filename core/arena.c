/** @file
 *  Greedy placement by size: the largest span first, each in the lowest gap that holds it. */
#include "core/arena.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int64_t rounded(int64_t bytes)
{
  return (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

static int larger_first(const void *a, const void *b)
{
  const struct span *x = *(struct span *const *)a, *y = *(struct span *const *)b;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return (x > y) - (x < y); /* a fixed order whatever qsort does */
}

/** Place p among the n spans already placed, which are sorted by offset; returns its index there. */
static int place(struct span *p, struct span *const *placed, int n)
{
  int64_t end = 0;
  int at = 0;
  for (int i = 0; i < n; i++) {
    const struct span *q = placed[i];
    if (q->last < p->first || q->first > p->last) continue;
    if (q->offset - end >= rounded(p->bytes)) break;
    if (q->offset + rounded(q->bytes) > end) end = q->offset + rounded(q->bytes);
  }
  p->offset = end;
  while (at < n && placed[at]->offset <= end) at++;
  return at;
}

int64_t arena_place(struct span *spans, int n)
{
  int64_t total = 0;
  struct span **order = calloc((size_t)n + 1, sizeof(struct span *));
  struct span **placed = calloc((size_t)n + 1, sizeof(struct span *));
  if (!order || !placed) {
    free(order);
    free(placed);
    return -1;
  }
  for (int i = 0; i < n; i++) order[i] = &spans[i];
  qsort(order, (size_t)n, sizeof(struct span *), larger_first);
  for (int i = 0; i < n; i++) {
    const int at = place(order[i], placed, i);
    for (int k = i; k > at; k--) placed[k] = placed[k - 1];
    placed[at] = order[i];
    if (order[i]->offset + rounded(order[i]->bytes) > total)
      total = order[i]->offset + rounded(order[i]->bytes);
  }
  free(order);
  free(placed);
  return total;
}

void *arena_alloc(size_t bytes)
{
  enum { HUGE_PAGE = 2 << 20 };
  const size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : ARENA_ALIGN;
  const size_t size = (bytes + align - 1) / align * align;
  void *p = aligned_alloc(align, size ? size : align);
  if (p && align == HUGE_PAGE) (void)madvise(p, size, MADV_HUGEPAGE); /* a wish, no more */
  return p;
}

void arena_release(void *memory, size_t bytes, bool shared)
{
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)memory;
  const uintptr_t first = (at + page - 1) / page * page, end = (at + bytes) / page * page;
  if (first >= end) return;
  unsigned char *released = (unsigned char *)memory + (first - at); /* wishes, no more */
  (void)madvise(released, end - first, shared ? MADV_REMOVE : MADV_DONTNEED);
  if (!shared) (void)madvise(released, end - first, MADV_NOHUGEPAGE); /* khugepaged refills holes */
}
