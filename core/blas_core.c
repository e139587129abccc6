/** @file
 *  Cores of OpenBLAS for x86-64 and the instructions that their kernels are made of.
 *  Source: OpenBLAS 0.3.21, driver/others/dynamic.c, get_coretype. */
#include "core/blas_core.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#if defined(__x86_64__)
#define HAS(feature) (__builtin_cpu_supports(feature) != 0)
#else
#define HAS(feature) false
#endif

static bool has_sse3(void)
{
  return HAS("sse3");
}

static bool has_sse42(void)
{
  return HAS("sse4.2");
}

static bool has_avx(void)
{
  return HAS("avx");
}

static bool has_avx2(void)
{
  return HAS("avx2") && HAS("fma");
}

static bool has_avx512(void)
{
  return has_avx2() && HAS("avx512f") && HAS("avx512bw") && HAS("avx512dq") && HAS("avx512vl") &&
         HAS("avx512cd");
}

static bool has_bf16(void)
{
  return has_avx512() && HAS("avx512bf16");
}

/* From slow to fast; the same width means about the same speed. */
static const struct core {
  const char *name;
  int bits; /* of a vector */
  bool (*runs)(void);
} cores[] = {
    {"Prescott", 128, has_sse3},   {"Nehalem", 128, has_sse42}, {"Sandybridge", 256, has_avx},
    {"Haswell", 256, has_avx2},    {"Zen", 256, has_avx2},      {"SkylakeX", 512, has_avx512},
    {"Cooperlake", 512, has_bf16},
};

enum { CORES = sizeof cores / sizeof *cores };

static const struct core *find(const char *name)
{
  for (int i = 0; i < CORES; i++)
    if (strcasecmp(cores[i].name, name) == 0) return &cores[i];
  return NULL;
}

/** "Haswell, Zen": those that this CPU runs. */
static const char *list(char *text, size_t bytes)
{
  size_t used = 0;
  (void)snprintf(text, bytes, "none");
  for (int i = 0; i < CORES && used < bytes; i++) {
    if (!cores[i].runs()) continue;
    used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", cores[i].name);
  }
  return text;
}

err blas_core_find(const char *name, const char **found)
{
  char text[128];
  const struct core *c = find(name);
  CHECK(c, ERR_USAGE, "there are no kernels '%s'; this CPU can run %s", name,
        list(text, sizeof text));
  CHECK(c->runs(), ERR_USAGE,
        "this CPU lacks instructions that the kernels of %s use; it can run %s", c->name,
        list(text, sizeof text));
  *found = c->name;
  return ERR_OK;
}

bool blas_core_is_slow(const char *name)
{
  const struct core *c = find(name);
  for (int i = 0; c && i < CORES; i++)
    if (cores[i].bits > c->bits && cores[i].runs()) return true;
  return false;
}
