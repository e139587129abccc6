/** @file
 *  A virtual depthwise 3x3 convolution:  gamma_u[k, d] = a[k, u + d] g[k, u], 9 K entries.
 *
 *  Per channel the nine entries are a window of a times one number, so their sums are window sums:
 *    sum = g box(a),  max = larger of g box_max(a) and g box_min(a),  min = the smaller,
 *    pos2 = g^2 box(a+^2) for g > 0, g^2 box(a-^2) else,  neg2 the other way round.
 *
 *  Sums over channels are in double, and so are the boxes of a, whose terms may cancel.  Squares of a
 *  cannot: their boxes are in the fields' own type, where a square and two additions along each axis
 *  make 5 u, u = 2^-24 for floats, so 2.5 u = 1.5e-7 of the root that a map holds, for |a| between
 *  1e-19 and 1e19.
 *
 *  Where a has no negative entry, as behind every rectifier, its a-^2 is left out: the same bits. */
#include "core/extract.h"
#include "core/sums.h"

static size_t work_bytes(int width, int rows)
{
  (void)width, (void)rows;
  return sums_windows_bytes();
}

static void run(const struct extract_call *c)
{
  sums_windows(&(struct sums_windows){.channels = c->at.channels,
                                      .height = c->at.height,
                                      .width = c->at.width,
                                      .samples = c->samples,
                                      .stride = c->at.stride,
                                      .a = c->at.a,
                                      .g = c->at.g,
                                      .row = c->row,
                                      .rows = c->rows,
                                      .wanted = c->wanted,
                                      .work = c->work,
                                      .out = *c->out});
}

const struct extract extract_conv3x3_depthwise = {
    .name = "conv3x3_depthwise",
    .formula = "gamma_u[k, d] = a[k, u + d] g[k, u] over the zero-padded 3x3 window d",
    .source = "Rebuffi et al. 2020, arXiv:2004.02866, phase 1",
    .reads_activation = true,
    .takes_samples = true,
    .work_bytes = work_bytes,
    .run = run,
};
