/** @file
 *  Folders that compute element by element, on floats and on integers, which every integer kind and
 *  truth values (0 and 1) are.  One line per operator. */
#include "io/onnx_fold.h"

#include <inttypes.h>
#include <math.h>

enum { MAX_RANK = SHAPE_MAX_RANK };

/** How an operator of two operands computes; NULL: not on that kind. */
struct binary {
  double (*floats)(double x, double y);
  bool (*ints)(int64_t x, int64_t y, int64_t *out); /* false: no result */
  bool truth;                                       /* the result of floats is 0 or 1 */
};

static float round_to_float(double x)
{
  return (float)x;
}

/** y = x0 op x1, for elements that both have as floats or both as integers. */
static err compute(const struct binary *b, const struct onnx_constant *const x[2],
                   struct onnx_constant *y)
{
  int index[MAX_RANK] = {0};
  int64_t step[2][MAX_RANK];
  const int64_t n = shape_count(&y->shape);
  for (int k = 0; k < 2; k++) onnx_fold_steps(&x[k]->shape, &y->shape, step[k]);
  for (int64_t i = 0; i < n; i++, onnx_fold_next(&y->shape, index)) {
    const int64_t p = onnx_fold_offset(y->shape.rank, index, step[0]);
    const int64_t q = onnx_fold_offset(y->shape.rank, index, step[1]);
    if (x[0]->floats) {
      const double value = b->floats(x[0]->floats[p], x[1]->floats[q]);
      if (y->floats) {
        y->floats[i] = round_to_float(value);
      } else {
        y->ints[i] = (int64_t)value;
      }
      continue;
    }
    CHECK(b->ints(x[0]->ints[p], x[1]->ints[q], &y->ints[i]), ERR_FORMAT,
          "no result for %" PRId64 " and %" PRId64, x[0]->ints[p], x[1]->ints[q]);
  }
  return ERR_OK;
}

static err join(struct fold *f, const struct binary *b, const struct onnx_constant *x0,
                const struct onnx_constant *x1, struct onnx_constant **out)
{
  struct shape ys;
  const struct onnx_constant *const x[2] = {x0, x1};
  const bool floats = x0->floats;
  CHECK(floats == (x1->floats != NULL), ERR_FORMAT, "its inputs are of different kinds");
  CHECK(floats ? b->floats != NULL : b->ints != NULL, ERR_UNSUPPORTED, "not on constants of %s",
        floats ? "floats" : "integers");
  TRY(onnx_fold_broadcast(&x0->shape, &x1->shape, &ys));
  TRY(onnx_constant_make(f->m, &ys, floats && !b->truth, out));
  return compute(b, x, *out);
}

static err binary(struct fold *f, const struct binary *b)
{
  return join(f, b, f->in[0], f->in[1], &f->out);
}

/** Operators of any number of operands, from the left. */
static err variadic(struct fold *f, const struct binary *b)
{
  f->same = f->n_in == 1;
  for (int i = 1; i < f->n_in; i++) {
    struct onnx_constant *left = f->out, *joined = NULL;
    CHECK(f->in[i], ERR_FORMAT, "input %d is missing", i);
    const err e = join(f, b, left ? left : f->in[0], f->in[i], &joined);
    f->out = joined;
    onnx_constant_free(&left);
    if (e) return err_trace(e, __FILE__, __LINE__);
  }
  return ERR_OK;
}

static bool add_ints(int64_t x, int64_t y, int64_t *out)
{
  return !__builtin_add_overflow(x, y, out);
}
static bool sub_ints(int64_t x, int64_t y, int64_t *out)
{
  return !__builtin_sub_overflow(x, y, out);
}
static bool mul_ints(int64_t x, int64_t y, int64_t *out)
{
  return !__builtin_mul_overflow(x, y, out);
}

/** Towards zero, as C does. */
static bool div_ints(int64_t x, int64_t y, int64_t *out)
{
  if (!y || (y == -1 && x == INT64_MIN)) return false;
  *out = x / y;
  return true;
}

/** With the sign of the divisor. */
static bool mod_ints(int64_t x, int64_t y, int64_t *out)
{
  if (!y) return false;
  const int64_t r = y == -1 ? 0 : x % y;
  *out = r && (r < 0) != (y < 0) ? r + y : r;
  return true;
}

static bool pow_ints(int64_t x, int64_t y, int64_t *out)
{
  int64_t r = 1;
  if (y < 0 || y > 64) return false;
  for (int64_t i = 0; i < y; i++)
    if (!mul_ints(r, x, &r)) return false;
  *out = r;
  return true;
}

static double mod_floats(double x, double y)
{
  return fmod(x, y);
}

#define ARITHMETIC(name, float_result, int_function)                           \
  static double name##_floats_of(double x, double y)                           \
  {                                                                            \
    return (float_result);                                                     \
  }                                                                            \
  err onnx_fold_##name(struct fold *f)                                         \
  {                                                                            \
    return binary(f, &(struct binary){name##_floats_of, int_function, false}); \
  }
ARITHMETIC(add, x + y, add_ints)
ARITHMETIC(sub, x - y, sub_ints)
ARITHMETIC(mul, x *y, mul_ints)
ARITHMETIC(div, x / y, div_ints)
ARITHMETIC(pow, pow(x, y), pow_ints)

#define TRUTH(name, result, on_floats)                                                            \
  static double name##_floats_of(double x, double y)                                              \
  {                                                                                               \
    return (result);                                                                              \
  }                                                                                               \
  static bool name##_ints_of(int64_t x, int64_t y, int64_t *out)                                  \
  {                                                                                               \
    *out = (result);                                                                              \
    return true;                                                                                  \
  }                                                                                               \
  err onnx_fold_##name(struct fold *f)                                                            \
  {                                                                                               \
    return binary(f,                                                                              \
                  &(struct binary){(on_floats) ? name##_floats_of : NULL, name##_ints_of, true}); \
  }
TRUTH(equal, x == y, true)
TRUTH(greater, x > y, true)
TRUTH(greater_or_equal, x >= y, true)
TRUTH(less, x < y, true)
TRUTH(less_or_equal, x <= y, true)
TRUTH(and, x != 0 && y != 0, false)
TRUTH(or, x != 0 || y != 0, false)
TRUTH(xor, (x != 0) != (y != 0), false)

/** fmod chooses the sign of the dividend, which is also the only way for floats. */
err onnx_fold_mod(struct fold *f)
{
  int64_t fmod_given = 0;
  TRY(attr_int(f->attrs, "fmod", 0, &fmod_given));
  CHECK(!fmod_given || f->in[0]->floats, ERR_UNSUPPORTED, "fmod = 1 on integers");
  return binary(f, &(struct binary){mod_floats, mod_ints, false});
}

static bool max_ints(int64_t x, int64_t y, int64_t *out)
{
  *out = x > y ? x : y;
  return true;
}
static bool min_ints(int64_t x, int64_t y, int64_t *out)
{
  *out = x < y ? x : y;
  return true;
}

err onnx_fold_max(struct fold *f)
{
  return variadic(f, &(struct binary){fmax, max_ints, false});
}

err onnx_fold_min(struct fold *f)
{
  return variadic(f, &(struct binary){fmin, min_ints, false});
}

/** y = op x; ints NULL: floats only. */
static err unary(struct fold *f, double (*floats)(double x), bool (*ints)(int64_t x, int64_t *out))
{
  const struct onnx_constant *x = f->in[0];
  const int64_t n = shape_count(&x->shape);
  CHECK(x->floats ? floats != NULL : ints != NULL, ERR_UNSUPPORTED, "not on constants of %s",
        x->floats ? "floats" : "integers");
  TRY(onnx_fold_out(f, &x->shape, x->floats != NULL));
  for (int64_t i = 0; i < n; i++) {
    if (x->floats) {
      f->out->floats[i] = round_to_float(floats(x->floats[i]));
    } else {
      CHECK(ints(x->ints[i], &f->out->ints[i]), ERR_FORMAT, "no result for %" PRId64, x->ints[i]);
    }
  }
  return ERR_OK;
}

static bool neg_int(int64_t x, int64_t *out)
{
  return sub_ints(0, x, out);
}
static bool abs_int(int64_t x, int64_t *out)
{
  *out = x;
  return x >= 0 || neg_int(x, out);
}
static bool not_int(int64_t x, int64_t *out)
{
  *out = !x;
  return true;
}
static double neg_float(double x)
{
  return -x;
}
static double reciprocal_float(double x)
{
  return 1.0 / x;
}

#define UNARY(name, floats, ints)      \
  err onnx_fold_##name(struct fold *f) \
  {                                    \
    return unary(f, floats, ints);     \
  }
UNARY(abs, fabs, abs_int)
UNARY(ceil, ceil, NULL)
UNARY(exp, exp, NULL)
UNARY(floor, floor, NULL)
UNARY(log, log, NULL)
UNARY(neg, neg_float, neg_int)
UNARY(not, NULL, not_int)
UNARY(reciprocal, reciprocal_float, NULL)
UNARY(round, nearbyint, NULL)
UNARY(sqrt, sqrt, NULL)

/** y = condition ? a : b, all three broadcast. */
err onnx_fold_where(struct fold *f)
{
  const struct onnx_constant *c = f->in[0], *a = f->in[1], *b = f->in[2];
  struct shape ys;
  int index[MAX_RANK] = {0};
  int64_t step[3][MAX_RANK];
  CHECK(c->ints, ERR_FORMAT, "its condition is not a truth value");
  CHECK((a->floats != NULL) == (b->floats != NULL), ERR_FORMAT,
        "its inputs are of different kinds");
  TRY(onnx_fold_broadcast(&a->shape, &b->shape, &ys));
  TRY(onnx_fold_broadcast(&c->shape, &ys, &ys));
  TRY(onnx_fold_out(f, &ys, a->floats != NULL));
  for (int k = 0; k < 3; k++) onnx_fold_steps(&f->in[k]->shape, &ys, step[k]);
  const int64_t n = shape_count(&ys);
  for (int64_t i = 0; i < n; i++, onnx_fold_next(&ys, index)) {
    const int k = c->ints[onnx_fold_offset(ys.rank, index, step[0])] ? 1 : 2;
    const int64_t at = onnx_fold_offset(ys.rank, index, step[k]);
    if (a->floats) {
      f->out->floats[i] = f->in[k]->floats[at];
    } else {
      f->out->ints[i] = f->in[k]->ints[at];
    }
  }
  return ERR_OK;
}
