#pragma once
/* Orders and ranks of numbers, with one rule for equal ones. */
#include <stddef.h>
#include <stdint.h>

/** Doubles of scratch that both functions want for n numbers. */
size_t sort_work_doubles(int64_t n);

/** order[i] becomes the index of the i-th smallest of v [n], n < 2^31: equal numbers stay in the order of
 *  their indices, 0 and -0 are equal, NaN comes last.  A radix sort: its time is proportional to n.
 *  order overwritten, work [sort_work_doubles(n)] scratch.  Cannot fail. */
void sort_order(const double *v, int64_t n, int32_t *order, double *work);

/** rank[i] becomes the rank of v[i] from 1, the mean of their ranks where several numbers are equal.
 *  rank [n] overwritten, work as above.  v has no NaN. */
void sort_average_ranks(const double *v, int64_t n, double *rank, double *work);
