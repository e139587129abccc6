/** @file
 *  Tensors of every kind, and tensors that lie about themselves. */
#include "tests/check.h"
#include "tests/onnx_toy.h"

#include <math.h>
#include <string.h>

static void put_int32(struct onnx_toy *t, Onnx__TensorProto *x, size_t n, const int32_t *list)
{
  x->n_int32_data = n;
  x->int32_data = onnx_toy_keep(t, n * sizeof *list);
  memcpy(x->int32_data, list, n * sizeof *list);
}

/** Read a toy whose b2 is another tensor of 5 elements. */
static struct graph *with_b2(struct onnx_toy *t, Onnx__TensorProto *x)
{
  t->tensor[2] = x;
  return onnx_toy_accepted(t, NULL);
}

static const int64_t five[] = {5};

static void each_float_kind_is_read_from_raw_data(void **state)
{
  static const double d[] = {0.0, -1.5, 1e-3, 3.25, 2.0};
  static const float f[] = {0.0F, -1.5F, 1e-3F, 3.25F, 2.0F};
  static const uint16_t half[] = {0x8000, 0xBE00, 0x0001, 0x7BFF, 0x7C00};
  static const float half_want[] = {-0.0F, -1.5F, 0x1p-24F, 65504.0F, INFINITY};
  static const uint16_t bfloat[] = {0x0000, 0xBFC0, 0x3F80, 0x4050, 0x0080};
  static const float bfloat_want[] = {0.0F, -1.5F, 1.0F, 3.25F, 0x1p-126F};
  const struct {
    int type;
    const void *data;
    size_t bytes;
    const float *want;
  } cases[] = {{TOY_TYPE(FLOAT), f, sizeof f, f},
               {TOY_TYPE(DOUBLE), d, sizeof d, f},
               {TOY_TYPE(FLOAT16), half, sizeof half, half_want},
               {TOY_TYPE(BFLOAT16), bfloat, sizeof bfloat, bfloat_want}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct onnx_toy *t = onnx_toy_make();
    Onnx__TensorProto *x = onnx_toy_tensor(t, "b2", cases[i].type, 1, five);
    struct graph *g = with_b2(t, onnx_toy_raw(t, x, cases[i].data, cases[i].bytes));
    onnx_toy_assert_floats(g, "b2", 5, cases[i].want);
    graph_free(&g);
  }
}

static void float_kinds_are_read_from_typed_fields(void **state)
{
  static const int32_t half[] = {0x8000, 0xBE00, 0x0001, 0x7BFF, 0x3C00};
  static const float half_want[] = {-0.0F, -1.5F, 0x1p-24F, 65504.0F, 1.0F};
  float f[] = {0.0F, -1.5F, 1e-3F, 3.25F, 2.0F};
  double d[] = {0.0, -1.5, 1e-3, 3.25, 2.0};
  (void)state;

  struct onnx_toy *t = onnx_toy_make();
  Onnx__TensorProto *x = onnx_toy_tensor(t, "b2", TOY_TYPE(FLOAT), 1, five);
  x->n_float_data = 5;
  x->float_data = f;
  struct graph *g = with_b2(t, x);
  onnx_toy_assert_floats(g, "b2", 5, f);
  graph_free(&g);

  t = onnx_toy_make();
  x = onnx_toy_tensor(t, "b2", TOY_TYPE(DOUBLE), 1, five);
  x->n_double_data = 5;
  x->double_data = d;
  g = with_b2(t, x);
  onnx_toy_assert_floats(g, "b2", 5, f);
  graph_free(&g);

  t = onnx_toy_make();
  x = onnx_toy_tensor(t, "b2", TOY_TYPE(FLOAT16), 1, five);
  put_int32(t, x, 5, half);
  g = with_b2(t, x);
  onnx_toy_assert_floats(g, "b2", 5, half_want);
  graph_free(&g);
}

static const int64_t two[] = {2};

static void each_integer_kind_is_read(void **state)
{
  static const struct {
    int type;
    size_t bytes;
    uint8_t raw[16]; /* {1, 4} */
  } cases[] = {{TOY_TYPE(INT64), 16, {1, 0, 0, 0, 0, 0, 0, 0, 4}},
               {TOY_TYPE(INT32), 8, {1, 0, 0, 0, 4}},
               {TOY_TYPE(UINT32), 8, {1, 0, 0, 0, 4}},
               {TOY_TYPE(INT16), 4, {1, 0, 4}},
               {TOY_TYPE(UINT16), 4, {1, 0, 4}},
               {TOY_TYPE(INT8), 2, {1, 4}},
               {TOY_TYPE(UINT8), 2, {1, 4}}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct onnx_toy *t = onnx_toy_make_reshape();
    Onnx__TensorProto *x = onnx_toy_tensor(t, "s", cases[i].type, 1, two);
    (void)onnx_toy_add(t, onnx_toy_raw(t, x, cases[i].raw, cases[i].bytes));
    struct graph *g = onnx_toy_accepted(t, NULL);
    assert_int_equal(onnx_toy_value(g, "s")->is.ints[0], 1);
    assert_int_equal(onnx_toy_value(g, "s")->is.ints[1], 4);
    graph_free(&g);
  }
  struct onnx_toy *t = onnx_toy_make_reshape();
  static const int32_t list[] = {1, -1};
  Onnx__TensorProto *x = onnx_toy_tensor(t, "s", TOY_TYPE(INT8), 1, two);
  put_int32(t, x, 2, list);
  (void)onnx_toy_add(t, x);
  struct graph *g = onnx_toy_accepted(t, NULL);
  assert_int_equal(onnx_toy_value(g, "s")->is.ints[1], -1);
  graph_free(&g);
}

static void set_dims(struct onnx_toy *t, int n, const int64_t *dims)
{
  Onnx__TensorProto *x = onnx_toy_find_tensor(t, "b2");
  x->n_dims = (size_t)n;
  x->dims = onnx_toy_keep(t, (size_t)n * sizeof *dims);
  memcpy(x->dims, dims, (size_t)n * sizeof *dims);
}

static void negative(struct onnx_toy *t)
{
  set_dims(t, 1, (const int64_t[]){-5});
}
static void zero(struct onnx_toy *t)
{
  set_dims(t, 1, (const int64_t[]){0});
}
static void huge(struct onnx_toy *t)
{
  set_dims(t, 1, (const int64_t[]){INT64_C(1) << 40});
}
static void wraps(struct onnx_toy *t)
{
  set_dims(t, 2, (const int64_t[]){INT64_C(1) << 32, INT64_C(1) << 32});
}
static void wraps_int(struct onnx_toy *t)
{
  set_dims(t, 3, (const int64_t[]){65536, 65536, 5});
}
static void rank_7(struct onnx_toy *t)
{
  set_dims(t, 7, (const int64_t[]){1, 1, 1, 1, 1, 1, 5});
}
static void other_size(struct onnx_toy *t)
{
  set_dims(t, 1, (const int64_t[]){6});
}
static void two_billion(struct onnx_toy *t)
{
  set_dims(t, 1, (const int64_t[]){2000000000});
}
static void odd_bytes(struct onnx_toy *t)
{
  onnx_toy_find_tensor(t, "b2")->raw_data.len = 19;
}
static void no_data(struct onnx_toy *t)
{
  onnx_toy_find_tensor(t, "b2")->has_raw_data = 0;
}
static void type_99(struct onnx_toy *t)
{
  onnx_toy_find_tensor(t, "b2")->data_type = 99;
}
static void type_negative(struct onnx_toy *t)
{
  onnx_toy_find_tensor(t, "b2")->data_type = -1;
}
static void type_string(struct onnx_toy *t)
{
  onnx_toy_find_tensor(t, "b2")->data_type = TOY_TYPE(STRING);
}
static void type_complex(struct onnx_toy *t)
{
  onnx_toy_find_tensor(t, "b2")->data_type = TOY_TYPE(COMPLEX64);
}
static void type_missing(struct onnx_toy *t)
{
  onnx_toy_find_tensor(t, "b2")->has_data_type = 0;
}
static void both(struct onnx_toy *t)
{
  Onnx__TensorProto *x = onnx_toy_find_tensor(t, "b2");
  x->n_float_data = 5;
  x->float_data = onnx_toy_keep(t, 5 * sizeof(float));
}
static void segment(struct onnx_toy *t)
{
  Onnx__TensorProto *x = onnx_toy_find_tensor(t, "b2");
  x->segment = onnx_toy_keep(t, sizeof *x->segment);
  onnx__tensor_proto__segment__init(x->segment);
}
static void sparse(struct onnx_toy *t)
{
  Onnx__SparseTensorProto *x = onnx_toy_keep(t, sizeof *x);
  onnx__sparse_tensor_proto__init(x);
  t->graph.n_sparse_initializer = 1;
  t->graph.sparse_initializer = onnx_toy_keep(t, sizeof(void *));
  t->graph.sparse_initializer[0] = x;
}

static void tensors_that_lie_are_refused(void **state)
{
  static const struct onnx_toy_spoil list[] = {
      {negative, ERR_SHAPE, "tensor 'b2' has extent -5"},
      {zero, ERR_FORMAT, "tensor 'b2' holds 20 bytes, but its shape wants 0"},
      {huge, ERR_SHAPE, "tensor 'b2' has more than"},
      {wraps, ERR_SHAPE, "tensor 'b2' has more than"},
      {wraps_int, ERR_SHAPE, "tensor 'b2' has more than"},
      {rank_7, ERR_UNSUPPORTED, "tensor 'b2' has 7 dimensions"},
      {other_size, ERR_FORMAT, "tensor 'b2' holds 20 bytes, but its shape wants 24"},
      {two_billion, ERR_FORMAT, "holds 20 bytes, but its shape wants 8000000000"},
      {odd_bytes, ERR_FORMAT, "holds 19 bytes"},
      {no_data, ERR_FORMAT, "holds 0 elements"},
      {both, ERR_FORMAT, "tensor 'b2' holds its data twice"},
      {segment, ERR_UNSUPPORTED, "stored in segments"},
      {type_99, ERR_UNSUPPORTED, "tensor 'b2' has the unknown data type 99"},
      {type_negative, ERR_UNSUPPORTED, "unknown data type -1"},
      {type_string, ERR_UNSUPPORTED, "data type string"},
      {type_complex, ERR_UNSUPPORTED, "data type complex64"},
      {type_missing, ERR_UNSUPPORTED, "data type undefined"},
      {sparse, ERR_UNSUPPORTED, "sparse initialisers"},
  };
  (void)state;
  onnx_toy_refused_all(list, TOY_LENGTH(list));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_float_kind_is_read_from_raw_data),
      cmocka_unit_test(float_kinds_are_read_from_typed_fields),
      cmocka_unit_test(each_integer_kind_is_read),
      cmocka_unit_test(tensors_that_lie_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, onnx_toy_cleanup);
}
