/** @file
 *  The table of cases, and random windows. */
#include "op_cases.h"

#include <stdio.h>

const struct op_case op_cases[] = {
#include "op_cases_good.h"
    {0},
};

const struct bad_case op_bad_cases[] = {
#include "op_cases_bad.h"
    {{.op = NULL}, ERR_OK},
};

/** A random number in lo .. hi. */
static int between(uint64_t *state, int lo, int hi)
{
  return lo + (int)driver_random(state, hi - lo + 1);
}

/** One axis of a random window that fits into its padded input and, for pools, sees it. */
struct random_axis {
  int in, kernel, stride, dilation, begin, end;
};

static struct random_axis random_axis(uint64_t *state, bool dilated, bool pool, int more)
{
  struct random_axis a = {.kernel = between(state, 1, 4),
                          .stride = between(state, 1, 3),
                          .dilation = dilated ? between(state, 1, 2) : 1};
  const int reach = (a.kernel - 1) * a.dilation + 1, most = pool ? (a.kernel - 1) / 2 : reach + 1;
  a.begin = between(state, 0, most);
  a.end = between(state, 0, most);
  a.in = between(state, pool ? reach : 1, reach + more);
  if (a.in + a.begin + a.end < reach) a.in = reach;
  return a;
}

struct op_case op_random_case(uint64_t *state, char attrs[160], char inputs[64])
{
  static const char *const ops[] = {"Conv", "Conv", "Conv", "MaxPool", "AveragePool"};
  const char *op = ops[driver_random(state, 5)];
  const bool pool = *op != 'C', average = *op == 'A';
  const struct random_axis h = random_axis(state, !average, pool, 4);
  const struct random_axis w = random_axis(state, !average, pool, 4);
  int used = snprintf(attrs, 160, "strides=[%d,%d] pads=[%d,%d,%d,%d]", h.stride, w.stride, h.begin,
                      w.begin, h.end, w.end);
  const int groups = between(state, 1, 3), from = between(state, 1, 3), to = between(state, 1, 3);
  char *more = attrs + used;
  if (pool) {
    used = snprintf(more, 100, " kernel_shape=[%d,%d] ceil_mode=%d", h.kernel, w.kernel,
                    between(state, 0, 1));
    (void)snprintf(inputs, 64, "x%d,%d,%d", from, h.in, w.in);
  } else {
    used = snprintf(more, 100, " group=%d", groups);
    (void)snprintf(inputs, 64, "x%d,%d,%d c%d,%d,%d,%d c%d", groups * from, h.in, w.in, groups * to,
                   from, h.kernel, w.kernel, groups * to);
  }
  if (average) {
    (void)snprintf(more + used, 40, " count_include_pad=%d", between(state, 0, 1));
  } else {
    (void)snprintf(more + used, 40, " dilations=[%d,%d]", h.dilation, w.dilation);
  }
  return (struct op_case){op, 12, attrs, inputs};
}

struct op_case op_random_wide_case(uint64_t *state, char attrs[160], char inputs[64])
{
  static const char *const ops[] = {"Conv", "Conv", "MaxPool", "AveragePool"};
  const char *op = ops[driver_random(state, 4)];
  const bool pool = *op != 'C', average = *op == 'A';
  const struct random_axis h = random_axis(state, !average, pool, 5);
  const struct random_axis w = random_axis(state, !average, pool, 40);
  const int channels = between(state, 2, 3), each = between(state, 1, 2);
  const int used = snprintf(attrs, 160, "strides=[%d,%d] pads=[%d,%d,%d,%d]", h.stride, w.stride,
                            h.begin, w.begin, h.end, w.end);
  char *more = attrs + used;
  if (pool) {
    const int rest = snprintf(more, 100, " kernel_shape=[%d,%d] ceil_mode=%d", h.kernel, w.kernel,
                              between(state, 0, 1));
    if (average) {
      (void)snprintf(more + rest, 40, " count_include_pad=%d", between(state, 0, 1));
    } else {
      (void)snprintf(more + rest, 40, " dilations=[%d,%d]", h.dilation, w.dilation);
    }
    (void)snprintf(inputs, 64, "x%d,%d,%d", channels, h.in, w.in);
  } else {
    (void)snprintf(more, 100, " group=%d dilations=[%d,%d]", channels, h.dilation, w.dilation);
    (void)snprintf(inputs, 64, "x%d,%d,%d c%d,1,%d,%d c%d", channels, h.in, w.in, channels * each,
                   h.kernel, w.kernel, channels * each);
  }
  return (struct op_case){op, 12, attrs, inputs};
}
