/** @file
 *  Khakzar et al. 2020: pooling only positive gradients makes class activation maps insensitive. */
#include "jobs/studies/figures.h"
#include "jobs/studies/picks.h"

#define METHODS                                                                                 \
  "grad_cam,grad_cam_signed,grad_cam_positive,grad_cam_absolute,grad_cam_negative,grad_cam_pp," \
  "grad_cam_pp_signed,layer_cam,linear_approx"

static const char *const methods[] = {
    "grad_cam",           "grad_cam_signed",   "grad_cam_positive",
    "grad_cam_absolute",  "grad_cam_negative", "grad_cam_pp",
    "grad_cam_pp_signed", "layer_cam",         "linear_approx"};
enum { N = sizeof methods / sizeof *methods };

static const char *const args[] = {"--methods=" METHODS, "--layers=last",
                                   "--measures=spearman,spearman_absolute,ssim", NULL};
static const char *const plain_args[] = {"--methods=" METHODS ",energy", "--layers=last",
                                         "--targets=predicted,least", NULL};
static const char *const metric_args[] = {"--metrics=class_sensitivity,energy_correlation", NULL};

static const struct study_step steps[] = {
    {"sanity", "cascade.h5", NULL, args},
    STEPS_CLASSES(plain_args, metric_args),
    {0},
};

#define ENERGY(method) PICK("classes.h5", "values/@0", "predicted", method, "energy_correlation")

static const struct study_number numbers[] = {
    {"Grad-CAM, last layer random, Spearman of |map|", "0.710",
     CASCADE("grad_cam", "#0", "spearman_absolute")},
    {"Grad-CAM, random to the middle", "0.507", CASCADE("grad_cam", "#50%", "spearman_absolute")},
    {"Grad-CAM, all random", "0.416", CASCADE("grad_cam", "#-1", "spearman_absolute")},
    {0},
};

static const struct study_claim claims[] = {
    ABOVE("Last layer random: positive pooling stays alike (Spearman above 0.5)",
          CASCADE("grad_cam_positive", "#0", "spearman"), 0.5),
    BELOW("Last layer random: signed pooling does not (Spearman below 0.5)",
          CASCADE("grad_cam_signed", "#0", "spearman"), 0.5),
    ALIKE("Last layer random: positive pooling stays more alike than signed pooling (Spearman)",
          "grad_cam_positive", "grad_cam_signed", "#0", "spearman"),
    ALIKE("Last layer random: absolute pooling stays more alike than signed pooling",
          "grad_cam_absolute", "grad_cam_signed", "#0", "spearman"),
    ALIKE("Last layer random: Grad-CAM++ stays more alike than its form with signed gradients",
          "grad_cam_pp", "grad_cam_pp_signed", "#0", "spearman"),
    ALIKE(
        "Last layer random: LayerCAM stays more alike than the signed sum of activation x gradient",
        "layer_cam", "linear_approx", "#0", "spearman"),
    ALIKE("Random to the middle: positive pooling stays more alike than signed pooling",
          "grad_cam_positive", "grad_cam_signed", "#50%", "spearman"),
    MORE("Maps of two classes: positive pooling's are more alike than signed pooling's",
         CLASSES("0", "grad_cam_positive"), CLASSES("0", "grad_cam_signed")),
    MORE("Maps of two classes: Grad-CAM++'s are more alike than its signed form's",
         CLASSES("0", "grad_cam_pp"), CLASSES("0", "grad_cam_pp_signed")),
    MORE("Positive pooling is nearer to the class-free activation energy than signed pooling",
         ENERGY("grad_cam_positive"), ENERGY("grad_cam_signed")),
    {0},
};

static err figures(struct report *r)
{
  TRY(figure_cascade(r, methods, N, "spearman", "Spearman"));
  TRY(figure_classes(r, methods, N));
  TRY(report_boxes(
      r, (struct report_pick){"classes.h5", "values/@0", {"predicted", NULL, "energy_correlation"}},
      &(struct report_drawing){"energy",
                               "Maps against the sum of activations, which knows no class", 1,
                               methods, N, "correlation"}));
  return ERR_OK;
}

const struct study_spec study_positive_aggregation = {
    .name = "positive-aggregation",
    .summary = "Do class activation maps that pool only positive gradients depend on the network?",
    .paper = "Khakzar, Baselizadeh, Navab 2020, arXiv:2012.00362",
    .where =
        "positive aggregation, the figures of parameter randomisation and of output sensitivity",
    .measures =
        "similarity of maps at the last layer with positions: of the trained network and of "
        "networks with random weights; of two classes; and with the class-free sum of activations",
    .found =
        "pooling positive or absolute gradients (Grad-CAM++, FullGrad) makes maps insensitive to "
        "weights and output; variants that keep the sign are sensitive",
    .source =
        "Grad-CAM of the authors' sanity checks (PathwayGrad), ResNet-50, 1,000 ImageNet images, "
        "layer4 made as large as the input, classes predicted anew; the paper's lattice of "
        "variants "
        "has no published numbers",
    .steps = steps,
    .numbers = numbers,
    .claims = claims,
    .figures = figures,
};
