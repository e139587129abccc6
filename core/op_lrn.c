/** @file
 *  LRN: local response normalisation across channels,
 *
 *    y_c = x_c s_c^-beta,   s_c = bias + alpha / size times the sum of x^2 over the channels
 *                                 c - floor((size - 1) / 2) .. c + ceil((size - 1) / 2)
 *
 *  Sums and powers in double.
 *  Source: ONNX operator specification, LRN-1, LRN-13; Krizhevsky, Sutskever, Hinton 2012, section 3.3. */
#include "core/elementwise.h"
#include "core/operand.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

struct lrn {
  double alpha, beta, bias;
  int size;
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct lrn *a = attr;
  float alpha, beta, bias;
  int64_t size;
  (void)opset;
  TRY(attr_float(list, "alpha", 1e-4F, &alpha));
  TRY(attr_float(list, "beta", 0.75F, &beta));
  TRY(attr_float(list, "bias", 1.0F, &bias));
  TRY(attr_int(list, "size", 0, &size));
  CHECK(size > 0 && size <= INT_MAX, ERR_FORMAT, "attribute 'size' is %" PRId64, size);
  *a = (struct lrn){(double)alpha, (double)beta, (double)bias, (int)size};
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  (void)attr, (void)n_in;
  TRY(operand_activation(in, 0));
  *ys = in[0].shape;
  return ERR_OK;
}

/** s of every element. */
static size_t aux_bytes(const struct op_site *at)
{
  return (size_t)elementwise_count(at) * sizeof(double);
}

/** dy x s^(-beta - 1) of every element. */
static size_t work_bytes(const struct op_site *at)
{
  return (size_t)elementwise_count(at) * sizeof(double);
}

/** Channels first .. last (excluded) of `all`: `before` and `after` around c. */
struct range {
  int first, last;
};

static struct range around(int c, int before, int after, int all)
{
  return (struct range){c > before ? c - before : 0, after < all - c ? c + after + 1 : all};
}

static void forward(const struct op_fwd *c)
{
  const struct lrn *a = c->at->attr;
  const int channels = c->at->ys.dim[1], before = (a->size - 1) / 2, after = a->size / 2;
  const int64_t plane = shape_inner(&c->at->ys) * c->at->batch;
  double *s = c->aux;
  for (int k = 0; k < channels; k++) {
    const struct range r = around(k, before, after, channels);
    for (int64_t i = 0; i < plane; i++) {
      double sum = 0.0;
      for (int j = r.first; j < r.last; j++)
        sum += (double)c->x[0][j * plane + i] * (double)c->x[0][j * plane + i];
      s[k * plane + i] = a->bias + a->alpha / a->size * sum;
      c->y[k * plane + i] =
          (real)((double)c->x[0][k * plane + i] * pow(s[k * plane + i], -a->beta));
    }
  }
}

/** dx_c += dy_c s_c^-beta - 2 alpha beta / size x_c sum of dy_j x_j s_j^(-beta - 1) over the channels j whose
 *  sums hold c. */
static void backward(const struct op_bwd *c)
{
  const struct lrn *a = c->at->attr;
  const int channels = c->at->ys.dim[1], before = (a->size - 1) / 2, after = a->size / 2;
  const int64_t plane = shape_inner(&c->at->ys) * c->at->batch, n = channels * plane;
  const double *s = c->aux, factor = 2.0 * a->alpha * a->beta / a->size;
  const real *x = c->x[0];
  double *t = c->work;
  if (!c->dx[0]) return;
  for (int64_t i = 0; i < n; i++)
    t[i] = (double)c->dy[i] * (double)x[i] * pow(s[i], -a->beta - 1.0);
  for (int k = 0; k < channels; k++) {
    const struct range r = around(k, after, before, channels);
    for (int64_t i = k * plane; i < (k + 1) * plane; i++) {
      double sum = 0.0;
      for (int j = r.first; j < r.last; j++) sum += t[i + (j - k) * plane];
      const real d = (real)((double)c->dy[i] * pow(s[i], -a->beta) - factor * (double)x[i] * sum);
      c->dx[0][i] = op_sets(c, 0) ? d : c->dx[0][i] + d;
    }
  }
}

const struct op op_lrn = {
    .name = "LRN",
    .source = "ONNX operators, LRN-13",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct lrn),
    .parse = parse,
    .infer = infer,
    .aux_bytes = aux_bytes,
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_X | OP_READS_AUX,
    .can_set = true,
};
