/** @file
 *  Guided Grad-CAM:  the signal under the rule guided at the input, channels put together, times Grad-CAM at
 *  a late layer enlarged.  Grad-CAM is the same for all channels and never negative, so that both orders agree.
 *
 *  Source: Selvaraju et al. 2017, arXiv:1610.02391; METHODS 5.6. */
#include "core/combination_layer.h"
#include "core/upsample.h"

#include <math.h>

/* In the order of enum combination_layer. */
static const char *const layers[] = {"last_conv", "last", "asked", NULL};

static const char *const upsamples[] = {"bilinear", "nearest", NULL};

static const char *const aggregates[] = {"maxabs", "sum", "norm", NULL};

static const struct param params[] = {
    PARAM_WORD("upsample", upsamples, "how Grad-CAM is enlarged (captum: nearest)"),
    PARAM_WORD(
        "layer", layers,
        "where Grad-CAM is taken: the last convolution, the last value with positions, or the last "
        "layer that was asked for"),
    PARAM_WORD("channels", aggregates, "how the input's channels become one"),
    {0},
};

static const char *word(const struct use *with, const char *name, const char *const *words)
{
  return words[(int)use_number(with, params, name)];
}

static err parts(struct combination_parts *p, const struct use *with)
{
  const int tap = combination_layer(p, (enum combination_layer)use_number(with, params, "layer"));
  CHECK(tap > 0, ERR_USAGE, "method '%s': no layer is %s: choose another with layer=", with->text,
        word(with, "layer", layers));
  const struct combination_part part[2] = {
      {.rule = rule_default(rule_find("guided")),
       .extract = extract_find("bias"),
       .aggregate = aggregate_find(word(with, "channels", aggregates)),
       .weight = 1.0},
      {.tap = tap,
       .rule = rule_default(rule_find("gradient")),
       .extract = extract_find("cam"),
       .aggregate = aggregate_find("relu_sum"),
       .weight = 1.0}};
  for (int i = 0; i < 2; i++) TRY(combination_add(p, &part[i]));
  return ERR_OK;
}

static double run(const struct combination_call *c)
{
  const int64_t n = (int64_t)c->height * c->width;
  const struct combination_input *cam = &c->in[1];
  if (use_number(c->with, params, "upsample") > 0.0) {
    upsample_nearest(cam->map, cam->height, cam->width, c->up, c->height, c->width);
  } else {
    upsample_bilinear(cam->map, cam->height, cam->width, c->up, c->height, c->width);
  }
  for (int64_t u = 0; u < n; u++) c->out[u] = c->in[0].map[u] * c->up[u];
  return (double)NAN;
}

static bool is_signed(const struct use *with)
{
  return aggregate_find(word(with, "channels", aggregates))->is_signed;
}

const struct combination combination_guided_grad_cam = {
    .name = "guided_grad_cam",
    .formula = "max_c |g_c| under the rule guided at the input, times Grad-CAM enlarged",
    .cost = "1 forward, 2 backward",
    .limits = "what speaks against the class; detail is that of guided backpropagation",
    .source = "Selvaraju et al. 2017, arXiv:1610.02391",
    .params = params,
    .is_signed = is_signed,
    .parts = parts,
    .run = run,
};
