/** @file
 *  Akhtar and Jalwana 2023: maps of a class with no image. */
#include "jobs/studies/picks.h"

/* Small, so that a network of this size is done within minutes; --settings makes it larger. */
static const char *const args[] = {"--samples=48",  "--iterations=8",        "--keep-every=4",
                                   "--held-out=16", "--pictures=@/pictures", NULL};

static const struct study_step steps[] = {
    {"classmap", "classmap.h5", NULL, args},
    {0},
};

#define OF(variable, ...) PICK("classmap.h5", variable, __VA_ARGS__)

static const struct study_claim claims[] = {
    ABOVE("Maps repeat over seeds (smallest cosine with maps of other samples at least 0.95)",
          OF("summary/seed_cosine", "#least"), 0.95),
    ABOVE("They repeat over halves of the samples (cosine of the summed gradients at least 0.9)",
          OF("summary/halves_cosine", NULL), 0.9),
    ABOVE("They do not depend on the distribution of the samples (smallest cosine at least 0.7)",
          OF("summary/contrast_cosine", "#least"), 0.7),
    ABOVE("A map raises its own class's logit on samples that no iteration saw (nats)",
          OF("summary/gain", "#own"), 0.0),
    ABOVE("It raises it more than any other class's: the rows of the gain matrix are dominated by "
          "their diagonal (nats)",
          OF("summary/margin", NULL), 0.0),
    ABOVE("A class's logit is raised most by its own map: the columns are (share of classes)",
          OF("summary/best_map", NULL), 0.99),
    BELOW("Maps of different classes differ (largest cosine with another class's map below 0.5)",
          OF("summary/cosine", "#others"), 0.5),
    ABOVE("Refinement keeps the model's answer (rate with the refined map less that with the map)",
          OF("summary/refined_rate_gain", NULL), -0.02),
    BELOW("Maps of a network with fresh weights in its last stage are others (size of the cosine "
          "below 0.5)",
          OF("|summary/randomised_cosine|", "randomised_last"), 0.5),
    BELOW("So are those of one with fresh weights in all stages",
          OF("|summary/randomised_cosine|", "randomised_all"), 0.5),
    {0},
};

static err figures(struct report *r)
{
  report_say(r, "\n![Maps of all classes](pictures/contact.png)\n\n*Maps of all classes, and what "
                "they do*\n");
  TRY(report_table(r, "classmap.h5", "summary/gain", 0.0, 0.0, "gain",
                   "Gain of a class's logit (column) by a class's map (row), nats"));
  return report_table(r, "classmap.h5", "summary/cosine", -1.0, 1.0, "cosine",
                      "Cosine of the maps of two classes");
}

const struct study_spec study_input_agnostic = {
    .name = "input-agnostic",
    .summary = "What does a model look for in a class, with no image?",
    .paper = "Akhtar, Jalwana 2023, arXiv:2303.17836",
    .where = "the pictures of input-agnostic maps",
    .measures =
        "maps of every class from synthetic samples: whether they repeat over seeds, halves and "
        "distributions, raise their own class most, differ between classes, survive refinement and "
        "fall with the weights",
    .found = "its abstract: gradients of nudged points of an unrestricted distribution add up to "
             "high-level features that the model attributes to its outputs, shown without loss of "
             "model-fidelity for many concepts and large models; they also identify backdoors",
    .source =
        "the paper shows pictures; its text and its code could not be had, so the algorithm is "
        "a reconstruction, and the measures and thresholds are ours",
    .over = "classes",
    .no_images = true,
    .steps = steps,
    .claims = claims,
    .figures = figures,
};
