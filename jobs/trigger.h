#pragma once
/* A known trigger, and how much of what a scan found lies in it. */
#include "jobs/option.h"
#include "jobs/report.h"

/** A table on the page, and FOLDER/trigger.csv: for each fine row of the suspected class, the share of the
 *  map's energy sum over channels of p^2 in the trigger, beside the trigger's share of the pixels, and the
 *  smaller patch's window against it: intersection over union, and the share of the trigger covered.
 *
 *  file: of `retrograd scan`; trigger: "Y:X:H:W", or a PNG as large as the input, pixels above 127;
 *  NULL: there is none, and a trigger.csv of before is removed
 *  Errors: ERR_USAGE (a box or mask that does not fit), those of reading.  One rank. */
MUST_CHECK err trigger_report(const struct report *r, const char *file, const char *trigger);

/** Whether trigger_report can read a trigger, by the input size of the model that a scan's options name.
 *  Errors: ERR_USAGE, those of reading the trigger and the model. */
MUST_CHECK err trigger_check(const char *trigger, const struct options *of_scan);
