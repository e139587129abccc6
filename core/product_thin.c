/** @file
 *  The program's own products of few columns, as those of fully connected layers: they take as long as a
 *  takes from memory.
 *
 *  The loops, from the outside: parts of the rows and of k, such that b and the sums stay in the caches and a
 *  comes in long pieces; vectors of rows. */
#include "core/product_impl.h"

#ifndef RETROGRAD_DOUBLE
enum {
  DEPTH = 512,           /* of k, of rows of a */
  DEPTH_OF_COLUMNS = 16, /* of a transposed a */
};

static int smaller(int a, int b)
{
  return a < b ? a : b;
}

bool product_is_thin(const struct product *p)
{
  return p->n <= PRODUCT_THIN && product_own_kernel()->thin[p->n] && !p->packed.at && !p->fill;
}

/** Some rows under way. */
struct thin_rows {
  int first, end, lanes;
  float *sums; /* [vectors of rows][n][lanes] */
};

static float *sums_of(const struct product *p, const struct thin_rows *r, int row)
{
  const int i = row - r->first;
  return r->sums + (int64_t)(i / r->lanes) * p->n * r->lanes + i % r->lanes;
}

static void begin(const struct product *p, const struct thin_rows *r)
{
  for (int i = r->first; i < r->end; i++) {
    float *to = sums_of(p, r, i);
    for (int j = 0; j < p->n; j++)
      to[(int64_t)j * r->lanes] = p->add ? p->c[i * p->c_step + j] : p->bias ? p->bias[i] : 0.0F;
  }
}

static void end(const struct product *p, const struct thin_rows *r)
{
  for (int i = r->first; i < r->end; i++) {
    const float *from = sums_of(p, r, i);
    for (int j = 0; j < p->n; j++) p->c[i * p->c_step + j] = from[(int64_t)j * r->lanes];
  }
}

/** k in [from, from + depth). */
static void part(const struct product_kernel *k, const struct product *p, const struct thin_rows *r,
                 int from, int depth)
{
  struct product_thin t = {.a_transposed = p->a_transposed,
                           .depth = depth,
                           .a_step = p->a_step,
                           .b = p->b + from * p->b_step,
                           .b_step = p->b_step};
  for (int i = r->first; i < r->end; i += r->lanes) {
    t.rows = smaller(r->lanes, r->end - i);
    t.a = p->a_transposed ? p->a + from * p->a_step + i : p->a + i * p->a_step + from;
    t.sums = sums_of(p, r, i);
    k->thin[p->n](&t);
  }
}

void product_thin(const struct product_kernel *k, const struct product *p, float *sums)
{
  const int deep = p->a_transposed ? DEPTH_OF_COLUMNS : DEPTH;
  struct thin_rows r = {.lanes = k->sparse->lanes};
  r.sums = sums;
  for (; r.first < p->m; r.first = r.end) {
    r.end = smaller(p->m, r.first + PRODUCT_THIN_ROWS);
    begin(p, &r);
    for (int from = 0; from < p->k; from += deep) part(k, p, &r, from, smaller(deep, p->k - from));
    end(p, &r);
  }
}

#endif
