/** @file
 *  Where: y = a where a constant condition holds, b elsewhere, all three broadcast.
 *  Source: ONNX operator specification, Where-9, Where-16. */
#include "core/binary.h"
#include "core/broadcast.h"
#include "core/elementwise.h"
#include "core/nest.h"
#include "core/operand.h"

enum { CONDITION, A, B };

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  CHECK(in[CONDITION].present, ERR_FORMAT, "input 0 is missing");
  CHECK(in[CONDITION].fixed, ERR_UNSUPPORTED,
        "the condition depends on the image; only a constant is supported");
  CHECK(in[CONDITION].ints, ERR_FORMAT, "the condition holds no truth values");
  TRY(operand_numbers(in, A));
  TRY(operand_numbers(in, B));
  return broadcast_infer_all(attr, in, n_in, ys);
}

static void select_row(const int64_t *restrict condition, int64_t step, const real *restrict a,
                       int64_t step_a, const real *restrict b, int64_t step_b, int64_t n,
                       real *restrict y)
{
  for (int64_t i = 0; i < n; i++) y[i] = condition[i * step] ? a[i * step_a] : b[i * step_b];
}

static void forward(const struct op_fwd *c)
{
  const struct nest s = nest_of_output(c->at, (const int[]){CONDITION, A, B, -1});
  const int64_t *condition = c->at->in[CONDITION].ints;
  const int last = s.n - 1;
  struct nest_walk w = nest_begin(&s, 1);
  do {
    select_row(condition + w.at[1], s.step[1][last], c->x[A] + w.at[2], s.step[2][last],
               c->x[B] + w.at[3], s.step[3][last], s.extent[last], c->y + w.at[0]);
  } while (nest_next(&w));
}

/** w = dy where the condition is `wanted`, 0 elsewhere. */
static void mask(const struct op_bwd *c, bool wanted, real *to)
{
  const struct nest s = nest_of_output(c->at, (const int[]){CONDITION, -1});
  const int64_t *condition = c->at->in[CONDITION].ints;
  const int last = s.n - 1;
  struct nest_walk w = nest_begin(&s, 1);
  do {
    for (int64_t i = 0; i < s.extent[last]; i++) {
      const bool holds = condition[w.at[1] + i * s.step[1][last]] != 0;
      to[w.at[0] + i] = holds == wanted ? c->dy[w.at[0] + i] : REAL(0.0);
    }
  } while (nest_next(&w));
}

static void backward(const struct op_bwd *c)
{
  for (int k = A; k <= B; k++) {
    if (!c->dx[k]) continue;
    mask(c, k == A, c->work);
    binary_sum(c->at, k, c->work, c->dx[k]);
  }
}

const struct op op_where = {
    .name = "Where",
    .source = "ONNX operators, Where-16",
    .min_in = 3,
    .max_in = 3,
    .infer = infer,
    .work_bytes = binary_work_bytes,
    .forward = forward,
    .backward = backward,
};
