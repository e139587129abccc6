/** @file
 *  Folding: nodes that depend on weights and shapes only become constants, and nodes that do nothing
 *  become their input.  Exporters leave such chains around Reshape and dynamic batch axes.
 *  One line in the table per operator. */
#include "io/onnx_fold.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static err fold_same(struct fold *f)
{
  f->same = true;
  return ERR_OK;
}

/** Shape of a tensor or, for an activation, of one sample with the batch left open. */
static err fold_shape(struct fold *f)
{
  const struct shape *s = f->in[0] ? &f->in[0]->shape : f->activation;
  int64_t start = 0, end = 0;
  TRY(attr_int(f->attrs, "start", 0, &start));
  TRY(attr_int(f->attrs, "end", s->rank, &end));
  const int64_t first = onnx_fold_clamp(start, s->rank, 0, s->rank);
  const int64_t last = onnx_fold_clamp(end, s->rank, 0, s->rank);
  CHECK(first < last, ERR_UNSUPPORTED, "it makes an empty shape");
  const struct shape list = {.rank = 1, .dim = {(int)(last - first)}};
  TRY(onnx_constant_make(f->m, &list, false, &f->out));
  for (int64_t i = first; i < last; i++)
    f->out->ints[i - first] = i == 0 && !f->in[0] ? ONNX_BATCH : s->dim[i];
  return ERR_OK;
}

static bool is_float_type(int64_t type)
{
  return type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
         type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 ||
         type == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16 ||
         type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
}

/** Every kind of float is float32 here, and every kind of integer int64. */
static err fold_cast(struct fold *f)
{
  int64_t to = 0;
  TRY(attr_int(f->attrs, "to", 0, &to));
  const bool floats = is_float_type(to);
  if (!f->in[0]) {
    f->same = floats;
    return ERR_OK;
  }
  if (floats == (f->in[0]->floats != NULL)) return fold_same(f);
  CHECK(floats, ERR_UNSUPPORTED, "casting floating-point constants to type %" PRId64, to);
  const int64_t n = shape_count(&f->in[0]->shape);
  TRY(onnx_constant_make(f->m, &f->in[0]->shape, true, &f->out));
  for (int64_t i = 0; i < n; i++) {
    CHECK(f->in[0]->ints[i] != ONNX_BATCH, ERR_UNSUPPORTED, "computing with the number of images");
    f->out->floats[i] = (float)f->in[0]->ints[i];
  }
  return ERR_OK;
}

/** Padding by nothing. */
static err fold_pad(struct fold *f)
{
  const struct attr *a = attr_find(f->attrs, "pads");
  const bool listed = a && a->kind == ATTR_INTS;
  const int64_t *pads = listed ? a->ints : f->n_in > 1 && f->in[1] ? f->in[1]->ints : NULL;
  if (!pads) return ERR_OK;
  const int64_t n = listed ? a->n : shape_count(&f->in[1]->shape);
  for (int64_t i = 0; i < n; i++)
    CHECK(!pads[i], ERR_UNSUPPORTED, "padding by other than 0; let the convolution pad");
  f->same = true;
  return ERR_OK;
}

/** Dropout at inference is nothing; on a constant it can be taken out. */
static err fold_dropout(struct fold *f)
{
  const struct onnx_constant *training = f->n_in > 2 ? f->in[2] : NULL;
  CHECK(!training || (training->ints && !training->ints[0]), ERR_UNSUPPORTED,
        "training_mode is on; export the model for inference");
  return fold_same(f);
}

static err fold_constant_list(struct fold *f, const struct attr *a)
{
  const bool floats = a->kind == ATTR_FLOATS || a->kind == ATTR_FLOAT;
  const bool scalar = a->kind == ATTR_INT || a->kind == ATTR_FLOAT;
  const struct shape s = {.rank = scalar ? 0 : 1, .dim = {a->n}};
  CHECK(scalar || a->n > 0, ERR_UNSUPPORTED, "its value is empty");
  TRY(onnx_constant_make(f->m, &s, floats, &f->out));
  const int64_t n = shape_count(&s);
  for (int64_t i = 0; i < n && floats; i++) f->out->floats[i] = scalar ? a->f : a->floats[i];
  for (int64_t i = 0; i < n && !floats; i++) f->out->ints[i] = scalar ? a->i : a->ints[i];
  return ERR_OK;
}

static err fold_constant(struct fold *f)
{
  static const struct {
    const char *name;
    enum attr_kind kind;
  } lists[] = {{"value_float", ATTR_FLOAT},
               {"value_floats", ATTR_FLOATS},
               {"value_int", ATTR_INT},
               {"value_ints", ATTR_INTS}};
  const Onnx__NodeProto *p = f->node->proto;
  for (size_t i = 0; i < p->n_attribute; i++) {
    if (!strcmp(p->attribute[i]->name, "value") && p->attribute[i]->t)
      return onnx_tensor_read(f->m, p->attribute[i]->t, onnx_node_name(p), &f->out);
  }
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    const struct attr *a = attr_find(f->attrs, lists[i].name);
    if (a && a->kind == lists[i].kind) return fold_constant_list(f, a);
  }
  return FAIL(ERR_UNSUPPORTED, "its value is neither a dense tensor nor numbers");
}

struct folder {
  const char *op;
  int min_in, max_in;
  bool activations; /* is also run where an input depends on the image */
  err (*run)(struct fold *f);
};

static const struct folder folders[] = {
    {"Constant", 0, 0, false, fold_constant},
    {"Identity", 1, 1, false, fold_same},
    {"Dropout", 1, 3, false, fold_dropout},
    {"Shape", 1, 1, true, fold_shape},
    {"Cast", 1, 1, true, fold_cast},
    {"Pad", 1, 4, true, fold_pad},
    {"Gather", 2, 2, false, onnx_fold_gather},
    {"Slice", 1, 5, false, onnx_fold_slice},
    {"Concat", 1, INT_MAX, false, onnx_fold_concat},
    {"Unsqueeze", 1, 2, false, onnx_fold_unsqueeze},
    {"Squeeze", 1, 2, false, onnx_fold_squeeze},
    {"Reshape", 2, 2, false, onnx_fold_reshape},
    {"Transpose", 1, 1, false, onnx_fold_transpose},
};

static const struct folder *find_folder(const char *op)
{
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
    if (!strcmp(folders[i].op, op)) return &folders[i];
  return NULL;
}

bool onnx_fold_knows(const char *operator_type)
{
  return find_folder(operator_type);
}

/** Fetch the inputs; *ready says whether the folder can be run on them. */
static err gather_inputs(struct fold *f, const struct folder *folder,
                         const struct onnx_constant **in, bool *ready)
{
  const struct onnx_node *n = f->node;
  *ready = true;
  for (int i = 0; i < n->n_in; i++) {
    if (n->in[i] < 0 || onnx_value_is_constant(f->m, n->in[i])) continue;
    *ready = *ready && i == 0 && folder->activations;
  }
  for (int i = 0; *ready && i < n->n_in; i++)
    if (n->in[i] >= 0) TRY(onnx_value_constant(f->m, n->in[i], &in[i]));
  if (!*ready || !n->n_in || in[0]) return ERR_OK;
  CHECK(n->in[0] >= 0, ERR_FORMAT, "its first input is missing");
  int id = -1;
  TRY(onnx_value_id(f->m, n->in[0], &id));
  f->activation = graph_builder_shape(f->m->builder, id);
  return ERR_OK;
}

/** Put a folder's result in the place of the node's output. */
static void settle(struct fold *f, bool *done)
{
  struct onnx_value *values = f->m->values, *v = &values[f->node->out[0]];
  if (f->same) {
    const int source = f->node->in[0];
    v->alias = values[source].alias >= 0 ? values[source].alias : source;
  }
  v->constant = f->out;
  *done = f->same || f->out;
  f->out = NULL;
}

err onnx_fold(struct onnx_model *m, struct onnx_node *n, const struct attr_list *attrs, bool *done)
{
  const struct folder *folder = find_folder(n->proto->op_type);
  *done = false;
  if (!folder) return ERR_OK;
  CHECK(n->n_in >= folder->min_in && n->n_in <= folder->max_in, ERR_FORMAT,
        "it has %d inputs, but %d to %d are known", n->n_in, folder->min_in, folder->max_in);
  bool ready = false;
  err e = ERR_OK;
  /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is meant */
  const struct onnx_constant **in = calloc((size_t)n->n_in + 1, sizeof *in);
  CHECK(in, ERR_MEMORY, "no memory for %d inputs", n->n_in);
  struct fold f = {.m = m, .node = n, .attrs = attrs, .n_in = n->n_in, .in = in};
  TRY_DONE(gather_inputs(&f, folder, in, &ready));
  if (!ready) goto done;
  TRY_DONE(folder->run(&f));
  settle(&f, done);
done:
  onnx_constant_free(&f.out);
  free(in);
  return e;
}
