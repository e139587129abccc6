#pragma once
/* A short part of a study, measured: for the prediction of its time and memory. */
#include "jobs/attribute_unit.h"

struct attribute_probe {
  double seconds; /* of a unit on one rank, writing included where it was measured */
  double start;   /* what the first unit takes more: its memory is new */
  double io;      /* share of them spent writing and syncing */
  bool written;   /* rows went to a file in the folder of --out */
  char why[400];  /* why not */
};

/** Compute units from all over the study for about a second, at least two after one that is not
 *  counted, as a run does: decoded ahead, written with their checksums to a file of this rank in the
 *  folder of --out, which has no name from its first row on, and synced as often as --commit-every
 *  says.  All ranks at once; seconds are those at which they would deal units together.
 *  Errors: of computing.  Collective. */
MUST_CHECK err attribute_probe(const struct setup *s, const struct options *o,
                               struct attribute_unit *u, struct attribute_probe *out);
