/** @file
 *  Folding: nodes that depend on weights and shapes only become constants, and nodes that do nothing
 *  become their input.  Exporters leave such chains around Reshape, dynamic batch axes, attention
 *  masks and position tables.  One line in the list per operator; operators of the engine that are
 *  not in it are run as they are. */
#include "io/onnx_fold.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct folder {
  const char *op;
  int min_in, max_in;
  bool activations; /* is also run where input 0 depends on the image */
  err (*run)(struct fold *f);
};

static const struct folder folders[] = {
#define FOLD(op, fewest, most, activations, function) \
  {#op, fewest, most, activations, onnx_fold_##function},
#include "io/onnx_fold_list.h"
#undef FOLD
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
static err gather_inputs(struct fold *f, bool activations, const struct onnx_constant **in,
                         struct shape *activation, bool *ready)
{
  const struct onnx_node *n = f->node;
  *ready = activations || !n->n_in || n->in[0] >= 0;
  for (int i = 0; i < n->n_in; i++) {
    if (n->in[i] < 0 || onnx_value_is_constant(f->m, n->in[i])) continue;
    *ready = *ready && i == 0 && activations;
  }
  for (int i = 0; *ready && i < n->n_in; i++)
    if (n->in[i] >= 0) TRY(onnx_value_constant(f->m, n->in[i], &in[i]));
  if (!*ready || !n->n_in || in[0] || !activations) return ERR_OK;
  CHECK(n->in[0] >= 0, ERR_FORMAT, "its first input is missing");
  TRY(onnx_value_shape(f->m, n->in[0], activation));
  f->activation = activation;
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

/** A folder of the list, or the engine's operator. */
static err run(struct fold *f, const struct folder *folder, const struct op *op)
{
  if (!folder) return onnx_fold_operator(f, op);
  for (int i = folder->activations ? 1 : 0; i < folder->min_in; i++)
    CHECK(f->in[i], ERR_FORMAT, "input %d is missing", i);
  return folder->run(f);
}

err onnx_fold(struct onnx_model *m, struct onnx_node *n, const struct attr_list *attrs, bool *done)
{
  const struct folder *folder = find_folder(n->proto->op_type);
  const char *type = n->proto->op_type;
  const struct op *op = folder ? NULL : op_find(type);
  *done = false;
  if (!folder && (!op || !n->n_in || n->n_out > 1)) return ERR_OK;
  CHECK(!folder || (n->n_in >= folder->min_in && n->n_in <= folder->max_in), ERR_FORMAT,
        "it has %d inputs, but %d to %d are known", n->n_in, folder->min_in, folder->max_in);
  bool ready = false;
  struct shape activation;
  err e = ERR_OK;
  /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is meant */
  const struct onnx_constant **in = calloc((size_t)n->n_in + 1, sizeof *in);
  CHECK(in, ERR_MEMORY, "no memory for %d inputs", n->n_in);
  struct fold f = {.m = m, .node = n, .attrs = attrs, .n_in = n->n_in, .in = in};
  TRY_DONE(gather_inputs(&f, folder && folder->activations, in, &activation, &ready));
  if (!ready) goto done;
  for (int i = 0; i < n->n_in; i++)
    if (in[i]) TRY_DONE(onnx_work_take(m, (double)shape_count(&in[i]->shape)));
  TRY_DONE(run(&f, folder, op));
  settle(&f, done);
done:
  onnx_constant_free(&f.out);
  free(in);
  return e;
}
