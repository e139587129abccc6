/** @file
 *  External data, and constants that want more memory than the files hold. */
#include "io/dataset.h"
#include "tests/check.h"
#include "tests/onnx_toy.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void external_data_are_read_beside_the_model(void **state)
{
  static const float b2[] = {9, 5, 4, 3, 2, 1};
  static const uint16_t half[] = {0x3C00, 0x4000, 0x4200, 0x4400, 0x4500};
  static const float half_want[] = {1, 2, 3, 4, 5};
  (void)state;
  onnx_toy_write_file("weights.bin", b2, sizeof b2);
  struct onnx_toy *t = onnx_toy_make();
  onnx_toy_external(t, t->tensor[2], "weights.bin", "4", "20");
  struct graph *g = onnx_toy_accepted(t, NULL);
  onnx_toy_assert_floats(g, "b2", 5, b2 + 1);
  graph_free(&g);

  onnx_toy_write_file("half.bin", half, sizeof half);
  t = onnx_toy_make();
  t->tensor[2]->data_type = TOY_TYPE(FLOAT16);
  onnx_toy_external(t, t->tensor[2], "./half.bin", "", "");
  g = onnx_toy_accepted(t, NULL);
  onnx_toy_assert_floats(g, "b2", 5, half_want);
  graph_free(&g);
}

/** The SHA-1 of the whole file is compared where the model gives it. */
static void a_checksum_is_compared(void **state)
{
  static const char another[] = "37E8E9DF6F6AE6D1E6D6FAFB2F2E5D5E3B3F6F5C";
  (void)state;
  char sum[41];
  onnx_toy_write_file("sum.bin", "01234567890123456789", 20);
  assert_int_equal(dataset_file_sha1(onnx_toy_path("sum.bin"), sum), ERR_OK);
  assert_string_equal(sum, "88a7b59d2e9172960b72b65f7839b9da2453f3e9");
  for (int good = 0; good < 2; good++) {
    struct onnx_toy *t = onnx_toy_make();
    onnx_toy_external(t, t->tensor[2], "sum.bin", "0", "20");
    t->tensor[2]->external_data[3]->key = onnx_toy_text(t, "checksum");
    t->tensor[2]->external_data[3]->value = onnx_toy_text(t, good ? sum : another);
    if (!good) {
      onnx_toy_refused(t, NULL, ERR_FORMAT, "has SHA-1");
      continue;
    }
    struct graph *g = onnx_toy_accepted(t, NULL);
    graph_free(&g);
  }
}

/** 20 million half weights in a file of 40 MB: the 80 MB of floats are within bounds. */
static void large_half_weights_become_floats(void **state)
{
  enum { ROWS = 5000000 };
  (void)state;
  onnx_toy_write_file("zeros.bin", "", 0);
  assert_int_equal(truncate(onnx_toy_path("zeros.bin"), INT64_C(8) * ROWS), 0);
  struct onnx_toy *t = onnx_toy_make();
  Onnx__TensorProto *x = onnx_toy_find_tensor(t, "w2");
  x->data_type = TOY_TYPE(FLOAT16);
  x->dims[0] = ROWS;
  onnx_toy_external(t, x, "zeros.bin", "", "");
  onnx_toy_find_node(t, "gemm")->n_input = 2;
  struct graph *g = onnx_toy_accepted(t, NULL);
  assert_int_equal(g->classes, ROWS);
  graph_free(&g);
}

static void outside(struct onnx_toy *t, const char *location, const char *offset,
                    const char *length)
{
  onnx_toy_external(t, onnx_toy_find_tensor(t, "b2"), location, offset, length);
}

static void absolute(struct onnx_toy *t)
{
  outside(t, "/etc/passwd", "", "");
}
static void parent(struct onnx_toy *t)
{
  outside(t, "../secret", "", "");
}
static void hidden_parent(struct onnx_toy *t)
{
  outside(t, "sub/../../secret", "", "");
}
static void last_parent(struct onnx_toy *t)
{
  outside(t, "sub/..", "", "");
}
static void link_out(struct onnx_toy *t)
{
  outside(t, "link", "", "");
}
static void folder_as_file(struct onnx_toy *t)
{
  outside(t, "sub", "", "");
}
static void pipe_as_file(struct onnx_toy *t)
{
  outside(t, "pipe", "", "");
}
static void missing_file(struct onnx_toy *t)
{
  outside(t, "nothing.bin", "", "");
}
static void nowhere(struct onnx_toy *t)
{
  outside(t, "", "", "");
}
static void control_file(struct onnx_toy *t)
{
  outside(t, "a\nb", "", "");
}
static void short_file(struct onnx_toy *t)
{
  outside(t, "ten.bin", "", "");
}
static void past_end(struct onnx_toy *t)
{
  outside(t, "big.bin", "81", "20");
}
static void far_past_end(struct onnx_toy *t)
{
  outside(t, "big.bin", "9223372036854775807", "20");
}
static void overflowing(struct onnx_toy *t)
{
  outside(t, "big.bin", "99999999999999999999", "20");
}
static void negative_offset(struct onnx_toy *t)
{
  outside(t, "big.bin", "-4", "20");
}
static void text_offset(struct onnx_toy *t)
{
  outside(t, "big.bin", "4x", "20");
}
static void other_length(struct onnx_toy *t)
{
  outside(t, "big.bin", "0", "16");
}
static void huge_length(struct onnx_toy *t)
{
  outside(t, "big.bin", "0", "1099511627776");
}
static void huge_shape(struct onnx_toy *t)
{
  outside(t, "big.bin", "", "");
  onnx_toy_find_tensor(t, "b2")->dims[0] = 2000000000;
}

static void external_data_stay_in_their_folder(void **state)
{
  static const struct onnx_toy_spoil list[] = {
      {absolute, ERR_FORMAT, "tensor 'b2': its file '/etc/passwd' is an absolute path"},
      {parent, ERR_FORMAT, "'../secret' leaves the model's folder"},
      {hidden_parent, ERR_FORMAT, "leaves the model's folder"},
      {last_parent, ERR_FORMAT, "leaves the model's folder"},
      {link_out, ERR_FORMAT, "'link' leads out of the model's folder"},
      {folder_as_file, ERR_INPUT, "is not a file"},
      {pipe_as_file, ERR_INPUT, "is not a file"},
      {missing_file, ERR_INPUT, "'nothing.bin' is missing from the model's folder"},
      {nowhere, ERR_FORMAT, "it names no file"},
      {control_file, ERR_FORMAT, "file name 'a?b'"},
      {short_file, ERR_FORMAT, "bytes 0 to 20 lie outside its file 'ten.bin' of 10 bytes"},
      {past_end, ERR_FORMAT, "bytes 81 to 101 lie outside"},
      {far_past_end, ERR_FORMAT, "lie outside its file"},
      {overflowing, ERR_FORMAT, "offset is not a number of bytes"},
      {negative_offset, ERR_FORMAT, "offset is not a number of bytes"},
      {text_offset, ERR_FORMAT, "offset is not a number of bytes"},
      {other_length, ERR_FORMAT, "its length is 16 bytes, but its shape wants 20"},
      {huge_length, ERR_FORMAT, "its length is 1099511627776 bytes"},
      {huge_shape, ERR_FORMAT, "lie outside its file"},
  };
  static const uint8_t bytes[100];
  (void)state;
  onnx_toy_write_file("ten.bin", bytes, 10);
  onnx_toy_write_file("big.bin", bytes, 100);
  assert_int_equal(mkdir(onnx_toy_path("sub"), 0700), 0);
  assert_int_equal(mkfifo(onnx_toy_path("pipe"), 0600), 0);
  assert_int_equal(symlink("/etc/passwd", onnx_toy_path("link")), 0);
  onnx_toy_refused_all(list, TOY_LENGTH(list));
}

/** A folder whose path is as long as the model's and differs in its last letter only. */
static void links_into_a_folder_of_like_name_are_refused(void **state)
{
  char twin[256], file[300];
  (void)state;
  (void)snprintf(twin, sizeof twin, "%s", onnx_toy_path(""));
  twin[strlen(twin) - 1] = twin[strlen(twin) - 1] == '_' ? '-' : '_';
  (void)snprintf(file, sizeof file, "%s/secret", twin);
  assert_int_equal(mkdir(twin, 0700), 0);
  assert_int_equal(symlink(file, onnx_toy_path("twin")), 0);
  FILE *f = fopen(file, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite("01234567890123456789", 1, 20, f), 20);
  assert_int_equal(fclose(f), 0);
  struct onnx_toy *t = onnx_toy_make();
  outside(t, "twin", "", "");
  struct graph *g = NULL;
  const err e = onnx_toy_read(t, NULL, &g);
  (void)remove(file);
  (void)rmdir(twin);
  assert_int_equal(e, ERR_FORMAT);
  assert_non_null(strstr(err_message(), "'twin' leads out of the model's folder"));
}

/** 60 doublings of 5 floats would fill every memory; the reader's budget ends them early. */
static void doubling_constants_stay_within_bounds(void **state)
{
  char in[32] = "b2 b2", out[16];
  struct rusage use;
  (void)state;
  struct onnx_toy *t = onnx_toy_make();
  for (int i = 0; i < 50; i++) {
    (void)snprintf(out, sizeof out, "d%d", i);
    onnx_toy_attr_int(t, onnx_toy_node(t, "Concat", out, in, out), "axis", 0);
    (void)snprintf(in, sizeof in, "%s %s", out, out);
  }
  onnx_toy_rewire(t, "gemm", 2, "d49");
  onnx_toy_refused(t, NULL, ERR_FORMAT, "far more memory than its files hold");
  assert_int_equal(getrusage(RUSAGE_SELF, &use), 0);
  assert_true(use.ru_maxrss <
              INT64_C(400) * 1024); /* kB: the budget is 64 MiB; the sanitizers keep more */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(external_data_are_read_beside_the_model),
      cmocka_unit_test(a_checksum_is_compared),
      cmocka_unit_test(large_half_weights_become_floats),
      cmocka_unit_test(external_data_stay_in_their_folder),
      cmocka_unit_test(links_into_a_folder_of_like_name_are_refused),
      cmocka_unit_test(doubling_constants_stay_within_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, onnx_toy_cleanup);
}
