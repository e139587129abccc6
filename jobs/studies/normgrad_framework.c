/** @file
 *  Rebuffi et al. 2020: extracts and aggregates at all depths. */
#include "jobs/studies/picks.h"

static const char *const methods[] = {"gradient",
                                      "gradient_sum",
                                      "guided_backprop",
                                      "grad_cam",
                                      "linear_approx",
                                      "normgrad",
                                      "normgrad_selective",
                                      "gradient/conv3x3/norm",
                                      "gradient/conv3x3_depthwise/norm",
                                      "contrastive_excitation_backprop"};
enum { N = sizeof methods / sizeof *methods };

static const char *const args[] = {
    "--methods=gradient,gradient_sum,guided_backprop,grad_cam,linear_approx,normgrad,"
    "normgrad_selective,gradient/conv3x3/norm,gradient/conv3x3_depthwise/norm,"
    "contrastive_excitation_backprop",
    NULL};
static const char *const metric_args[] = {"--metrics=pointing,energy_pointing", NULL};

static const struct study_step steps[] = {
    STEPS_OBJECTS(args, metric_args),
    {0},
};

/* What an even map has of its object. */
#define EVEN PICK("pointing.h5", "values/object_share", "#each")

static const struct study_number numbers[] = {
    {"Grad-CAM at a quarter of the layers, pointing", ".545 (layer1)", POINTS("25%", "grad_cam")},
    {"Grad-CAM in the middle", ".529 (layer2)", POINTS("50%", "grad_cam")},
    {"Grad-CAM at three quarters", ".663 (layer3)", POINTS("75%", "grad_cam")},
    {"Grad-CAM at the last layer", ".904 (layer4)", POINTS("-1", "grad_cam")},
    {"Element-wise scaling at a quarter of the layers", ".833 (layer1)",
     POINTS("25%", "linear_approx")},
    {"Element-wise scaling in the middle", ".855 (layer2)", POINTS("50%", "linear_approx")},
    {"Element-wise scaling at the last layer", ".902 (layer4)", POINTS("-1", "linear_approx")},
    {"NormGrad at a quarter of the layers", ".819 (layer1)", POINTS("25%", "normgrad")},
    {"NormGrad in the middle", ".840 (layer2)", POINTS("50%", "normgrad")},
    {"NormGrad at the last layer", ".788 (layer4)", POINTS("-1", "normgrad")},
    {"Selective NormGrad at a quarter of the layers", ".823 (layer1)",
     POINTS("25%", "normgrad_selective")},
    {"Selective NormGrad at the last layer", ".874 (layer4)", POINTS("-1", "normgrad_selective")},
    {0},
};

static const struct study_claim claims[] = {
    MORE("Grad-CAM is better at the last layer than in the middle (share of positive energy on the "
         "object)",
         ON_OBJECT("-1", "grad_cam"), ON_OBJECT("50%", "grad_cam")),
    MORE("Grad-CAM is better at the last layer than at a quarter of the layers",
         ON_OBJECT("-1", "grad_cam"), ON_OBJECT("25%", "grad_cam")),
    {"Grad-CAM in the middle is poor: less than 0.1 better than an even map",
     ON_OBJECT("50%", "grad_cam"), EVEN, 0.1, true},
    {"Element-wise scaling in the middle is good: more than 0.1 better than an even map",
     ON_OBJECT("50%", "linear_approx"), EVEN, 0.1, false},
    MORE("In the middle, element-wise scaling is better than Grad-CAM",
         ON_OBJECT("50%", "linear_approx"), ON_OBJECT("50%", "grad_cam")),
    MORE("At a quarter of the layers, element-wise scaling is better than Grad-CAM",
         ON_OBJECT("25%", "linear_approx"), ON_OBJECT("25%", "grad_cam")),
    MORE("Pointing: Grad-CAM is better at the last layer than in the middle",
         POINTS("-1", "grad_cam"), POINTS("50%", "grad_cam")),
    {"Pointing: element-wise scaling is at most 0.1 worse in the middle than at the last layer",
     POINTS("50%", "linear_approx"), POINTS("-1", "linear_approx"), -0.1, false},
    MORE("Pointing in the middle: element-wise scaling is better than Grad-CAM",
         POINTS("50%", "linear_approx"), POINTS("50%", "grad_cam")),
    MORE("In the middle, selective NormGrad is better than NormGrad",
         ON_OBJECT("50%", "normgrad_selective"), ON_OBJECT("50%", "normgrad")),
    {0},
};

static err figures(struct report *r)
{
  struct report_pick p = {"pointing.h5", "values/@", {"#each", NULL, "pointing"}};
  TRY(report_layers(
      r, p, 0.0, 1.0,
      &(struct report_drawing){"pointing", "Pointing game, all images", 1, methods, N, NULL}));
  p.names[2] = "energy_pointing";
  TRY(report_layers(
      r, p, 0.0, 1.0,
      &(struct report_drawing){"energy", "Share of the map's positive part that lies on the object",
                               1, methods, N, NULL}));
  p.variable = "values/@-1";
  TRY(report_boxes(r, p,
                   &(struct report_drawing){"last", "The same at the last layer, over images", 1,
                                            methods, N, "share on the object"}));
  return ERR_OK;
}

const struct study_spec study_normgrad_framework = {
    .name = "normgrad-framework",
    .summary = "Which extract and aggregate finds objects at which depth?",
    .paper = "Rebuffi, Fong, Ji, Vedaldi 2020, arXiv:2004.02866",
    .where = "the pointing game at single layers",
    .measures =
        "the pointing game, and the share of the map's positive part on the object, at every layer "
        "of --layers; objects are masks or boxes (--masks, --objects), or the cells of mosaics "
        "(--view mosaic=... --targets given: all cells, a mosaic "
        "counts by the mean of its cells)",
    .found =
        "Grad-CAM is good at the last convolution alone; element-wise scaling is good everywhere; "
        "NormGrad is the flattest over depth; its selective form is better than the plain one",
    .source =
        "accuracies of ResNet-50 on VOC07 from the authors' code, means over classes, tolerance 15 "
        "pixels; here means over images",
    .targets = "label",
    .objects = true,
    .layers = "convs,last",
    .steps = steps,
    .numbers = numbers,
    .claims = claims,
    .figures = figures,
};
