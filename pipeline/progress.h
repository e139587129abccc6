#pragma once
/* How far a run is: one updating line on a terminal, a plain line now and then in a log, or JSON
 * lines.  Only rank 0 shows anything. */
#include "pipeline/deal.h"
#include "pipeline/study.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
  const char *what;      /* "attribute" */
  int64_t total, before; /* samples of the study; those done before this run */
  double every;          /* seconds between lines of a log file */
  double began, shown;
  bool terminal, json, quiet;
};

/** Begin; `before` samples were finished already. */
void progress_begin(struct progress *p, const struct study *s, int64_t before);

/** True when it is time to show something. */
bool progress_due(const struct progress *p);

/** Show what the ranks have told.  work [ranks] read only. */
void progress_show(struct progress *p, const struct deal_work *work, int ranks);

/** Show the whole run when its units are done; `more`: statistics over all samples follow. */
void progress_units(const struct progress *p, const struct study_result *r,
                    const struct deal_work *work, int ranks, bool more);

/** The last line: why the run ended. */
void progress_end(const struct progress *p, const struct study_result *r);

/** Shares, 0 to 1, over the ranks' busy times b and the part w of them spent writing:
 *
 *    imbalance = 1 - mean(b) / max(b)      io = sum(w) / sum(b)
 *
 *  work [ranks] read only. */
void progress_shares(const struct deal_work *work, int ranks, double *imbalance, double *io);

/** Seconds on a clock that only goes forward. */
double progress_clock(void);
