/** @file
 *  Reshape to a constant shape: 0 stands for the input's extent, -1 for what is left over.
 *  Source: ONNX operator specification, Reshape-5 to Reshape-19. */
#include "core/operand.h"
#include "core/relayout.h"

#include <inttypes.h>
#include <limits.h>

struct reshape {
  bool zero_is_zero; /* allowzero: 0 means an extent of 0, not the input's extent */
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  (void)opset;
  struct reshape *a = attr;
  int64_t allow;
  TRY(attr_int(list, "allowzero", 0, &allow));
  a->zero_is_zero = allow != 0;
  return ERR_OK;
}

/** The extent that the target asks for in dimension i; -1 stays for the caller. */
static err extent(const struct reshape *a, const struct shape *x, int i, int64_t target, int *out)
{
  CHECK(target != 0 || !a->zero_is_zero, ERR_SHAPE, "extent 0 in dimension %d of the new shape", i);
  CHECK(target != 0 || i < x->rank, ERR_SHAPE,
        "dimension %d of the new shape is copied from an input of %d dimensions", i, x->rank);
  CHECK(target >= -1 && target <= INT_MAX, ERR_SHAPE,
        "extent %" PRId64 " in dimension %d of the new shape", target, i);
  *out = target ? (int)target : x->dim[i];
  return ERR_OK;
}

/** Replace the extent -1 at dimension `hole` by what makes the counts agree. */
static err fill_hole(const struct shape *x, int hole, struct shape *s)
{
  int64_t rest = 1;
  for (int i = 0; i < s->rank; i++) {
    if (i == hole) continue;
    rest *= s->dim[i];
    CHECK(rest <= INT_MAX, ERR_SHAPE, "the new shape has more than %d elements", INT_MAX);
  }
  CHECK(rest > 0 && shape_count(x) % rest == 0, ERR_SHAPE,
        "%" PRId64 " elements a sample do not divide into rows of %" PRId64, shape_count(x), rest);
  s->dim[hole] = (int)(shape_count(x) / rest);
  return ERR_OK;
}

static err resolve(const struct reshape *a, const struct shape *x, const int64_t *target, int n,
                   struct shape *s)
{
  int hole = -1;
  *s = (struct shape){.rank = n};
  for (int i = 0; i < n; i++) {
    TRY(extent(a, x, i, target[i], &s->dim[i]));
    if (s->dim[i] != -1) continue;
    CHECK(hole < 0, ERR_FORMAT, "the new shape holds -1 twice");
    hole = i;
  }
  return hole < 0 ? ERR_OK : fill_hole(x, hole, s);
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  int n;
  const int64_t *target;
  struct shape s;
  (void)n_in;
  TRY(operand_tensor(in, 0));
  TRY(operand_ints(in, 1, SHAPE_MAX_RANK, &n, &target));
  TRY(resolve(attr, &in[0].shape, target, n, &s));
  TRY(relayout_check(&in[0].shape, &s));
  *ys = s;
  return ERR_OK;
}

const struct op op_reshape = {
    .name = "Reshape",
    .source = "ONNX operators, Reshape-19",
    .min_in = 2,
    .max_in = 2,
    .attr_bytes = sizeof(struct reshape),
    .parse = parse,
    .infer = infer,
    .forward = relayout_forward,
    .backward = relayout_backward,
    .can_set = true,
};
