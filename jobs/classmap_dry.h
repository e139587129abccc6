#pragma once
/* The plan of a study of class maps in figures. */
#include "jobs/classmap_schema.h"

/** Print maps, passes, memory, bytes and time to stdout, rank 0; one pass is measured.  Collective. */
MUST_CHECK err classmap_dry(const struct classmap *c, const struct draft *s);
