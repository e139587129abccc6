#pragma once
/* The file of a scan, as data: docs/format.md in code. */
#include "jobs/draft.h"
#include "jobs/scan_job.h"

/** Describe the file.  j must outlive it.  Errors: ERR_MEMORY. */
MUST_CHECK err scan_schema_make(const struct scan_job *j, const struct options *o,
                                struct draft **out);
/** Quantities of /verdict, one value each. */
#define SCAN_VERDICT_LIST(E)                                                                       \
  E(VERDICT_TARGET, "target", "class whose score is the largest")                                  \
  E(VERDICT_SCORE, "score", "the largest score")                                                   \
  E(VERDICT_SPREAD, "spread",                                                                      \
    "standard deviation of that class's log gain over parts of the pool")                          \
  E(VERDICT_P, "p_value", "chance of a clean model to have a score that large, by the null's law") \
  E(VERDICT_COUNTED, "p_counted", "the same by counting models of the null")                       \
  E(VERDICT_PROBABILITY, "probability", "that the model has a backdoor, prior one half")           \
  E(VERDICT_INDEX, "anomaly_index", "classic index of the gains, by median and MAD")               \
  E(VERDICT_RATE, "rate", "share of pool images that the best pattern sends to the target")        \
  E(VERDICT_CLEAN_RATE, "clean_rate", "the same of clean images, NaN without them")                \
  E(VERDICT_REACHED, "reached", "share of pool images that reached their class's margin")          \
  E(VERDICT_CLEANSE_TARGET, "neural_cleanse_target", "class of the smallest mask")                 \
  E(VERDICT_CLEANSE_INDEX, "neural_cleanse_index", "anomaly index of the masks' norms")            \
  E(VERDICT_INSPECT_TARGET, "neuron_inspect_target", "class of the smallest feature")              \
  E(VERDICT_INSPECT_INDEX, "neuron_inspect_index", "anomaly index of the features")

enum {
#define E(id, name, about) id,
  SCAN_VERDICT_LIST(E)
#undef E
      SCAN_VERDICTS
};

extern const char *const scan_verdict_names[SCAN_VERDICTS + 1];
