/** @file
 *  Contractions.  Three of the axes become a matrix product [m, k] times [k, n], the largest for which one
 *  side of every matrix is contiguous; the others are loops around it. */
#include "core/contract.h"

#include "core/matrix.h"
#include "core/nest.h"

#include <assert.h>

/** Which axes are m, n and k; -1: none, extent 1. */
struct choice {
  int m, n, k;
};

static int64_t extent(const struct contract *c, int axis)
{
  return axis < 0 ? 1 : c->extent[axis];
}

/** Axis i is in exactly these two arrays, but with `none`, which is in no array's way. */
static bool joins(const struct contract *c, int i, int one, int other)
{
  if (i < 0) return true;
  for (int k = 0; k < CONTRACT_ARRAYS; k++)
    if ((c->step[k][i] != 0) != (k == one || k == other)) return false;
  return true;
}

/** One side of an array's matrix over these axes is contiguous, or it has only one row or column. */
static bool is_matrix(const struct contract *c, int array, int row, int column)
{
  return row < 0 || column < 0 || c->step[array][row] == 1 || c->step[array][column] == 1;
}

static bool fits(const struct contract *c, struct choice s)
{
  return joins(c, s.m, CONTRACT_OUT, CONTRACT_LEFT) &&
         joins(c, s.n, CONTRACT_OUT, CONTRACT_RIGHT) &&
         joins(c, s.k, CONTRACT_LEFT, CONTRACT_RIGHT) && is_matrix(c, CONTRACT_LEFT, s.m, s.k) &&
         is_matrix(c, CONTRACT_RIGHT, s.k, s.n) && is_matrix(c, CONTRACT_OUT, s.m, s.n);
}

static struct choice choose(const struct contract *c)
{
  struct choice best = {-1, -1, -1};
  int64_t most = 0;
  for (int i = 0; i < (c->n + 1) * (c->n + 1) * (c->n + 1); i++) {
    const struct choice s = {i % (c->n + 1) - 1, i / (c->n + 1) % (c->n + 1) - 1,
                             i / (c->n + 1) / (c->n + 1) - 1};
    const int64_t size = extent(c, s.m) * extent(c, s.n) * extent(c, s.k);
    if (size <= most || !fits(c, s)) continue;
    most = size;
    best = s;
  }
  return best;
}

/** A matrix in memory: whether it lies transposed, and the distance of its rows as they lie.  A single column
 *  is taken as [rows, 1], a single row as the transpose of [columns, 1]. */
struct laid {
  bool turned;
  int64_t step;
};

static struct laid laid_of(const struct contract *c, int array, int row, int column)
{
  const bool turned = column >= 0 && c->step[array][column] != 1;
  const int along = turned ? column : row;
  const int64_t step = along < 0 ? 0 : c->step[array][along];
  const int64_t least = turned ? extent(c, row) : extent(c, column);
  return (struct laid){turned, step > least ? step : least};
}

/** The product of the chosen axes, without its arrays.  *swap: it makes the transpose of the output, so left
 *  and right change places. */
static struct matrix_product product_of(const struct contract *c, struct choice s, bool *swap)
{
  const struct laid a = laid_of(c, CONTRACT_LEFT, s.m, s.k);
  const struct laid b = laid_of(c, CONTRACT_RIGHT, s.k, s.n);
  const struct laid y = laid_of(c, CONTRACT_OUT, s.m, s.n);
  const int m = (int)extent(c, s.m), n = (int)extent(c, s.n), k = (int)extent(c, s.k);
  *swap = y.turned;
  struct matrix_product p = {.m = m,
                             .n = n,
                             .k = k,
                             .a_transposed = a.turned,
                             .b_transposed = b.turned,
                             .add = true,
                             .a_step = a.step,
                             .b_step = b.step,
                             .c_step = y.step};
  if (!*swap) return p;
  p.m = n;
  p.n = m;
  p.a_transposed = !b.turned;
  p.b_transposed = !a.turned;
  p.a_step = b.step;
  p.b_step = a.step;
  return p;
}

/** Loops over what is not in the product, sorted by `out`. */
static struct nest outer(const struct contract *c, struct choice s)
{
  struct nest n = {0};
  for (int i = 0; i < c->n; i++) {
    if (i == s.m || i == s.n || i == s.k) continue;
    nest_add(&n, c->extent[i],
             (int64_t[]){c->step[CONTRACT_OUT][i], c->step[CONTRACT_LEFT][i],
                         c->step[CONTRACT_RIGHT][i], 0});
  }
  nest_settle(&n, 0);
  return n;
}

size_t contract_work_bytes(const struct contract *c)
{
  bool swap;
  const struct matrix_product p = product_of(c, choose(c), &swap);
  return matrix_work_bytes(p.n, p.k);
}

void contract_run(const struct contract *c, const real *left, const real *right, real *out,
                  void *work)
{
  const struct choice s = choose(c);
  bool swap;
  struct matrix_product p = product_of(c, s, &swap);
  const struct nest loops = outer(c, s);
  struct nest_walk w = nest_begin(&loops, 0);
  p.work = work;
  do {
    const real *l = left + w.at[1], *r = right + w.at[2];
    p.a = swap ? r : l;
    p.b = swap ? l : r;
    p.c = out + w.at[0];
    matrix_product(&p);
  } while (nest_next(&w));
}
