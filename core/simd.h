#pragma once
/* One source, several instruction sets: a function marked SIMD is compiled for each of them and the
 * one that fits the CPU is taken at run time.  Contraction is off and no sum is reordered by the
 * compiler, so every clone gives the same bits. */

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define SIMD __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define SIMD
#endif

/* Before a loop: no iteration reads what another one wrote, although arrays may be the same one. */
#if defined(__clang__)
#define SIMD_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define SIMD_INDEPENDENT _Pragma("GCC ivdep")
#endif

/* Part of a function marked SIMD: compiled into each of its clones. */
#define SIMD_PART static inline __attribute__((always_inline))
