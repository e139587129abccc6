/** @file
 *  Toy models on disk: written, read, and checked for the right refusal. */
#include "tests/check.h"
#include "tests/onnx_toy.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

const char *onnx_toy_path(const char *name)
{
  static char path[512];
  if (!*folder) {
    (void)snprintf(folder, sizeof folder, "/tmp/onnx_toy_XXXXXX");
    assert_non_null(mkdtemp(folder));
  }
  (void)snprintf(path, sizeof path, "%s%s%s", folder, *name ? "/" : "", name);
  return path;
}

void onnx_toy_write_file(const char *name, const void *bytes, size_t n)
{
  (void)remove(onnx_toy_path(name)); /* a new file is much cheaper than a rewritten one */
  FILE *f = fopen(onnx_toy_path(name), "wb");
  assert_non_null(f);
  if (n) assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

int onnx_toy_cleanup(void **state)
{
  (void)state;
  DIR *d = *folder ? opendir(folder) : NULL;
  if (!d) return 0;
  for (const struct dirent *entry = readdir(d); entry; entry = readdir(d))
    (void)remove(onnx_toy_path(entry->d_name)); /* "." and ".." cannot be removed */
  (void)closedir(d);
  (void)rmdir(folder);
  folder[0] = 0;
  return 0;
}

err onnx_toy_read(struct onnx_toy *t, const struct onnx_options *o, struct graph **g)
{
  const struct onnx_options none = {0};
  size_t n = 0;
  uint8_t *bytes = onnx_toy_pack(t, &n);
  onnx_toy_free(t);
  onnx_toy_write_file("toy.onnx", bytes, n);
  free(bytes);
  *g = NULL;
  return onnx_read(onnx_toy_path("toy.onnx"), o ? o : &none, g);
}

void onnx_toy_refused(struct onnx_toy *t, const struct onnx_options *o, err code, const char *text)
{
  struct graph *g = NULL;
  const err e = onnx_toy_read(t, o, &g);
  const bool told = e && strstr(err_message(), text) && strstr(err_message(), "toy.onnx");
  for (const char *p = err_message(); e && *p; p++) assert_true((unsigned char)*p >= ' ');
  if (e != code || !told) {
    fail_msg("wanted \"%s\" (%s), got \"%s\" (%s)", text, err_meaning(code),
             e ? err_message() : "success", err_meaning(e));
  }
  assert_null(g);
}

struct graph *onnx_toy_accepted(struct onnx_toy *t, const struct onnx_options *o)
{
  struct graph *g = NULL;
  if (onnx_toy_read(t, o, &g)) fail_msg("refused: %s", err_message());
  assert_non_null(g);
  return g;
}

void onnx_toy_refused_all(const struct onnx_toy_spoil *list, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    struct onnx_toy *t = onnx_toy_make();
    list[i].spoil(t);
    onnx_toy_refused(t, NULL, list[i].code, list[i].text);
  }
}

const struct value *onnx_toy_value(const struct graph *g, const char *name)
{
  const int id = graph_find_value(g, name);
  if (id < 0) fail_msg("no value '%s'", name);
  return &g->values[id];
}

void onnx_toy_assert_floats(const struct graph *g, const char *name, int n, const float *want)
{
  const struct value *v = onnx_toy_value(g, name);
  assert_non_null(v->is.data);
  assert_int_equal(shape_count(&v->is.shape), n);
  for (int i = 0; i < n; i++) {
    if (v->is.data[i] != want[i] || !signbit(v->is.data[i]) != !signbit(want[i]))
      fail_msg("%s[%d] is %g, not %g", name, i, (double)v->is.data[i], (double)want[i]);
  }
}
