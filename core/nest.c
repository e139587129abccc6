/** @file
 *  Nested loops with steps, and copies between two orders. */
#include "core/nest.h"

#include "core/operand.h"
#include "core/simd.h"

#include <assert.h>
#include <stdlib.h>

enum { TILE = 16 };

void nest_add(struct nest *s, int64_t extent, const int64_t *step)
{
  assert(s->n < NEST_AXES);
  s->extent[s->n] = extent;
  for (int k = 0; k < NEST_ARRAYS; k++) s->step[k][s->n] = step[k];
  s->n++;
}

void nest_swap(struct nest *s)
{
  for (int i = 0; i < s->n; i++) {
    const int64_t step = s->step[0][i];
    s->step[0][i] = s->step[1][i];
    s->step[1][i] = step;
  }
}

static void move_axis(struct nest *s, int from, int to)
{
  s->extent[to] = s->extent[from];
  for (int k = 0; k < NEST_ARRAYS; k++) s->step[k][to] = s->step[k][from];
}

static void drop_ones(struct nest *s)
{
  int kept = 0;
  for (int i = 0; i < s->n; i++)
    if (s->extent[i] != 1) move_axis(s, i, kept++);
  s->n = kept;
}

/** Insertion sort by the lead's steps, longest first; equal ones keep their order. */
static void sort(struct nest *s, int lead)
{
  for (int i = 1; i < s->n; i++) {
    struct nest one = {0};
    nest_add(&one, s->extent[i],
             (int64_t[]){s->step[0][i], s->step[1][i], s->step[2][i], s->step[3][i]});
    int j = i;
    for (; j > 0 && llabs(s->step[lead][j - 1]) < llabs(one.step[lead][0]); j--)
      move_axis(s, j - 1, j);
    s->extent[j] = one.extent[0];
    for (int k = 0; k < NEST_ARRAYS; k++) s->step[k][j] = one.step[k][0];
  }
}

/** Axis i + 1 continues axis i for every array. */
static bool continues(const struct nest *s, int i)
{
  for (int k = 0; k < NEST_ARRAYS; k++)
    if (s->step[k][i] != s->step[k][i + 1] * s->extent[i + 1]) return false;
  return true;
}

void nest_settle(struct nest *s, int lead)
{
  drop_ones(s);
  sort(s, lead);
  for (int i = s->n - 2; i >= 0; i--) {
    if (!continues(s, i)) continue;
    s->extent[i + 1] *= s->extent[i];
    for (int j = i; j + 1 < s->n; j++) move_axis(s, j + 1, j);
    s->n--;
  }
  if (!s->n) nest_add(s, 1, (int64_t[NEST_ARRAYS]){0});
}

/** Step of an operand along dimension `axis` of the output, from which it may be broadcast. */
static int64_t step_along(const struct operand *in, const struct shape_steps *steps,
                          const struct shape *ys, int axis)
{
  const int mine = axis - (ys->rank - in->shape.rank);
  return mine < 0 || in->shape.dim[mine] == 1 ? 0 : steps->axis[mine];
}

struct nest nest_of_front(const struct op_site *at, const int *input, int rank)
{
  const struct shape_steps out = shape_steps(&at->ys, at->batch);
  struct shape_steps in[NEST_ARRAYS] = {{0}};
  struct nest s = {0};
  int64_t step[NEST_ARRAYS] = {out.batch};
  for (int k = 0; input[k] >= 0; k++) {
    in[k] = operand_steps(&at->in[input[k]], at->batch);
    step[k + 1] = in[k].batch;
  }
  nest_add(&s, at->batch, step);
  for (int i = 0; i < rank; i++) {
    step[0] = out.axis[i];
    for (int k = 0; input[k] >= 0; k++)
      step[k + 1] = step_along(&at->in[input[k]], &in[k], &at->ys, i);
    nest_add(&s, at->ys.dim[i], step);
  }
  return s;
}

struct nest nest_of_output(const struct op_site *at, const int *input)
{
  struct nest s = nest_of_front(at, input, at->ys.rank);
  nest_settle(&s, 0);
  return s;
}

struct nest_walk nest_begin(const struct nest *s, int skip)
{
  return (struct nest_walk){.s = s, .depth = s->n - skip};
}

bool nest_next(struct nest_walk *w)
{
  const struct nest *s = w->s;
  for (int i = w->depth - 1; i >= 0; i--) {
    for (int k = 0; k < NEST_ARRAYS; k++) w->at[k] += s->step[k][i];
    if (++w->index[i] < s->extent[i]) return true;
    for (int k = 0; k < NEST_ARRAYS; k++) w->at[k] -= s->step[k][i] * s->extent[i];
    w->index[i] = 0;
  }
  return false;
}

SIMD static void copy_row(const real *restrict from, int64_t step, int64_t n, bool add,
                          real *restrict to, int64_t to_step)
{
  if (step == 1 && to_step == 1 && add) {
    for (int64_t i = 0; i < n; i++) to[i] += from[i];
  } else if (step == 1 && to_step == 1) {
    for (int64_t i = 0; i < n; i++) to[i] = from[i];
  } else if (add) {
    for (int64_t i = 0; i < n; i++) to[i * to_step] += from[i * step];
  } else {
    for (int64_t i = 0; i < n; i++) to[i * to_step] = from[i * step];
  }
}

/** A matrix to its transpose:  to[j to_j + i] = from[i from_i + j]. */
struct turn {
  int64_t n_i, n_j, from_i, to_j;
};

SIMD static void turn_tile(const real *restrict from, const struct turn *t, bool add,
                           real *restrict to)
{
  for (int64_t j = 0; j < t->n_j; j++) {
    if (add) {
      for (int64_t i = 0; i < t->n_i; i++) to[j * t->to_j + i] += from[i * t->from_i + j];
    } else {
      for (int64_t i = 0; i < t->n_i; i++) to[j * t->to_j + i] = from[i * t->from_i + j];
    }
  }
}

/** In tiles of which both sides stay in cache. */
static void turn(const real *from, const struct turn *t, bool add, real *to)
{
  for (int64_t j = 0; j < t->n_j; j += TILE) {
    for (int64_t i = 0; i < t->n_i; i += TILE) {
      const struct turn tile = {t->n_i - i < TILE ? t->n_i - i : TILE,
                                t->n_j - j < TILE ? t->n_j - j : TILE, t->from_i, t->to_j};
      turn_tile(from + i * t->from_i + j, &tile, add, to + j * t->to_j + i);
    }
  }
}

/** The axis along which `from` is contiguous where it is not the last one, along which `to` is; -1. */
static int turned_axis(const struct nest *s)
{
  const int last = s->n - 1;
  if (s->step[0][last] != 1 || s->step[1][last] == 1) return -1;
  for (int i = 0; i < last; i++)
    if (s->step[1][i] == 1) return i;
  return -1;
}

void nest_copy(const struct nest *s, const real *from, bool add, real *to)
{
  struct nest outer = *s;
  const int last = s->n - 1, other = turned_axis(s);
  if (other >= 0) { /* next to the last one, so that the walk leaves both out */
    const struct turn t = {s->extent[last], s->extent[other], s->step[1][last], s->step[0][other]};
    for (int i = other; i + 1 < last; i++) move_axis(&outer, i + 1, i);
    struct nest_walk w = nest_begin(&outer, 2);
    do {
      turn(from + w.at[1], &t, add, to + w.at[0]);
    } while (nest_next(&w));
    return;
  }
  struct nest_walk w = nest_begin(s, 1);
  do {
    copy_row(from + w.at[1], s->step[1][last], s->extent[last], add, to + w.at[0],
             s->step[0][last]);
  } while (nest_next(&w));
}
