#pragma once
/* Names of the levels of x86-64 as __builtin_cpu_supports takes them: v3 has AVX2, v4 AVX-512.  clang, which does
 * not know them, only looks at the files. */
#ifdef __clang__
#define CPU_V3 "avx2"
#define CPU_V4 "avx512f"
#else
#define CPU_V3 "x86-64-v3"
#define CPU_V4 "x86-64-v4"
#endif
