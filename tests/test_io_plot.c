/** @file
 *  Figures are drawn, also of data with holes, and a folder that is not there is an error. */
#include "check.h"
#include "io/plot.h"
#include "io/short_name.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static int setup(void **unused)
{
  (void)unused;
  (void)snprintf(folder, sizeof folder, "/tmp/plots-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

/** The figure's two files begin as such files do; they are removed. */
static void check_files(const char *stem)
{
  static const char *const ends[] = {"png", "svg"}, *const begins[] = {"\x89PNG", "<?xml"};
  for (int i = 0; i < 2; i++) {
    char path[200], head[8] = "";
    (void)snprintf(path, sizeof path, "%s.%s", stem, ends[i]);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_true(fread(head, 1, 5, f) == 5);
    assert_true(fseek(f, 0, SEEK_END) == 0 && ftell(f) > 2000);
    (void)fclose(f);
    assert_memory_equal(head, begins[i], strlen(begins[i]));
    if (!getenv("KEEP")) assert_int_equal(unlink(path), 0);
  }
}

static void lines(void **unused)
{
  (void)unused;
  const double x[] = {0, 1, 2, 3, 4}, y[] = {1, 0.7, NAN, 0.4, 0.2},
               z[] = {1, 0.99, 0.97, 0.95, 0.9};
  const double low[] = {1, 0.6, NAN, 0.3, 0.1}, high[] = {1, 0.8, NAN, 0.5, 0.3};
  const char *const stages[] = {"trained", "/layer3/bn2/BatchNormalization_output_0", "b#c", "d",
                                "e"};
  const struct plot_series s[] = {{"gradient", 5, x, y, low, high},
                                  {"guided_backprop", 5, x, z, NULL, NULL}};
  const struct plot_lines p = {.title = "Similarity to the trained network's maps",
                               .x_label = "stage",
                               .y_label = "Spearman, absolute",
                               .n_ticks = 5,
                               .ticks = stages,
                               .n_series = 2,
                               .series = s};
  char stem[100];
  (void)snprintf(stem, sizeof stem, "%s/lines", folder);
  assert_int_equal(plot_lines(&p, stem), ERR_OK);
  check_files(stem);
}

static void boxes(void **unused)
{
  (void)unused;
  const double five[][5] = {
      {0, 0.2, 0.3, 0.5, 0.9}, {NAN, NAN, NAN, NAN, NAN}, {0.5, 0.6, 0.7, 0.8, 1.0}};
  const char *const names[] = {"gradient", "empty", "normgrad_selective"};
  const struct plot_boxes p = {"Class sensitivity", "Spearman of two classes' maps", 3, names,
                               five};
  char stem[100];
  (void)snprintf(stem, sizeof stem, "%s/boxes", folder);
  assert_int_equal(plot_boxes(&p, stem), ERR_OK);
  check_files(stem);
}

static void matrices(void **unused)
{
  (void)unused;
  const double v[] = {1, 0.5, 0, -0.5, -1, NAN};
  const char *const rows[] = {"gradient/conv3x3_depthwise/filter_norm", "grad_cam"};
  const char *const columns[] = {"input", "layer1.relu", "layer2.relu"};
  const struct plot_matrix p = {"Pointing", 2, 3, rows, columns, v, -1.0, 1.0};
  char stem[100];
  (void)snprintf(stem, sizeof stem, "%s/matrix", folder);
  assert_int_equal(plot_matrix(&p, stem), ERR_OK);
  check_files(stem);
}

static void a_missing_folder(void **unused)
{
  (void)unused;
  const double v[] = {1};
  const char *const name[] = {"a"};
  const struct plot_matrix p = {"t", 1, 1, name, name, v, 0.0, 1.0};
  assert_int_equal(plot_matrix(&p, "/nowhere/at/all"), ERR_IO);
}

static void short_names(void **unused)
{
  (void)unused;
  static const char *const cases[][3] = {
      {"input", "Input", "input"},
      {"/layer1/relu_1/Relu_output_0", "Relu", "layer1/relu_1"},
      {"/layer3/layer3.2/Relu_1_output_0", "Relu", "layer3.2/Relu_1"},
      {"/layer3/layer3.2/conv1/Conv_output_0", NULL, "layer3.2/conv1/Conv"},
      {"_output_0", "Relu", "_output_0"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[40], tiny[4];
    short_name(cases[i][0], cases[i][1], out, sizeof out);
    assert_string_equal(out, cases[i][2]);
    short_name(cases[i][0], cases[i][1], tiny, sizeof tiny);
    assert_true(strlen(tiny) < sizeof tiny);
  }
}

static int teardown(void **unused)
{
  (void)unused;
  return getenv("KEEP") ? 0 : rmdir(folder);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines),       cmocka_unit_test(boxes),
      cmocka_unit_test(matrices),    cmocka_unit_test(a_missing_folder),
      cmocka_unit_test(short_names),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
