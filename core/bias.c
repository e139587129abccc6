/** @file
 *  Biases of nodes. */
#include "core/bias.h"

#include "core/arena.h"
#include "core/batch_normalization.h"

#include <assert.h>
#include <string.h>

/* Operators that add what they read; a constant among it is a bias. */
static const char *const additive[] = {"Add", "Mean", "Sub", "Sum"};

static bool is_norm(const struct op *op)
{
  return !strcmp(op->name, "BatchNormalization");
}

static bool is_weighted(const struct op *op, const struct op_site *at)
{
  return op->linear && op_role(op, at) == OP_WEIGHTED;
}

static bool has_operand(const struct op_site *at, int i)
{
  return i > 0 && i < at->n_in && at->in[i].present;
}

bool bias_is_there(const struct op *op, const struct op_site *at)
{
  bool adds = false, constant = false;
  if (is_norm(op)) return true;
  if (is_weighted(op, at)) return has_operand(at, op->linear->bias);
  for (size_t i = 0; i < sizeof additive / sizeof *additive; i++)
    adds = adds || !strcmp(op->name, additive[i]);
  for (int k = 0; k < at->n_in; k++) constant = constant || at->in[k].data;
  return adds && constant;
}

/** Whether one number holds for a whole channel. */
static bool is_of_channels(const struct op *op, const struct op_site *at)
{
  return is_norm(op) || (is_weighted(op, at) && !(op->linear->last && op->linear->last(at)));
}

int64_t bias_count(const struct op *op, const struct op_site *at)
{
  return is_of_channels(op, at) ? shape_channels(&at->ys) : shape_count(&at->ys);
}

static void fill_norm(const struct op_site *at, real *b)
{
  for (int k = 0; k < shape_channels(&at->ys); k++) {
    double slope_shift[2];
    batch_normalization_affine(at, k, slope_shift);
    b[k] = (real)slope_shift[1];
  }
}

static void fill_weighted(const struct op *op, const struct op_site *at, real *b)
{
  const int64_t n = bias_count(op, at);
  const int outputs = op->linear->outputs(at);
  for (int64_t i = 0; i < n; i++) b[i] = op->linear->bias_of(at, (int)(i % outputs));
}

enum { MOST_INPUTS = 16 };

static size_t own_work(const struct op *op, const struct op_site *at)
{
  return op->work_bytes ? op->work_bytes(at) : 0;
}

/** Zeros as large as the largest operand. */
static size_t zero_bytes(const struct op_site *at)
{
  int64_t most = 1;
  for (int k = 0; k < at->n_in; k++) {
    const int64_t n = shape_count(&at->in[k].shape);
    most = n > most ? n : most;
  }
  return arena_reals(most);
}

size_t bias_work_bytes(const struct op *op, const struct op_site *at)
{
  return zero_bytes(at) + own_work(op, at);
}

/** What comes of zeros. */
static void fill_sum(const struct op *op, const struct op_site *at, void *work, real *b)
{
  const real *x[MOST_INPUTS];
  memset(work, 0, zero_bytes(at));
  assert(at->n_in <= MOST_INPUTS);
  for (int k = 0; k < at->n_in; k++) x[k] = at->in[k].data ? at->in[k].data : work;
  op->forward(
      &(struct op_fwd){.at = at, .x = x, .y = b, .work = (unsigned char *)work + zero_bytes(at)});
}

void bias_fill(const struct op *op, const struct op_site *at, void *work, real *b)
{
  if (is_norm(op)) {
    fill_norm(at, b);
  } else if (is_weighted(op, at)) {
    fill_weighted(op, at, b);
  } else {
    fill_sum(op, at, work, b);
  }
}
