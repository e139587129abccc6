/** @file
 *  Rebuffi et al. 2020: maps on weights that have taken one step. */
#include "jobs/studies/figures.h"
#include "jobs/studies/picks.h"

static const char *const methods[] = {
    "normgrad",           "meta[normgrad]",           "meta(negate=1)[normgrad]",
    "normgrad_selective", "meta[normgrad_selective]", "grad_cam",
    "meta[grad_cam]"};
enum { N = sizeof methods / sizeof *methods };

static const char *const args[] = {
    "--methods=normgrad,meta[normgrad],meta(negate=1)[normgrad],normgrad_selective,"
    "meta[normgrad_selective],grad_cam,meta[grad_cam]",
    "--targets=predicted,least", NULL};
static const char *const metric_args[] = {"--metrics=class_sensitivity", NULL};

static const struct study_step steps[] = {
    STEPS_CLASSES(args, metric_args),
    {0},
};

static const struct study_claim claims[] = {
    ABOVE("In the middle, where its map may depend on the class, NormGrad is insensitive to it "
          "(Spearman of two classes above 0.5)",
          CLASSES("50%", "normgrad"), 0.5),
    LESS("The selective form is more sensitive than NormGrad in the middle",
         CLASSES("50%", "normgrad_selective"), CLASSES("50%", "normgrad")),
    LESS("The step makes NormGrad more sensitive to the class at the last layer",
         CLASSES("-1", "meta[normgrad]"), CLASSES("-1", "normgrad")),
    LESS("The step makes NormGrad more sensitive to the class in the middle",
         CLASSES("50%", "meta[normgrad]"), CLASSES("50%", "normgrad")),
    LESS("The selective form alone is more sensitive than the step at the last layer",
         CLASSES("-1", "normgrad_selective"), CLASSES("-1", "meta[normgrad]")),
    LESS("The step makes the selective form more sensitive at the last layer",
         CLASSES("-1", "meta[normgrad_selective]"), CLASSES("-1", "normgrad_selective")),
    {0},
};

static err figures(struct report *r)
{
  return figure_classes_at_layers(r, methods, N);
}

const struct study_spec study_meta_saliency = {
    .name = "meta-saliency",
    .summary = "Does one step of the weights towards the class make maps depend on it?",
    .paper = "Rebuffi, Fong, Ji, Vedaldi 2020, arXiv:2004.02866",
    .where = "meta-saliency, order 0 against order 1",
    .measures =
        "Spearman's correlation of the maps of the most likely and of the least likely class, with "
        "and without one step of gradient descent (rate 0.0025) on that image and class",
    .found =
        "the step makes NormGrad sensitive to the class; pointing gains .021 (layer4) and .012 "
        "(layer3) of ResNet-50 on VOC07, nothing to speak of on VGG-16",
    .source = "the printed rate and correlations could not be had; the rate is that of the "
              "authors' scripts",
    .layers = "convs,last",
    .steps = steps,
    .claims = claims,
    .figures = figures,
};
