/** @file
 *  CAMERAS: activations and signals of one late layer, each averaged over several sizes of the image, and then
 *  multiplied:
 *
 *    max(sum_k A_k G_k, 0),   A = mean over sizes r of up(a_r),  G = mean over r of up(g_r)
 *
 *  up: bilinear enlargement to the network's own size, between pixel centres; the image becomes larger by cubic
 *  interpolation.  The r-th size has a shorter side of  s + r * step,  s the network's own, and the other side in
 *  proportion; the paper's 224, 324, ..., 924 are 8 sizes whose step is 100 / 224 of s.
 *
 *  Sizes at which the network predicts another class than at the first do not count for the class that the
 *  first predicts; for another class all count, as in the authors' code where a class is given.
 *  Source: Jalwana, Akhtar, Bennamoun, Mian 2021, arXiv:2106.10649, and the authors' code; METHODS 4.5. */
#include "core/combination_layer.h"
#include "core/simd.h"

#include <assert.h>
#include <math.h>

static const char *const layers[] = {"last", "last_conv", "asked", NULL};
static const enum combination_layer layer_of[] = {COMBINATION_LAST, COMBINATION_LAST_CONV,
                                                  COMBINATION_ASKED};

static const struct param params[] = {
    PARAM_WHOLE("sizes", 8.0, 1.0, COMBINATION_SIZES, "input sizes, the network's own the first"),
    PARAM_WHOLE("step", 0.0, 0.0, 4096.0,
                "pixels of the shorter side from one to the next; 0: 100 of 224, as in the paper"),
    PARAM_WORD("layer", layers,
               "the last value with positions, the last convolution, or the last layer that was "
               "asked for"),
    PARAM_WHOLE("agree", 1.0, 0.0, 1.0,
                "0: sizes count whatever the network predicts there, 1: see the source"),
    {0},
};

static int given(const struct use *with, const char *name)
{
  return (int)use_number(with, params, name);
}

static err parts(struct combination_parts *p, const struct use *with)
{
  const struct combination_part part = {.tap = combination_layer(p, layer_of[given(with, "layer")]),
                                        .rule = rule_default(rule_find("gradient")),
                                        .extract = extract_find("scaling"),
                                        .aggregate = aggregate_find("sum"),
                                        .weight = 1.0};
  CHECK(part.tap > 0, ERR_USAGE,
        "method '%s': no layer is %s: choose another with layer=", with->text,
        layers[given(with, "layer")]);
  return combination_add(p, &part);
}

static int sizes(const struct use *with)
{
  return given(with, "sizes");
}

static int rounded(double x)
{
  return (int)floor(x + 0.5);
}

static void size(const struct use *with, int i, const int own[2], int out[2])
{
  const int side = own[0] < own[1] ? own[0] : own[1];
  const double step = given(with, "step") ? given(with, "step") : side * (100.0 / 224.0);
  const double by = (side + rounded(i * step)) / (double)side;
  for (int k = 0; k < 2; k++) out[k] = rounded(own[k] * by);
}

/** Where a row or column of the output lies among n: between two, so far from the first. */
struct place {
  int from, to;
  double weight;
};

static struct place place_of(int d, int n, int out)
{
  const double at = fmax(((double)d + 0.5) * (double)n / (double)out - 0.5, 0.0);
  const int from = (int)at < n - 1 ? (int)at : n - 1;
  return (struct place){from, from < n - 1 ? from + 1 : from, at - (double)from};
}

SIMD static void add_between(const double *a, const double *b, double weight, int n,
                             double *restrict sum)
{
  for (int x = 0; x < n; x++) sum[x] += a[x] + weight * (b[x] - a[x]);
}

/** sum [height, width] += x [h, w] enlarged; rows [h, width] scratch. */
static void add_enlarged(const real *x, const struct combination_seen *s,
                         const struct combination_sizes_call *c, double *rows, double *sum)
{
  for (int u = 0; u < c->width; u++) {
    const struct place p = place_of(u, s->width, c->width);
    for (int y = 0; y < s->height; y++) {
      const double a = (double)x[y * s->width + p.from], b = (double)x[y * s->width + p.to];
      rows[(int64_t)y * c->width + u] = a + p.weight * (b - a);
    }
  }
  for (int y = 0; y < c->height; y++) {
    const struct place p = place_of(y, s->height, c->height);
    add_between(rows + (int64_t)p.from * c->width, rows + (int64_t)p.to * c->width, p.weight,
                c->width, sum + (int64_t)y * c->width);
  }
}

SIMD static void add_products(const double *a, const double *g, double by, int64_t n,
                              double *restrict sum)
{
  for (int64_t u = 0; u < n; u++) sum[u] += a[u] * g[u] * by;
}

static bool counts(const struct combination_sizes_call *c, int i)
{
  return !c->predicted || c->seen[i].agrees || !given(c->with, "agree");
}

static void run_sizes(const struct combination_sizes_call *c)
{
  const int64_t n = (int64_t)c->height * c->width;
  double *sum = c->work, *a = sum + n, *g = a + n, *rows = g + n;
  int used = 0;
  for (int i = 0; i < c->n; i++) used += counts(c, i);
  assert(used); /* the first agrees with itself */
  for (int64_t u = 0; u < n; u++) sum[u] = 0.0;
  for (int k = 0; k < c->seen[0].channels; k++) {
    for (int64_t u = 0; u < n; u++) a[u] = g[u] = 0.0;
    for (int i = 0; i < c->n; i++) {
      const struct combination_seen *s = &c->seen[i];
      const int64_t at = (int64_t)k * s->height * s->width;
      if (!counts(c, i)) continue;
      add_enlarged(s->a + at, s, c, rows, a);
      add_enlarged(s->g + at, s, c, rows, g);
    }
    add_products(a, g, 1.0 / ((double)used * used), n, sum);
  }
  for (int64_t u = 0; u < n; u++)
    c->out[u] = sum[u] <= 0.0 ? 0.0F : (float)sum[u]; /* a NaN stays one */
}

static bool is_signed(const struct use *with)
{
  (void)with;
  return false;
}

const struct combination combination_cameras = {
    .name = "cameras",
    .formula = "max(sum_k A_k G_k, 0), A and G means over sizes of the image of a and g at a late "
               "layer, each enlarged",
    .cost =
        "sizes x (1 forward, 1 backward down to the layer) of each sample alone; 8 sizes have 61 "
        "times the pixels of one",
    .limits = "what speaks against the class; detail below the layer's resolution at the largest "
              "size; a network that knows objects at one size alone",
    .source = "Jalwana et al. 2021, arXiv:2106.10649",
    .params = params,
    .is_signed = is_signed,
    .parts = parts,
    .sizes = sizes,
    .size = size,
    .run_sizes = run_sizes,
};
