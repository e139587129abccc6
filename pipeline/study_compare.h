#pragma once
/* Two files of studies: what tells them apart. */
#include "core/err.h"

/** The failure that the text attribute `name` of the study in `path` is `there`, where `here` is
 *  wanted; of the configuration, a JSON object, the first setting that differs is named.
 *  remedy: what to do, ends the message.  Returns ERR_MISMATCH; ERR_OK where they are equal. */
MUST_CHECK err study_compare(const char *path, const char *name, const char *there,
                             const char *here, const char *remedy);

/** Where model and data lay when the study began: their checksums decide, not their paths. */
int study_is_description(const char *name);
