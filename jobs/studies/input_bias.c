/** @file
 *  Brocki and Chung 2020: maps that are multiplied by the input cannot see some pixels. */
#include "jobs/studies/picks.h"

static const char *const methods[] = {"gradient_sum",       "input_x_gradient", "guided/bias/sum",
                                      "guided/scaling/sum", "rectgrad_no_bias", "rectgrad"};
enum { N = sizeof methods / sizeof *methods };

static const char *const args[] = {
    "--methods=gradient_sum,input_x_gradient,guided/bias/sum,guided/scaling/sum,rectgrad_no_bias,"
    "rectgrad",
    "--reference=rectgrad_no_bias", NULL};

static const struct study_step steps[] = {
    {"bias", "bias.h5", NULL, args},
    {0},
};

#define OF(method, measure) PICK("bias.h5", "bias/value", method, measure)

static const struct study_claim claims[] = {
    ABOVE("RectGrad misses pixels near the blind colour (dip above 0.5)", OF("rectgrad", "dip"),
          0.5),
    LESS("Without the multiplication RectGrad's dip is smaller", OF("rectgrad_no_bias", "dip"),
         OF("rectgrad", "dip")),
    MORE("Gradient x input misses them more than the gradient", OF("input_x_gradient", "dip"),
         OF("gradient_sum", "dip")),
    MORE("Gradient x input is larger where the input is (rank correlation above the gradient's)",
         OF("input_x_gradient", "value_rank"), OF("gradient_sum", "value_rank")),
    BELOW("The most relevant region painted with the blind colour has no relevance under RectGrad "
          "(below 1e-12)",
          OF("rectgrad", "painted"), 1e-12),
    ABOVE("RectGrad without the multiplication still sees it", OF("rectgrad_no_bias", "painted"),
          0.1),
    BELOW("Gradient x input has none there either", OF("input_x_gradient", "painted"), 1e-12),
    ABOVE("The gradient still sees it", OF("gradient_sum", "painted"), 0.1),
    BELOW("Maps without the multiplication are the same with pixels in [0, 1] and [-1, 1] (below "
          "1e-5)",
          OF("rectgrad_no_bias", "moved_symmetric"), 1e-5),
    ABOVE("RectGrad's maps are not (above 0.1 of the largest value)",
          OF("rectgrad", "moved_symmetric"), 0.1),
    {0},
};

static err figures(struct report *r)
{
  const struct report_pick curve = {"bias.h5", "bias/curve", {NULL, NULL}};
  TRY(report_lines(r, curve, 1, NULL,
                   &(struct report_drawing){"curve",
                                            "Maps by pixel value (mean over channels, 0 to 255)", 0,
                                            methods, N, "mean |map| / image's mean"}));
  TRY(report_boxes(r, (struct report_pick){"bias.h5", "bias/value", {NULL, "dip"}},
                   &(struct report_drawing){"dip",
                                            "1 - mean |map| near the blind colour / mean |map|", 0,
                                            methods, N, "dip"}));
  TRY(report_boxes(
      r, (struct report_pick){"bias.h5", "bias/value", {NULL, "painted"}},
      &(struct report_drawing){"painted", "The most relevant region painted with the blind colour",
                               0, methods, N, "mean |map| there / mean |map|"}));
  TRY(report_boxes(r, (struct report_pick){"bias.h5", "bias/value", {NULL, "inversion_absolute"}},
                   &(struct report_drawing){
                       "inversion", "Maps of inverted images, where they are predicted alike", 0,
                       methods, N, "Spearman of |map|"}));
  return ERR_OK;
}

const struct study_spec study_input_bias = {
    .name = "input-bias",
    .summary = "Are there colours at which a map is blind?",
    .paper = "Brocki, Chung 2020, arXiv:2011.05002",
    .where = "the figures of dark objects, of scaled images and of the modified maps",
    .measures =
        "maps of the input against pixel values; of the inverted image; of the same network with "
        "pixels in other ranges; in the most relevant region (a tenth of the pixels, by RectGrad "
        "without the multiplication) painted with the colour at which the input is 0",
    .found =
        "RectGrad and others that multiply by the input do not see dark pixels, or pixels of an "
        "artificial colour on scaled images; without the multiplication they do",
    .source = "the paper shows pictures and no numbers; the measures are ours",
    .steps = steps,
    .claims = claims,
    .figures = figures,
};
