/** @file
 *  Bytes that are no model: other files, hostile nesting, every truncation, random damage. */
#include "tests/check.h"
#include "tests/onnx_toy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void refuse_bytes(const void *bytes, size_t n, err code, const char *text)
{
  const struct onnx_options o = {0};
  struct graph *g = NULL;
  onnx_toy_write_file("toy.onnx", bytes, n);
  const err e = onnx_read(onnx_toy_path("toy.onnx"), &o, &g);
  if (e != code || !strstr(err_message(), text))
    fail_msg("wanted \"%s\", got \"%s\"", text, e ? err_message() : "success");
  assert_null(g);
}

static void files_of_another_kind_are_named(void **state)
{
  (void)state;
  refuse_bytes("", 0, ERR_FORMAT, "the file is empty");
  refuse_bytes("\x89PNG\r\n\x1a\n", 8, ERR_FORMAT, "it is a PNG image");
  refuse_bytes("\x89HDF\r\n\x1a\n", 8, ERR_FORMAT, "it is an HDF5 file");
  refuse_bytes("\xFF\xD8\xFF\xE0", 4, ERR_FORMAT, "it is a JPEG image");
  refuse_bytes("PK\x03\x04 data.pkl", 13, ERR_FORMAT, "use torch.onnx.export");
  refuse_bytes("version https://git-lfs.github.com/spec/v1", 42, ERR_FORMAT, "git lfs pull");
  refuse_bytes("hello, this is no model at all\n", 31, ERR_FORMAT, "not an ONNX model");
  refuse_bytes("{\"model\": 1}", 12, ERR_FORMAT, "not an ONNX model");
  refuse_bytes("\x08\x07", 2, ERR_FORMAT, "holds no graph");
}

static void what_is_not_a_file_is_refused(void **state)
{
  const struct onnx_options o = {0};
  struct graph *g = NULL;
  (void)state;
  assert_int_equal(onnx_read(onnx_toy_path("none.onnx"), &o, &g), ERR_INPUT);
  assert_non_null(strstr(err_message(), "No such file"));
  assert_int_equal(onnx_read(onnx_toy_path(""), &o, &g), ERR_INPUT);
  assert_non_null(strstr(err_message(), "is not a file"));
  (void)mkfifo(onnx_toy_path("pipe"), 0600);
  assert_int_equal(onnx_read(onnx_toy_path("pipe"), &o, &g), ERR_INPUT);
  onnx_toy_write_file("large.onnx", "", 0);
  assert_int_equal(truncate(onnx_toy_path("large.onnx"), (INT64_C(1) << 31) + 1), 0);
  assert_int_equal(onnx_read(onnx_toy_path("large.onnx"), &o, &g), ERR_UNSUPPORTED);
  assert_non_null(strstr(err_message(), "save_as_external_data"));
}

/** Wrap n bytes in a message field `tag`; bytes end at `end`, and the new beginning is returned. */
static uint8_t *wrap(uint8_t *begin, const uint8_t *end, uint8_t tag)
{
  uint64_t n = (uint64_t)(end - begin);
  uint8_t varint[10];
  int used = 0;
  do {
    varint[used++] = (uint8_t)((n & 127) | (n > 127 ? 128 : 0));
    n >>= 7;
  } while (n);
  begin -= used;
  memcpy(begin, varint, (size_t)used);
  *--begin = tag;
  return begin;
}

/** graph { node { attribute { g { node ... } } } }: parsed by recursion, it would take the stack. */
static void deep_nesting_is_refused_before_parsing(void **state)
{
  enum { LEVELS = 20000, BYTES = LEVELS * 16 };
  uint8_t *bytes = malloc(BYTES);
  (void)state;
  assert_non_null(bytes);
  uint8_t *p = bytes + BYTES;
  for (int i = 0; i < LEVELS; i++) {
    p = wrap(p, bytes + BYTES, 0x32); /* AttributeProto.g */
    p = wrap(p, bytes + BYTES, 0x2A); /* NodeProto.attribute */
    p = wrap(p, bytes + BYTES, 0x0A); /* GraphProto.node */
  }
  p = wrap(p, bytes + BYTES, 0x3A); /* ModelProto.graph */
  refuse_bytes(p, (size_t)(bytes + BYTES - p), ERR_FORMAT, "nested more than");
  free(bytes);
}

/** Every further graph field would be merged with all before it: quadratic time. */
static void a_second_graph_is_refused(void **state)
{
  (void)state;
  refuse_bytes("\x08\x07\x3A\x02\x0A\x00\x3A\x02\x0A\x00", 10, ERR_FORMAT, "'graph' twice");
}

/** Read bytes that may or may not be a model: no crash, and a message exactly when it fails. */
static bool try_bytes(const uint8_t *bytes, size_t n)
{
  const struct onnx_options o = {0};
  struct graph *g = NULL;
  onnx_toy_write_file("toy.onnx", bytes, n);
  const err e = onnx_read(onnx_toy_path("toy.onnx"), &o, &g);
  assert_true(!e == (g != NULL));
  assert_true(!e || *err_message());
  graph_free(&g);
  return !e;
}

static uint8_t *pack_toy(size_t *n)
{
  static const int64_t minus[] = {1, -1}, zero[] = {0}, one[] = {1};
  struct onnx_toy *t = onnx_toy_make();
  (void)onnx_toy_ints(t, "shape", 2, minus);
  (void)onnx_toy_ints(t, "zero", 1, zero);
  (void)onnx_toy_ints(t, "one", 1, one);
  (void)onnx_toy_node(t, "Shape", "s", "g", "gs");
  (void)onnx_toy_node(t, "Slice", "sl", "gs zero one", "n");
  (void)onnx_toy_node(t, "Gather", "ga", "shape one", "rest");
  onnx_toy_attr_int(t, onnx_toy_node(t, "Concat", "cat", "n rest", "target"), "axis", 0);
  (void)onnx_toy_node(t, "Reshape", "re", "g target", "v");
  onnx_toy_rewire(t, "gemm", 0, "v");
  uint8_t *bytes = onnx_toy_pack(t, n);
  onnx_toy_free(t);
  return bytes;
}

static void every_truncation_is_survived(void **state)
{
  size_t n = 0;
  int accepted = 0;
  uint8_t *bytes = pack_toy(&n);
  (void)state;
  assert_true(try_bytes(bytes, n));
  for (size_t i = 0; i < n; i++) accepted += try_bytes(bytes, i);
  assert_int_equal(accepted, 0); /* the opset comes last, and without it nothing loads */
  free(bytes);
}

/** A small generator of its own, so that a failure can be repeated. */
static uint64_t next(uint64_t *s)
{
  *s ^= *s << 13;
  *s ^= *s >> 7;
  *s ^= *s << 17;
  return *s;
}

static void random_damage_is_survived(void **state)
{
  enum { ROUNDS = 6000 };
  size_t n = 0;
  int accepted = 0;
  uint64_t s = 20240229;
  uint8_t *good = pack_toy(&n), *bad = malloc(n);
  (void)state;
  assert_non_null(bad);
  for (int i = 0; i < ROUNDS; i++) {
    memcpy(bad, good, n);
    for (uint64_t k = next(&s) % 6 + 1; k; k--) {
      uint8_t *at = &bad[next(&s) % n];
      const uint64_t flipped = *at ^ UINT64_C(1) << next(&s) % 8;
      *at = (uint8_t)(next(&s) % 2 ? next(&s) : flipped);
    }
    accepted += try_bytes(bad, n);
  }
  assert_true(accepted > ROUNDS / 20 &&
              accepted < ROUNDS); /* damage to weights alone is no error */
  for (int i = 0; i < 500; i++) {
    for (size_t k = 0; k < n; k++) bad[k] = (uint8_t)next(&s);
    assert_false(try_bytes(bad, next(&s) % n));
  }
  free(good);
  free(bad);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_of_another_kind_are_named),
      cmocka_unit_test(what_is_not_a_file_is_refused),
      cmocka_unit_test(deep_nesting_is_refused_before_parsing),
      cmocka_unit_test(a_second_graph_is_refused),
      cmocka_unit_test(every_truncation_is_survived),
      cmocka_unit_test(random_damage_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, onnx_toy_cleanup);
}
