/** @file
 *  What is said where nobody said how pixels become the model's input. */
#include "io/dataset.h"
#include "jobs/setup.h"
#include "pipeline/comm.h"

#include <stdio.h>

void setup_say_pixels(const struct setup *s, const struct options *o)
{
  static const char *const names[] = {"scale", "mean", "std"};
  char beside[4096], text[4500];
  bool said = setup_recipe_path(s->model_path, options_text(o, "recipe"), beside, sizeof beside) ||
              (s->data && dataset_holds_inputs(s->data));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    said = said || options_given(o, names[i]);
  if (said) return;
  (void)snprintf(text, sizeof text,
                 "there is no %s, and no --mean or --std: the model is given pixels / 255; most "
                 "models want more (--scale says that yours does not)",
                 beside);
  comm_warn(text);
}
