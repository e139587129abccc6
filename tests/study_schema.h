#pragma once
/* A small study with every kind of variable that docs/format.md lists, for the tests of the store.
 * Every number follows from its place, so that a reader in any language can check it. */
#include "io/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STUDY_TAPS = 4, STUDY_CLASSES = 5, STUDY_TARGETS = 2, STUDY_DIMS = 20, STUDY_VARS = 24 };

struct study_tap {
  const char *name, *onnx, *operator; /* variable, value of the model, operator */
  int set, shape[3];                  /* set of methods; channels, height, width */
};

static const struct study_tap study_taps[STUDY_TAPS] = {
    {"input", "input", "Input", 0, {3, 16, 16}},
    {"stage1.conv", "stage1/conv", "Conv", 1, {8, 16, 16}},
    {"stage2.relu", "stage2/relu", "Relu", 1, {16, 7, 7}},
    {"pool", "pool", "GlobalAveragePool", 1, {16, 1, 1}},
};

static const char *const study_methods[] = {"gradient", "grad_cam",
                                            "smoothgrad(n=3)[gradient/bias/sum]"};
static const char *const study_texts[] = {"", "max |g|",
                                          "mean of g \xE2\x8A\x99 a"}; /* one is empty */
static const char *const study_classes[STUDY_CLASSES] = {"cat", "dog", "\xC3\xA9l\xC3\xA9phant",
                                                         "emu", "fox"};
static const char *const study_slots[STUDY_TARGETS] = {"label", "predicted"};
static const char *const study_hw[] = {"height", "width"};
static const char *const study_box[] = {"xmin", "ymin", "xmax", "ymax"};
static const char *const study_shape[] = {"channels", "height", "width"};
static const char *const study_set0[] = {"gradient", "smoothgrad(n=3)[gradient/bias/sum]", "ig"};
static const char *const study_set1[] = {"gradient", "grad_cam"};

struct toy_study {
  struct store_schema s;
  struct store_dim dims[STUDY_DIMS];
  struct store_var vars[STUDY_VARS];
  struct store_attr root[24], status[2], maps[STUDY_TAPS][3];
  char **path; /* [n] owned, one block */
  int32_t *label;
  const char *tap_name[STUDY_TAPS], *tap_operator[STUDY_TAPS];
  int32_t tap_shape[STUDY_TAPS][3], tap_index[STUDY_TAPS];
  int64_t index[STUDY_TAPS];
};

/** Value j of the row of sample i of map k: exact in float. */
static inline float study_value(int64_t i, int64_t j, int k)
{
  return (float)((i * 7919 + j * 31 + (int64_t)k * 101) % 4093) / 16.0F - 100.0F;
}

static inline void study_dim(struct toy_study *t, const char *group, const char *name, int64_t size,
                             const char *const *text)
{
  t->dims[t->s.n_dims++] = (struct store_dim){.group = group,
                                              .name = name,
                                              .size = size,
                                              .text = text,
                                              .long_name = "the test's dimension"};
}

static inline struct store_var *study_var(struct toy_study *t, const char *path,
                                          enum store_type type, const char *a, const char *b,
                                          const void *data)
{
  static const char *const groups[] = {"samples", "layers", "methods", "maps"};
  struct store_var *const v = &t->vars[t->s.n_vars++];
  int g = 0;
  while (strncmp(path, groups[g], strlen(groups[g])) != 0) g++;
  *v = (struct store_var){.group = groups[g],
                          .name = path + strlen(groups[g]) + 1,
                          .type = type,
                          .n_dims = b ? 2 : 1,
                          .dims = {a, b},
                          .long_name = "the test's variable",
                          .units = "1",
                          .data = data};
  return v;
}

static inline void study_text(struct toy_study *t, const char *name, const char *text)
{
  t->root[t->s.n_attrs++] = (struct store_attr){.name = name, .type = STORE_TEXT, .text = text};
}

static inline void study_number(struct toy_study *t, const char *name, const int64_t *value)
{
  t->root[t->s.n_attrs++] =
      (struct store_attr){.name = name, .type = STORE_I64, .n = 1, .i64 = value};
}

static inline void study_attributes(struct toy_study *t)
{
  static const int64_t version = STORE_SCHEMA_VERSION, unit = 4, one = 1, classes = STUDY_CLASSES;
  study_text(t, "title", "Maps of a test");
  study_text(t, "software", "retrograd");
  study_text(t, "software_version", "0.0.0");
  study_number(t, "schema_version", &version);
  study_text(t, "job", "attribute");
  study_text(t, "config", "{\"methods\": [\"gradient\"]}");
  study_text(t, "model", "m.onnx");
  study_text(t, "model_sha256", "0000000000000000000000000000000000000000000000000000000000000000");
  study_text(t, "data", "images");
  study_text(t, "data_sha256", "1111111111111111111111111111111111111111111111111111111111111111");
  study_text(t, "kernel_family", "none");
  study_text(t, "libraries", "none");
  study_number(t, "unit", &unit);
  study_number(t, "n_units", &one);
  study_number(t, "n_forward", &one);
  study_number(t, "n_backward", &one);
  study_number(t, "classes", &classes);
}

static inline void study_samples(struct toy_study *t, int64_t n)
{
  static const int64_t flags[] = {0, 1, 2, 3, 4, 5, 6, 7};
  study_dim(t, "samples", "sample", n, NULL);
  study_dim(t, "samples", "class", STUDY_CLASSES, study_classes);
  study_dim(t, "samples", "target", STUDY_TARGETS, study_slots);
  study_dim(t, "samples", "axis_hw", 2, study_hw);
  study_dim(t, "samples", "axis_box", 4, study_box);
  (void)study_var(t, "samples/path", STORE_TEXT, "sample", NULL, (const void *)t->path);
  (void)study_var(t, "samples/label", STORE_I32, "sample", NULL, t->label);
  (void)study_var(t, "samples/size", STORE_I32, "sample", "axis_hw", NULL);
  struct store_var *const status = study_var(t, "samples/status", STORE_U8, "sample", NULL, NULL);
  t->status[0] =
      (struct store_attr){.name = "flag_values", .type = STORE_I64, .n = 8, .i64 = flags};
  t->status[1] = (struct store_attr){
      .name = "flag_meanings",
      .type = STORE_TEXT,
      .text = "pending done unreadable empty not_image damaged too_large wrong_size"};
  status->zero = true;
  status->n_attrs = 2;
  status->attrs = t->status;
  (void)study_var(t, "samples/logits", STORE_F32, "sample", "class", NULL);
  (void)study_var(t, "samples/target_class", STORE_I32, "sample", "target", NULL);
  (void)study_var(t, "samples/score", STORE_F32, "sample", "target", NULL);
  (void)study_var(t, "samples/box", STORE_I32, "sample", "axis_box", NULL);
}

static inline void study_lists(struct toy_study *t)
{
  for (int k = 0; k < STUDY_TAPS; k++) {
    t->tap_name[k] = study_taps[k].name;
    t->tap_operator[k] = study_taps[k].operator;
    t->tap_index[k] = 10 + k;
    memcpy(t->tap_shape[k], study_taps[k].shape, sizeof t->tap_shape[k]);
  }
  study_dim(t, "layers", "layer", STUDY_TAPS, t->tap_name);
  study_dim(t, "layers", "axis_shape", 3, study_shape);
  (void)study_var(t, "layers/operator", STORE_TEXT, "layer", NULL, (const void *)t->tap_operator);
  (void)study_var(t, "layers/shape", STORE_I32, "layer", "axis_shape", t->tap_shape);
  (void)study_var(t, "layers/index", STORE_I32, "layer", NULL, t->tap_index);
  (void)study_var(t, "layers/variable", STORE_TEXT, "layer", NULL, (const void *)t->tap_name);
  study_dim(t, "methods", "method", 3, study_methods);
  (void)study_var(t, "methods/canonical", STORE_TEXT, "method", NULL, study_methods);
  (void)study_var(t, "methods/formula", STORE_TEXT, "method", NULL, study_texts);
  (void)study_var(t, "methods/source", STORE_TEXT, "method", NULL, study_texts);
  (void)study_var(t, "methods/rule", STORE_TEXT, "method", NULL, study_methods);
}

static inline void study_map(struct toy_study *t, int k)
{
  static const char *const sets[] = {"method_0", "method_1"};
  static const char *const ys[] = {"y_16", "y_16", "y_7", "y_1"};
  static const char *const xs[] = {"x_16", "x_16", "x_7", "x_1"};
  const struct study_tap *const tap = &study_taps[k];
  struct store_attr *const a = t->maps[k];
  /* Indices run against the order of the variables: readers must sort by them. */
  t->index[k] = STUDY_TAPS - k;
  a[0] = (struct store_attr){.name = "onnx_name", .type = STORE_TEXT, .text = tap->onnx};
  a[1] = (struct store_attr){.name = "index", .type = STORE_I64, .n = 1, .i64 = &t->index[k]};
  a[2] = (struct store_attr){.name = "operator", .type = STORE_TEXT, .text = tap->operator};
  t->vars[t->s.n_vars++] =
      (struct store_var){.group = "maps",
                         .name = tap->name,
                         .type = STORE_F32,
                         .n_dims = 5,
                         .dims = {"sample", "target", sets[tap->set], ys[k], xs[k]},
                         .long_name = "maps at the tap",
                         .units = "1",
                         .n_attrs = 3,
                         .attrs = a};
}

static inline void study_maps(struct toy_study *t, int64_t n)
{
  study_dim(t, "maps", "sample", n, NULL);
  study_dim(t, "maps", "target", STUDY_TARGETS, study_slots);
  study_dim(t, "maps", "method_0", 3, study_set0);
  study_dim(t, "maps", "method_1", 2, study_set1);
  study_dim(t, "maps", "y_16", 16, NULL);
  study_dim(t, "maps", "x_16", 16, NULL);
  study_dim(t, "maps", "y_7", 7, NULL);
  study_dim(t, "maps", "x_7", 7, NULL);
  study_dim(t, "maps", "y_1", 1, NULL);
  study_dim(t, "maps", "x_1", 1, NULL);
  for (int k = 0; k < STUDY_TAPS; k++) study_map(t, k);
}

static inline struct toy_study *study_make(int64_t n)
{
  enum { WIDTH = 32 };
  struct toy_study *const t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->path = malloc((size_t)n * (sizeof *t->path + WIDTH));
  t->label = malloc((size_t)n * sizeof *t->label);
  if (!t->path || !t->label) abort();
  for (int64_t i = 0; i < n; i++) {
    t->path[i] = (char *)(t->path + n) + i * (int64_t)WIDTH;
    (void)snprintf(t->path[i], WIDTH, "cats/%lld \xC3\xBC.png", (long long)i);
    t->label[i] = (int32_t)(i % 6) - 1;
  }
  study_attributes(t);
  study_samples(t, n);
  study_lists(t);
  study_maps(t, n);
  t->s.attrs = t->root;
  t->s.dims = t->dims;
  t->s.vars = t->vars;
  return t;
}

static inline void study_free(struct toy_study *t)
{
  free(t->path);
  free(t->label);
  free(t);
}

/** Rows [first, first + count) of variable k. */
static inline err study_rows(struct store *s, const char *name, int k, int64_t first, int64_t count)
{
  int var = 0, n_dims = 0;
  int64_t dims[STORE_MAX_DIMS], row = 1;
  TRY(store_find(s, name, &var));
  store_extent(s, var, &n_dims, dims);
  for (int axis = 1; axis < n_dims; axis++) row *= dims[axis];
  float *const rows = malloc((size_t)(count * row) * sizeof *rows);
  CHECK(rows, ERR_MEMORY, "rows");
  for (int64_t i = 0; i < count * row; i++) rows[i] = study_value(first + i / row, i % row, k);
  const err e = store_write(s, var, first, count, rows);
  free(rows);
  return e;
}

/** Write one unit as a rank does: rows of every variable, sync, status.  sync false leaves the order
 *  of the disk open: a control that the tests must catch. */
static inline err study_write(struct store *s, int64_t first, int64_t count, bool sync)
{
  static const char *const names[] = {"samples/logits",   "samples/score",    "maps/input",
                                      "maps/stage1.conv", "maps/stage2.relu", "maps/pool"};
  int var = 0;
  for (int k = 0; k < 6; k++) TRY(study_rows(s, names[k], k, first, count));
  if (sync) TRY(store_sync(s));
  unsigned char *const done = malloc((size_t)count);
  CHECK(done, ERR_MEMORY, "status");
  memset(done, 1, (size_t)count);
  err e = store_find(s, "samples/status", &var);
  if (!e) e = store_write(s, var, first, count, done);
  free(done);
  return e;
}
