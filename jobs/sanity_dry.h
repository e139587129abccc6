#pragma once
/* The plan of a study of parameter randomisation in figures. */
#include "jobs/sanity_plan.h"
#include "jobs/sanity_schema.h"

/** Print stages, passes, memory, bytes and time; one unit is computed.  Collective. */
MUST_CHECK err sanity_dry(const struct sanity *s, const struct attribute_schema *a);
