/** @file
 *  Transpose: dimension i of y is dimension perm[i] of x; without `perm` they are reversed.
 *  Source: ONNX operator specification, Transpose-1 to Transpose-13. */
#include "core/nest.h"
#include "core/operand.h"

struct transpose {
  int n; /* of perm as given; 0: reversed */
  int perm[SHAPE_MAX_RANK];
};

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct transpose *a = attr;
  (void)opset;
  return attr_ints(list, "perm", SHAPE_MAX_RANK, 0, SHAPE_MAX_RANK - 1, &a->n, a->perm);
}

static err check_perm(const struct transpose *a, int rank)
{
  unsigned seen = 0;
  CHECK(a->n == rank, ERR_FORMAT, "attribute 'perm' has %d values for %d dimensions", a->n, rank);
  for (int i = 0; i < rank; i++) seen |= 1U << a->perm[i];
  CHECK(seen == (1U << rank) - 1U, ERR_FORMAT, "attribute 'perm' is no permutation of 0 to %d",
        rank - 1);
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  struct transpose *a = attr;
  (void)n_in;
  TRY(operand_tensor(in, 0));
  const struct shape *x = &in[0].shape;
  struct shape s = {.rank = x->rank};
  for (int i = 0; !a->n && i < x->rank; i++) a->perm[i] = x->rank - 1 - i;
  if (!a->n) a->n = x->rank;
  TRY(check_perm(a, x->rank));
  for (int i = 0; i < x->rank; i++) s.dim[i] = x->dim[a->perm[i]];
  *ys = s;
  return ERR_OK;
}

/** Array `y` of the loops is the output, the other one the input; what is array 0 is written. */
static struct nest nest_of(const struct op_site *at, int y)
{
  const struct transpose *a = at->attr;
  const struct shape_steps from = operand_steps(&at->in[0], at->batch);
  const struct shape_steps to = shape_steps(&at->ys, at->batch);
  struct nest s = {0};
  int64_t step[NEST_ARRAYS] = {0};
  step[y] = to.batch;
  step[!y] = from.batch;
  nest_add(&s, at->batch, step);
  for (int i = 0; i < at->ys.rank; i++) {
    step[y] = to.axis[i];
    step[!y] = from.axis[a->perm[i]];
    nest_add(&s, at->ys.dim[i], step);
  }
  nest_settle(&s, 0);
  return s;
}

static void forward(const struct op_fwd *c)
{
  const struct nest s = nest_of(c->at, 0);
  nest_copy(&s, c->x[0], false, c->y);
}

static void backward(const struct op_bwd *c)
{
  const struct nest s = nest_of(c->at, 1);
  if (c->dx[0]) nest_copy(&s, c->dy, !op_sets(c, 0), c->dx[0]);
}

const struct op op_transpose = {
    .name = "Transpose",
    .source = "ONNX operators, Transpose-13",
    .min_in = 1,
    .max_in = 1,
    .attr_bytes = sizeof(struct transpose),
    .parse = parse,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .can_set = true,
};
