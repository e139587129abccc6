#pragma once
/* How far a run is: one updating line on a terminal, a plain line now and then in a log. */
#include <stdbool.h>
#include <stdint.h>

struct progress {
  const char *what;      /* "attribute" */
  int64_t total, before; /* samples of the study; those done before this run */
  double every;          /* seconds between lines of a log file */
  double began, shown;
  bool terminal, quiet;
};

/** Begin; only rank 0 shows anything. */
void progress_begin(struct progress *p, const char *what, int64_t total, int64_t before,
                    double every, bool quiet);

/** True when it is time to show something. */
bool progress_due(const struct progress *p);

/** Show that `done` samples of the study are committed. */
void progress_show(struct progress *p, int64_t done);

/** End the line. */
void progress_end(struct progress *p, int64_t done);

/** Seconds on a clock that only goes forward. */
double progress_clock(void);
