/** @file
 *  Tensors of the file to constants: float kinds become float, integer kinds int64.  Sizes are
 *  checked before anything is allocated.  ONNX data are little-endian, as this host must be.
 *  Source: onnx.proto, message TensorProto. */
#include "io/onnx_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ONNX data are little-endian");
_Static_assert(sizeof(real) == sizeof(float), "float32 data move into the graph as they are");

/** IEEE binary16 to binary32, exactly. */
static float from_half(uint16_t h)
{
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, fraction = h & 0x3FF;
  const int exponent = h >> 10 & 31;
  uint32_t bits = sign | (uint32_t)(exponent + 112) << 23 | fraction << 13;
  float f = 0.0F;
  if (!exponent) { /* zero and subnormals: fraction * 2^-24 */
    f = (float)fraction * 0x1p-24F;
    return sign ? -f : f;
  }
  if (exponent == 31) bits = sign | 0x7F800000U | fraction << 13;
  memcpy(&f, &bits, sizeof f);
  return f;
}

static float from_bfloat(uint16_t h)
{
  const uint32_t bits = (uint32_t)h << 16;
  float f = 0.0F;
  memcpy(&f, &bits, sizeof f);
  return f;
}

/* out[i] = the element whose bytes begin at src + i * stride.  Typed fields of the file hold narrow
 * kinds in wider elements, whose first bytes are the narrow element. */
#define DECODER(name, from, to, convert)                                    \
  static void name(const uint8_t *src, size_t stride, int64_t n, void *out) \
  {                                                                         \
    for (int64_t i = 0; i < n; i++) {                                       \
      from x;                                                               \
      memcpy(&x, src + (size_t)i * stride, sizeof x);                       \
      ((to *)out)[i] = (to)convert(x);                                      \
    }                                                                       \
  }

DECODER(decode_float, float, float, )
DECODER(decode_double, double, float, )
DECODER(decode_half, uint16_t, float, from_half)
DECODER(decode_bfloat, uint16_t, float, from_bfloat)
DECODER(decode_u8, uint8_t, int64_t, )
DECODER(decode_i8, int8_t, int64_t, )
DECODER(decode_u16, uint16_t, int64_t, )
DECODER(decode_i16, int16_t, int64_t, )
DECODER(decode_u32, uint32_t, int64_t, )
DECODER(decode_i32, int32_t, int64_t, )
DECODER(decode_i64, int64_t, int64_t, )

enum field { FIELD_FLOAT, FIELD_DOUBLE, FIELD_INT32, FIELD_INT64, FIELD_UINT64 };

struct kind {
  const char *name;
  size_t bytes;
  bool floats;
  enum field field; /* that holds it when raw_data does not */
  void (*decode)(const uint8_t *src, size_t stride, int64_t n, void *out); /* NULL: unsupported */
};

/* By TensorProto.DataType. */
static const struct kind kinds[] = {
    {.name = "undefined"},
    {"float", 4, true, FIELD_FLOAT, decode_float},
    {"uint8", 1, false, FIELD_INT32, decode_u8},
    {"int8", 1, false, FIELD_INT32, decode_i8},
    {"uint16", 2, false, FIELD_INT32, decode_u16},
    {"int16", 2, false, FIELD_INT32, decode_i16},
    {"int32", 4, false, FIELD_INT32, decode_i32},
    {"int64", 8, false, FIELD_INT64, decode_i64},
    {.name = "string"},
    {"bool", 1, false, FIELD_INT32, decode_u8},
    {"float16", 2, true, FIELD_INT32, decode_half},
    {"double", 8, true, FIELD_DOUBLE, decode_double},
    {"uint32", 4, false, FIELD_UINT64, decode_u32},
    {.name = "uint64"},
    {.name = "complex64"},
    {.name = "complex128"},
    {"bfloat16", 2, true, FIELD_INT32, decode_bfloat},
    {.name = "float8e4m3fn"},
    {.name = "float8e4m3fnuz"},
    {.name = "float8e5m2"},
    {.name = "float8e5m2fnuz"},
    {.name = "uint4"},
    {.name = "int4"},
};

/** Elements of a typed field: where they are, how many, how wide. */
struct typed {
  const void *data;
  size_t n, stride;
};

static struct typed typed_field(const Onnx__TensorProto *t, enum field f)
{
  const struct typed all[] = {
      [FIELD_FLOAT] = {t->float_data, t->n_float_data, sizeof *t->float_data},
      [FIELD_DOUBLE] = {t->double_data, t->n_double_data, sizeof *t->double_data},
      [FIELD_INT32] = {t->int32_data, t->n_int32_data, sizeof *t->int32_data},
      [FIELD_INT64] = {t->int64_data, t->n_int64_data, sizeof *t->int64_data},
      [FIELD_UINT64] = {t->uint64_data, t->n_uint64_data, sizeof *t->uint64_data},
  };
  return all[f];
}

static err find_kind(const Onnx__TensorProto *t, const char *name, const struct kind **out)
{
  const int32_t type = t->has_data_type ? t->data_type : 0;
  CHECK(type >= 0 && type < (int32_t)(sizeof kinds / sizeof *kinds), ERR_UNSUPPORTED,
        "tensor '%.200s' has the unknown data type %d", name, type);
  CHECK(kinds[type].decode, ERR_UNSUPPORTED,
        "tensor '%.200s' has data type %s; float, double, float16, bfloat16, bool and integers are "
        "supported",
        name, kinds[type].name);
  CHECK(!t->segment, ERR_UNSUPPORTED, "tensor '%.200s' is stored in segments", name);
  *out = &kinds[type];
  return ERR_OK;
}

static bool is_external(const Onnx__TensorProto *t)
{
  return t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

/** The file holds exactly the elements that the shape asks for. */
static err check_size(const Onnx__TensorProto *t, const struct kind *k, const char *name,
                      int64_t count)
{
  if (is_external(t)) return ERR_OK;
  const struct typed typed = typed_field(t, k->field);
  CHECK(!t->has_raw_data || !typed.n, ERR_FORMAT, "tensor '%.200s' holds its data twice", name);
  const uint64_t have = t->has_raw_data ? t->raw_data.len : typed.n;
  const uint64_t want = (uint64_t)count * (t->has_raw_data ? k->bytes : 1);
  CHECK(have == want, ERR_FORMAT,
        "tensor '%.200s' holds %" PRIu64 " %s, but its shape wants %" PRIu64, name, have,
        t->has_raw_data ? "bytes" : "elements", want);
  return ERR_OK;
}

/** float32 data that are already in memory of their own: hand that over. */
static float *steal(Onnx__TensorProto *t)
{
  float *data = t->float_data;
  if (t->has_raw_data) {
    data = (float *)(void *)t->raw_data.data; /* from malloc, so aligned */
    t->raw_data = (ProtobufCBinaryData){0};
  } else {
    t->float_data = NULL;
    t->n_float_data = 0;
  }
  return data;
}

/** Free the file's copy of the data as soon as it is converted. */
static void drop_data(Onnx__TensorProto *t)
{
  free(t->raw_data.data);
  t->raw_data = (ProtobufCBinaryData){0};
}

static void decode(const Onnx__TensorProto *t, const struct kind *k, const uint8_t *raw,
                   struct onnx_constant *c)
{
  const struct typed typed = typed_field(t, k->field);
  void *out = k->floats ? (void *)c->floats : (void *)c->ints;
  k->decode(raw ? raw : typed.data, raw ? k->bytes : typed.stride, shape_count(&c->shape), out);
}

/** Data in another file; float32 stay where they are. */
static err read_external(struct onnx_model *m, const Onnx__TensorProto *t, const struct kind *k,
                         const char *name, struct onnx_constant *c)
{
  uint8_t *raw = NULL;
  const bool plain = k->decode == decode_float;
  bool mapped = false;
  err e = ERR_OK;
  TRY(onnx_external_read(m, t, name, shape_count(&c->shape) * (int64_t)k->bytes, plain, &mapped,
                         &raw));
  if (plain) {
    c->floats = (float *)(void *)raw; /* aligned: from malloc, or checked */
    c->mapped = mapped;
    return ERR_OK;
  }
  TRY_DONE(onnx_constant_fill(m, k->floats, c));
  decode(t, k, raw, c);
done:
  free(raw);
  return e;
}

static err read_data(struct onnx_model *m, Onnx__TensorProto *t, const struct kind *k,
                     const char *name, struct onnx_constant *c)
{
  if (is_external(t)) return read_external(m, t, k, name, c);
  if (k->decode == decode_float && shape_count(&c->shape)) {
    c->floats = steal(t);
    return ERR_OK;
  }
  TRY(onnx_constant_fill(m, k->floats, c));
  decode(t, k, t->has_raw_data ? t->raw_data.data : NULL, c);
  drop_data(t);
  return ERR_OK;
}

err onnx_tensor_read(struct onnx_model *m, Onnx__TensorProto *t, const char *name,
                     struct onnx_constant **out)
{
  const struct kind *k = NULL;
  struct shape shape;
  TRY(find_kind(t, name, &k));
  TRY(onnx_shape_check(t->dims, t->n_dims, name, &shape));
  TRY(check_size(t, k, name, shape_count(&shape)));
  CHECK(k->floats || shape_count(&shape) <= limit_of(LIMIT_ONNX_INTEGERS), ERR_UNSUPPORTED,
        "integer tensor '%.200s' has more than %" PRId64 " elements%s", name,
        limit_of(LIMIT_ONNX_INTEGERS), limit_hint(LIMIT_ONNX_INTEGERS));
  struct onnx_constant *c = calloc(1, sizeof *c);
  CHECK(c, ERR_MEMORY, "no memory for tensor '%.200s'", name);
  c->shape = shape;
  const err e = read_data(m, t, k, name, c);
  if (e) {
    onnx_constant_free(&c);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = c;
  return ERR_OK;
}
