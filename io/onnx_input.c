/** @file
 *  The image among the model's inputs. */
#include "io/onnx_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_INPUTS_SHOWN = 8 };

typedef Onnx__TensorShapeProto__Dimension dimension;

/** The extent of a dimension, or 0 where it is dynamic. */
static int64_t extent(const dimension *d)
{
  return d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ? d->dim_value : 0;
}

/** Append a bounded piece to text [bytes]. */
static void append(char *text, size_t bytes, const char *piece)
{
  const size_t used = strlen(text);
  (void)snprintf(text + used, bytes - used, "%s", piece);
}

/** Write "[N, 3, height, 224]" into text [bytes]; returns text. */
static const char *show_shape(const Onnx__TensorShapeProto *s, char *text, size_t bytes)
{
  text[0] = 0;
  append(text, bytes, "[");
  for (size_t i = 0; i < s->n_dim && i < 10; i++) {
    const dimension *d = s->dim[i];
    char piece[48];
    const bool named = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM &&
                       !onnx_name_check(d->dim_param, "extent");
    if (named) {
      (void)snprintf(piece, sizeof piece, "%s%.32s", i ? ", " : "", d->dim_param);
    } else if (extent(d)) {
      (void)snprintf(piece, sizeof piece, "%s%" PRId64, i ? ", " : "", extent(d));
    } else {
      (void)snprintf(piece, sizeof piece, "%s?", i ? ", " : "");
    }
    append(text, bytes, piece);
  }
  append(text, bytes, s->n_dim > 10 ? ", ...]" : "]");
  return text;
}

static err find_input(const struct onnx_model *m, int *out)
{
  char list[400] = "";
  int n = 0;
  for (int i = 0; i < m->n_values; i++) {
    if (m->values[i].origin != ONNX_INPUT) continue;
    char piece[100];
    (void)snprintf(piece, sizeof piece, "%s'%.80s'", n ? ", " : "", m->values[i].name);
    if (n < MAX_INPUTS_SHOWN) append(list, sizeof list, piece);
    *out = i;
    n++;
  }
  CHECK(n, ERR_UNSUPPORTED, "the model has no input");
  CHECK(n == 1, ERR_UNSUPPORTED, "the model has %d inputs (%s); one image is expected", n, list);
  return ERR_OK;
}

/** Rows or columns: as asked for, or as the model has them. */
static err settle_side(const char *what, int64_t own, int given, int *out)
{
  const int64_t most = limit_of(LIMIT_ONNX_SIDE);
  const bool large = own > most || given > most;
  CHECK(own >= 0, ERR_SHAPE, "the input's %s is %" PRId64, what, own);
  CHECK(given >= 0, ERR_USAGE, "the %s %d is not possible", what, given);
  CHECK(!large, own > most ? ERR_SHAPE : ERR_USAGE,
        "the input's %s of %" PRId64 " is more than %" PRId64 "%s", what, own > most ? own : given,
        most, limit_hint(LIMIT_ONNX_SIDE));
  CHECK(own || given, ERR_USAGE,
        "the model leaves the %s of its input open; give it with --size HxW", what);
  *out = given ? given : (int)own;
  return ERR_OK;
}

/** [1, C, H, W] of the graph; *nhwc: the file has the channels last. */
static err settle_shape(struct onnx_model *m, const char *name, const Onnx__TensorShapeProto *s,
                        struct shape *out, bool *nhwc)
{
  char text[200];
  show_shape(s, text, sizeof text);
  CHECK(s->n_dim == 4, ERR_UNSUPPORTED,
        "input '%.200s' %s is not an image; [N, channels, height, width] is expected", name, text);
  const int64_t first = extent(s->dim[1]), last = extent(s->dim[3]);
  *nhwc = (first < 1 || first > 4) && last >= 1 && last <= 4;
  const int64_t c = *nhwc ? last : first;
  const int height = *nhwc ? 1 : 2;
  CHECK(c >= 1 && c <= 4, ERR_UNSUPPORTED,
        "input '%.200s' %s is not an image: 1 to 4 channels are expected", name, text);
  CHECK(extent(s->dim[0]) <= 1, ERR_UNSUPPORTED,
        "input '%.200s' %s is fixed to a batch of %" PRId64
        "; export the model with a dynamic first axis or with batch 1",
        name, text, extent(s->dim[0]));
  *out = (struct shape){.rank = 4, .dim = {1, (int)c}};
  TRY(settle_side("height", extent(s->dim[height]), m->options->height, &out->dim[2]));
  TRY(settle_side("width", extent(s->dim[height + 1]), m->options->width, &out->dim[3]));
  m->channels_last = *nhwc;
  m->own_height = (int)extent(s->dim[height]);
  m->own_width = (int)extent(s->dim[height + 1]);
  return ERR_OK;
}

/** A constant of one number. */
static err add_number(struct onnx_model *m, const char *base, const char *what, double v, int *id)
{
  char text[ONNX_NAME_ROOM];
  const struct shape one = {4, {1, 1, 1, 1}};
  float *data = malloc(sizeof *data);
  CHECK(data, ERR_MEMORY, "no memory for a number");
  *data = (float)v;
  return graph_add_floats(m->builder, onnx_name_new(m, base, what, text), &one, data, id);
}

/** The input in another space: (input - offset) / factor is the model's own. */
static err undo_space(struct onnx_model *m, const char *name, int *id)
{
  const double value[2] = {m->options->offset, m->options->factor};
  static const char *const op[2] = {"Sub", "Div"};
  for (int k = 0; k < 2; k++) {
    char text[ONNX_NAME_ROOM];
    int in[2] = {*id, -1};
    TRY(add_number(m, name, k ? "factor" : "offset", value[k], &in[1]));
    const struct onnx_emit e = {.op = op[k],
                                .out_name = onnx_name_new(m, name, k ? "own" : "moved", text),
                                .n_in = 2,
                                .in = in};
    TRY(onnx_emit(m, &e, id));
  }
  return ERR_OK;
}

err onnx_input_add(struct onnx_model *m)
{
  int value = -1;
  TRY(find_input(m, &value));
  struct onnx_value *v = &m->values[value];
  const Onnx__TypeProto *type = m->graph->input[v->index]->type;
  CHECK(type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type->shape,
        ERR_UNSUPPORTED, "input '%.200s' is not an image: it is no tensor of known shape", v->name);
  const int kind = type->tensor_type->elem_type;
  CHECK(kind == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
            kind == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
            kind == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 ||
            kind == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16,
        ERR_UNSUPPORTED,
        "input '%.200s' does not take floating-point pixels; export the model with a float input",
        v->name);
  struct shape shape;
  bool nhwc = false;
  TRY(settle_shape(m, v->name, type->tensor_type->shape, &shape, &nhwc));
  v->named = true;
  int *id = &v->id[nhwc ? ONNX_NHWC : ONNX_PLAIN];
  TRY(graph_add_input(m->builder, v->name, &shape, id));
  return m->options->factor > 0.0 ? undo_space(m, v->name, id) : ERR_OK;
}
