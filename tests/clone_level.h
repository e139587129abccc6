#pragma once
/* Which clone of the functions marked SIMD this program runs. */

/** 4, 3 or 1: the level of x86-64 that the resolvers found. */
int clone_level(void);
