/** @file
 *  Figures that several studies share. */
#include "jobs/studies/figures.h"

static struct report_pick two_classes(const char *variable)
{
  return (struct report_pick){"classes.h5", variable, {"least", NULL, "class_sensitivity"}};
}

err figure_classes(const struct report *r, const char *const *methods, int n)
{
  return report_boxes(
      r, two_classes("values/@0"),
      &(struct report_drawing){"classes", "Maps of the most likely against the least likely class",
                               1, methods, n, "Spearman"});
}

err figure_classes_at_layers(const struct report *r, const char *const *methods, int n)
{
  TRY(report_layers(
      r, two_classes("values/@"), -1.0, 1.0,
      &(struct report_drawing){"layers",
                               "Maps of the most likely against the least likely class, Spearman",
                               1, methods, n, NULL}));
  return report_boxes(
      r, two_classes("values/@-1"),
      &(struct report_drawing){"last", "The same at the last layer with positions, over images", 1,
                               methods, n, "Spearman"});
}

err figure_cascade(const struct report *r, const char *const *methods, int n, const char *measure,
                   const char *label)
{
  const struct report_pick p = {
      "cascade.h5", "similarity/@0", {NULL, "cascade", NULL, NULL, measure}};
  return report_lines(
      r, p, 2, "trained",
      &(struct report_drawing){measure, "Weights random from the logits back to the layer named", 3,
                               methods, n, label});
}
