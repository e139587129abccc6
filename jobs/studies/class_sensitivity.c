/** @file
 *  Rebuffi et al. 2020: how much maps depend on the class that they explain. */
#include "jobs/studies/figures.h"
#include "jobs/studies/picks.h"

#define METHODS                                                                            \
  "gradient,guided_backprop,deconvnet,linear_approx,grad_cam,normgrad,normgrad_selective," \
  "excitation_backprop"

static const char *const methods[] = {"gradient",           "guided_backprop",    "deconvnet",
                                      "linear_approx",      "grad_cam",           "normgrad",
                                      "normgrad_selective", "excitation_backprop"};
enum { N = sizeof methods / sizeof *methods };

static const char *const args[] = {"--methods=" METHODS, "--layers=input,last",
                                   "--targets=predicted,least", NULL};
static const char *const metric_args[] = {"--metrics=class_sensitivity", NULL};

static const struct study_step steps[] = {
    STEPS_CLASSES(args, metric_args),
    {0},
};

static const struct study_claim claims[] = {
    ABOVE("NormGrad is insensitive to the class at the last layer (Spearman of two classes above "
          "0.5)",
          CLASSES("-1", "normgrad"), 0.5),
    MORE("NormGrad is less sensitive than Grad-CAM at the last layer", CLASSES("-1", "normgrad"),
         CLASSES("-1", "grad_cam")),
    LESS("Selective NormGrad is more sensitive than NormGrad at the last layer",
         CLASSES("-1", "normgrad_selective"), CLASSES("-1", "normgrad")),
    LESS("Element-wise scaling is more sensitive than NormGrad at the last layer",
         CLASSES("-1", "linear_approx"), CLASSES("-1", "normgrad")),
    MORE("Guided Backprop is less sensitive than the gradient at the input",
         CLASSES("0", "guided_backprop"), CLASSES("0", "gradient")),
    MORE("Excitation backprop is less sensitive than the gradient at the input",
         CLASSES("0", "excitation_backprop"), CLASSES("0", "gradient")),
    {0},
};

static err figures(struct report *r)
{
  return figure_classes_at_layers(r, methods, N);
}

const struct study_spec study_class_sensitivity = {
    .name = "class-sensitivity",
    .summary = "How alike are a method's maps of two classes?",
    .paper = "Rebuffi, Fong, Ji, Vedaldi 2020, arXiv:2004.02866",
    .where = "class sensitivity, the table of correlations",
    .measures =
        "Spearman's correlation of the maps of the most likely and of the least likely class, as "
        "large as the input; lower is more sensitive",
    .found = "NormGrad is insensitive to the class; its selective form and the meta step mend it",
    .source = "the printed table of correlations could not be had; findings stand for themselves",
    .steps = steps,
    .claims = claims,
    .figures = figures,
};
