/** @file
 *  Linked into a program with CLONE_LEVEL = 1, 3 or 4 and --wrap=__cpu_indicator_init: functions marked
 *  SIMD then run as their clone for x86-64-v<level>, or for the best level below it that the CPU has.
 *
 *  The resolvers of the clones ask libgcc's __cpu_indicator_init what the CPU can; here its answer
 *  loses the levels above.  That happens while the program is being loaded: nothing but plain code. */
#include "clone_level.h"

#include "core/cpu_level.h"

#include <stdbool.h>

enum { WORDS = 3, BITS = 32 };

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming):
 * names of libgcc and of the linker */
extern unsigned __cpu_features2[WORDS];
int __real___cpu_indicator_init(void);
int __wrap___cpu_indicator_init(void);

static bool supports(int level)
{
  __asm__ volatile("" ::: "memory"); /* the answer is read again each time */
  return level == 4 ? __builtin_cpu_supports(CPU_V4) : __builtin_cpu_supports(CPU_V3);
}

/** Clear the bit that says so; which one it is depends on the version of gcc. */
static void forget(int level)
{
  for (int i = 0; i < WORDS * BITS && supports(level); i++) {
    const unsigned bit = 1U << (i % BITS);
    if (!(__cpu_features2[i / BITS] & bit)) continue;
    __cpu_features2[i / BITS] &= ~bit;
    if (supports(level)) __cpu_features2[i / BITS] |= bit;
  }
}

int __wrap___cpu_indicator_init(void)
{
  const int e = __real___cpu_indicator_init();
  if (CLONE_LEVEL < 4) forget(4);
  if (CLONE_LEVEL < 3) forget(3);
  return e;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming) */

int clone_level(void)
{
  return supports(4) ? 4 : supports(3) ? 3 : 1;
}
