#pragma once
/* The number type of operators, rules and extracts.  They compile from one source for float (the
 * program) and, with RETROGRAD_DOUBLE, for double (tests: finite differences). */

#ifdef RETROGRAD_DOUBLE
typedef double real;
#define REAL(literal) (literal)
#else
typedef float real;
#define REAL(literal) (literal##F)
#endif
