#pragma once
/* --dry-run of a study of input bias. */
#include "io/store.h"
#include "jobs/bias_plan.h"

/** Print what the study would take, from the first unit; leaves no file.  Collective. */
MUST_CHECK err bias_dry(const struct bias *b, const struct store_schema *schema);
