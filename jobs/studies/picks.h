#pragma once
/* What tables of studies are made of: picks that several studies share, and rows of findings. */
#include "jobs/study_spec.h"

#define PICK(file, variable, ...) \
  {                               \
    file, variable,               \
    {                             \
      __VA_ARGS__                 \
    }                             \
  }

/* Of the step that randomises weights from the logits back, at its first layer. */
#define CASCADE(method, stage, measure) \
  PICK("cascade.h5", "similarity/@0", NULL, "cascade", stage, method, measure)

/* Of maps of the least likely class against the most likely one. */
#define CLASSES(layer, method) \
  PICK("classes.h5", "values/@" layer, "least", method, "class_sensitivity")

/* Of maps against objects; every cell of a mosaic is one. */
#define ON_OBJECT(layer, method) \
  PICK("pointing.h5", "values/@" layer, "#each", method, "energy_pointing")
#define POINTS(layer, method) PICK("pointing.h5", "values/@" layer, "#each", method, "pointing")

#define ABOVE(text, pick, margin)  \
  {                                \
    text, pick, {0}, margin, false \
  }
#define BELOW(text, pick, margin) \
  {                               \
    text, pick, {0}, margin, true \
  }
#define MORE(text, one, other)   \
  {                              \
    text, one, other, 0.0, false \
  }
#define LESS(text, one, other)  \
  {                             \
    text, one, other, 0.0, true \
  }

/* Maps of one method stay more alike than another's at a stage of the cascade. */
#define ALIKE(text, one, other, stage, measure) \
  MORE(text, CASCADE(one, stage, measure), CASCADE(other, stage, measure))

/* Steps of studies that compare maps of two classes, and maps with objects: maps.h5, then their values. */
#define STEPS_CLASSES(map_args, metrics)         \
  {"attribute", "maps.h5", NULL, map_args},      \
  {                                              \
    "evaluate", "classes.h5", "maps.h5", metrics \
  }
#define STEPS_OBJECTS(map_args, metrics)          \
  {"attribute", "maps.h5", NULL, map_args},       \
  {                                               \
    "evaluate", "pointing.h5", "maps.h5", metrics \
  }
