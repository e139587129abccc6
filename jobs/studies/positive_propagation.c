/** @file
 *  Khakzar et al. 2020: keeping only positive signals on the way back makes maps insensitive to weights. */
#include "jobs/studies/figures.h"
#include "jobs/studies/picks.h"

static const char *const methods[] = {"gradient",    "gradient_sum",       "guided_backprop",
                                      "deconvnet",   "rectgrad_no_bias",   "lrp_zplus",
                                      "lrp_epsilon", "excitation_backprop"};
enum { N = sizeof methods / sizeof *methods };

static const char all[] =
    "--methods=gradient,gradient_sum,guided_backprop,deconvnet,rectgrad_no_bias,lrp_zplus,"
    "lrp_epsilon,excitation_backprop";
static const char *const args[] = {all, "--layers=input", "--starts=logits",
                                   "--measures=spearman,spearman_absolute,ssim,hog_pearson", NULL};
static const char *const plain_args[] = {all, "--layers=input", "--targets=predicted,least", NULL};
static const char *const metric_args[] = {"--metrics=class_sensitivity", NULL};

static const struct study_step steps[] = {
    {"sanity", "cascade.h5", NULL, args},
    STEPS_CLASSES(plain_args, metric_args),
    {0},
};

#define FORGOTTEN(rule) PICK("cascade.h5", "convergence/cosine", rule, NULL, "input")

static const struct study_number numbers[] = {
    {"Gradient, last layer random, Spearman of |map|", "0.485",
     CASCADE("gradient", "#0", "spearman_absolute")},
    {"Guided Backprop, the same", "0.991", CASCADE("guided_backprop", "#0", "spearman_absolute")},
    {"Gradient, random to the middle, Spearman of |map|", "0.329",
     CASCADE("gradient", "#50%", "spearman_absolute")},
    {"Guided Backprop, the same", "0.848", CASCADE("guided_backprop", "#50%", "spearman_absolute")},
    {"Gradient, all random, Spearman of |map|", "0.042",
     CASCADE("gradient", "#-1", "spearman_absolute")},
    {"Guided Backprop, the same", "0.149", CASCADE("guided_backprop", "#-1", "spearman_absolute")},
    {"Gradient, last layer random, SSIM", "0.472", CASCADE("gradient", "#0", "ssim")},
    {"Guided Backprop, the same", "0.991", CASCADE("guided_backprop", "#0", "ssim")},
    {"Gradient, random to the middle, SSIM", "0.277", CASCADE("gradient", "#50%", "ssim")},
    {"Guided Backprop, the same", "0.852", CASCADE("guided_backprop", "#50%", "ssim")},
    {0},
};

static const struct study_claim claims[] = {
    ALIKE(
        "Last layer random: Guided Backprop stays more alike than the gradient (Spearman of |map|)",
        "guided_backprop", "gradient", "#0", "spearman_absolute"),
    ALIKE("Last layer random: RectGrad stays more alike than the gradient (Spearman of |map|)",
          "rectgrad_no_bias", "gradient", "#0", "spearman_absolute"),
    ALIKE("Last layer random: z+ (alpha1-beta0) stays more alike than the gradient (Spearman of "
          "|map|)",
          "lrp_zplus", "gradient", "#0", "spearman_absolute"),
    ALIKE("Random to the middle: Guided Backprop stays more alike than the gradient",
          "guided_backprop", "gradient", "#50%", "spearman_absolute"),
    ALIKE("Random to the middle: RectGrad stays more alike than the gradient", "rectgrad_no_bias",
          "gradient", "#50%", "spearman_absolute"),
    ALIKE("Random to the middle: z+ (alpha1-beta0) stays more alike than the gradient", "lrp_zplus",
          "gradient", "#50%", "spearman_absolute"),
    ALIKE(
        "Random to the middle: z+ stays more alike than LRP-epsilon, which is not purely positive",
        "lrp_zplus", "lrp_epsilon", "#50%", "spearman_absolute"),
    ABOVE("Random to the middle: Guided Backprop stays alike (Spearman of |map| above 0.5)",
          CASCADE("guided_backprop", "#50%", "spearman_absolute"), 0.5),
    ABOVE("Random to the middle: RectGrad stays alike (Spearman of |map| above 0.5)",
          CASCADE("rectgrad_no_bias", "#50%", "spearman_absolute"), 0.5),
    ABOVE("Random to the middle: z+ stays alike (Spearman of |map| above 0.5)",
          CASCADE("lrp_zplus", "#50%", "spearman_absolute"), 0.5),
    BELOW("Random to the middle: the gradient does not (Spearman of |map| below 0.5)",
          CASCADE("gradient", "#50%", "spearman_absolute"), 0.5),
    BELOW("Random to the middle: the signed gradient does not stay alike (Spearman below 0.1)",
          CASCADE("gradient_sum", "#50%", "spearman"), 0.1),
    MORE("Maps of two classes: Guided Backprop's are more alike than the gradient's (Spearman)",
         CLASSES("0", "guided_backprop"), CLASSES("0", "gradient")),
    MORE("Maps of two classes: z+'s are more alike than the gradient's", CLASSES("0", "lrp_zplus"),
         CLASSES("0", "gradient")),
    MORE("Random signals at the logits: z+ forgets them (|cos| at the input above the gradient's)",
         FORGOTTEN("lrp_zplus"), FORGOTTEN("gradient")),
    {0},
};

static err figures(struct report *r)
{
  TRY(figure_cascade(r, methods, N, "spearman", "Spearman, signed"));
  TRY(figure_cascade(r, methods, N, "spearman_absolute", "Spearman of |map|"));
  TRY(figure_cascade(r, methods, N, "ssim", "SSIM"));
  return figure_classes(r, methods, N);
}

const struct study_spec study_positive_propagation = {
    .name = "positive-propagation",
    .summary = "Do maps that keep only positive signals on the way back depend on the network?",
    .paper = "Khakzar, Baselizadeh, Navab 2020, arXiv:2012.00362",
    .where =
        "positive propagation, the figures of parameter randomisation and of output sensitivity",
    .measures =
        "similarity of maps of the trained network and of networks with random weights, from the "
        "logits back (cascade, fixed class, weights from N(0, 0.1^2)); maps of two classes; how "
        "fast "
        "random signals are forgotten (Sixt et al. 2020, arXiv:1912.09818)",
    .found = "Guided Backprop, RectGrad and LRP rules that keep positive signals alone are "
             "insensitive to "
             "parameter randomisation and to the output; the gradient is not",
    .source = "the authors' sanity checks (PathwayGrad), ResNet-50, 1,000 ImageNet images, classes "
              "predicted anew by every random network, maps as large as the input; the paper's own "
              "figures have no numbers",
    .steps = steps,
    .numbers = numbers,
    .claims = claims,
    .figures = figures,
};
