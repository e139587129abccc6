/** @file
 *  Class activation mapping:  gamma_u = w * a_u with w_k = mean over u of g_k: the scaling extract
 *  after the signal was replaced by its spatial mean. */
#include "core/extract.h"
#include "core/simd.h"

/* Partial sums of a channel, folded in a fixed order: the same on every instruction set. */
enum { LANES = 8 };

/** Sum of v [n] in double: lane j holds the v[i] with i % LANES = j, then the halves are added. */
SIMD_PART double sum(const real *restrict v, int64_t n)
{
  double lane[LANES] = {0};
  int64_t u = 0;
  for (; u + LANES <= n; u += LANES)
    for (int j = 0; j < LANES; j++) lane[j] += (double)v[u + j];
  for (int j = 0; u + j < n; j++) lane[j] += (double)v[u + j];
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int j = 0; j < half; j++) lane[j] += lane[j + half];
  return lane[0];
}

/** w[k] = mean over the positions of channel k of the signal. */
SIMD static void begin(const struct extract_call *c)
{
  const struct extract_site *at = &c->at;
  const int64_t positions = (int64_t)at->height * at->width;
  for (int k = 0; k < at->channels; k++)
    c->weights[k] = sum(at->g + k * at->stride, positions) / (double)positions;
}

static void run(const struct extract_call *c)
{
  const struct extract_site *at = &c->at;
  stats_of_weighted(at->a + (int64_t)c->row * at->width, c->weights, at->channels, at->stride,
                    c->rows * at->width, c->wanted, c->out);
}

const struct extract extract_cam = {
    .name = "cam",
    .formula = "gamma_u = mean_v(g_v) * a_u (element by element)",
    .source = "Selvaraju et al. 2017, arXiv:1610.02391, eq. 1",
    .reads_activation = true,
    .begin = begin,
    .run = run,
};
