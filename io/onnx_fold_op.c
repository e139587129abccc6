/** @file
 *  Running an operator of the engine on constants, where no folder knows it: position tables that a
 *  small network makes, for example. */
#include "io/onnx_fold.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_IN = 16 };

/** The operator on its own: input 0 plays an activation of one sample, which lies row-major as
 *  constants do; the others are constants. */
struct alone {
  void *attr, *aux, *work, *prepared;
  struct operand in[MAX_IN];
  const real *x[MAX_IN];
};

static err operands(const struct fold *f, struct alone *a)
{
  CHECK(f->n_in >= 1 && f->n_in <= MAX_IN && f->in[0] && f->in[0]->floats, ERR_UNSUPPORTED,
        "not on these constants");
  for (int i = 0; i < f->n_in; i++) {
    const struct onnx_constant *c = f->in[i];
    if (!c) continue;
    CHECK(shape_count(&c->shape) > 0, ERR_UNSUPPORTED, "input %d is empty", i);
    a->in[i] = (struct operand){
        .present = true, .fixed = i > 0, .shape = c->shape, .data = c->floats, .ints = c->ints};
    a->x[i] = c->floats;
  }
  a->in[0].data = NULL;
  return ERR_OK;
}

/** How many products or elements are summed: as the operator says, or its window for each output; an
 *  Einsum might read all of its first input. */
static double steps(const struct fold *f, const struct op *op, const struct op_site *at)
{
  const struct attr *kernel = attr_find(f->attrs, "kernel_shape");
  const struct attr *size = attr_find(f->attrs, "size");
  const double out = (double)shape_count(&at->ys);
  double each = 1;
  if (op->flops) return (double)op->flops(at);
  for (int k = 0; kernel && kernel->kind == ATTR_INTS && k < kernel->n; k++)
    each *= fabs((double)kernel->ints[k]);
  if (size && size->kind == ATTR_INT) each *= fabs((double)size->i);
  if (attr_find(f->attrs, "equation")) each *= (double)shape_count(&at->in[0].shape);
  return out * each;
}

static err room(const struct fold *f, size_t bytes, void **out)
{
  TRY(onnx_budget_check(f->m, bytes < INT64_MAX ? (int64_t)bytes : INT64_MAX));
  *out = bytes ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
  CHECK(!bytes || *out, ERR_MEMORY, "no memory for %zu bytes", bytes);
  return ERR_OK;
}

static err compute(struct fold *f, const struct op *op, struct alone *a, struct op_site *at)
{
  TRY(onnx_fold_out(f, &at->ys, true));
  TRY(onnx_work_take(f->m, steps(f, op, at)));
  TRY(room(f, op->aux_bytes ? op->aux_bytes(at) : 0, &a->aux));
  TRY(room(f, op->work_bytes ? op->work_bytes(at) : 0, &a->work));
  TRY(room(f, op->prepared_bytes ? op->prepared_bytes(at) : 0, &a->prepared));
  if (a->prepared) op->prepare(at, a->prepared);
  at->prepared = a->prepared;
  const struct op_fwd c = {
      .at = at, .x = a->x, .y = f->out->floats, .aux = a->aux, .work = a->work};
  op->forward(&c);
  return ERR_OK;
}

static err run(struct fold *f, const struct op *op, struct alone *a)
{
  TRY(operands(f, a));
  a->attr = calloc(1, op->attr_bytes ? op->attr_bytes : 1);
  CHECK(a->attr, ERR_MEMORY, "no memory for attributes");
  struct op_site at = {.attr = a->attr, .batch = 1, .n_in = f->n_in, .in = a->in, .plain = true};
  if (op->parse) TRY(op->parse(f->attrs, f->m->opset, a->attr));
  TRY(op->infer(a->attr, a->in, f->n_in, &at.ys));
  return compute(f, op, a, &at);
}

err onnx_fold_operator(struct fold *f, const struct op *op)
{
  struct alone a = {.attr = NULL};
  const err e = run(f, op, &a);
  free(a.attr);
  free(a.aux);
  free(a.work);
  free(a.prepared);
  return e;
}
