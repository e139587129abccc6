#pragma once
/* Files of the test's study: made, measured and compared. */
#include "check.h"
#include "study_schema.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 256 };

static inline int64_t study_bytes(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static inline char *study_slurp(const char *path, size_t *n)
{
  const int64_t bytes = study_bytes(path);
  if (bytes < 0) abort();
  *n = (size_t)bytes;
  char *const text = calloc(*n + 1, 1);
  FILE *const f = fopen(path, "rb");
  if (!text || !f || fread(text, 1, *n, f) != *n) abort();
  (void)fclose(f);
  return text;
}

static inline bool study_same(const char *a, const char *b)
{
  size_t n = 0, m = 0;
  char *const x = study_slurp(a, &n), *const y = study_slurp(b, &m);
  const bool same = n == m && memcmp(x, y, n) == 0;
  free(x);
  free(y);
  return same;
}

static inline void study_create(const char *path, int64_t n)
{
  struct toy_study *const t = study_make(n);
  (void)unlink(path);
  assert_int_equal(store_create(path, &t->s), ERR_OK);
  study_free(t);
}
