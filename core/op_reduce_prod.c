/** @file
 *  ReduceProd: the product along axes, in double; the derivative to an element is the product of the others,
 *  also where some are 0.
 *  Source: ONNX operator specification, ReduceProd-1 to ReduceProd-18. */
#include "core/elementwise.h"
#include "core/reduce.h"

/** What backward wants to know of each output: its elements but the zeros, and how many those are. */
struct factors {
  double product;
  int64_t zeros;
};

static size_t aux_bytes(const struct op_site *at)
{
  return (size_t)elementwise_count(at) * sizeof(struct factors);
}

static void forward(const struct op_fwd *c)
{
  const struct nest s = reduce_nest(c->at);
  const int last = s.n - 1;
  const int64_t n = elementwise_count(c->at);
  struct factors *f = c->aux;
  for (int64_t i = 0; i < n; i++) f[i] = (struct factors){.product = 1.0};
  struct nest_walk w = nest_begin(&s, 1);
  do {
    for (int64_t i = 0; i < s.extent[last]; i++) {
      const double x = (double)c->x[0][w.at[0] + i];
      struct factors *to = &f[w.at[1] + i * s.step[1][last]];
      if (x == 0.0) {
        to->zeros++;
      } else {
        to->product *= x;
      }
    }
  } while (nest_next(&w));
  for (int64_t i = 0; i < n; i++) c->y[i] = (real)(f[i].zeros ? 0.0 * f[i].product : f[i].product);
}

/** The product of all factors but x. */
static double others(const struct factors *f, double x)
{
  if (x == 0.0) return f->zeros == 1 ? f->product : 0.0;
  return f->zeros ? 0.0 : f->product / x;
}

static void backward(const struct op_bwd *c)
{
  const struct nest s = reduce_nest(c->at);
  const int last = s.n - 1;
  const struct factors *f = c->aux;
  struct nest_walk w = nest_begin(&s, 1);
  if (!c->dx[0]) return;
  do {
    for (int64_t i = 0; i < s.extent[last]; i++) {
      const int64_t from = w.at[0] + i, to = w.at[1] + i * s.step[1][last];
      const real d = (real)((double)c->dy[to] * others(&f[to], (double)c->x[0][from]));
      c->dx[0][from] = op_sets(c, 0) ? d : c->dx[0][from] + d;
    }
  } while (nest_next(&w));
}

const struct op op_reduce_prod = {
    .name = "ReduceProd",
    .source = "ONNX operators, ReduceProd-18",
    .parse = reduce_parse_18,
    .aux_bytes = aux_bytes,
    .backward_reads = OP_READS_X | OP_READS_AUX,
    REDUCE_FIELDS,
};
