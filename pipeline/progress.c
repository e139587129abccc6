/** @file
 *  Progress lines. */
#include "pipeline/progress.h"

#include "pipeline/comm.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

double progress_clock(void)
{
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(struct progress *p, const char *what, int64_t total, int64_t before,
                    double every, bool quiet)
{
  *p = (struct progress){.what = what,
                         .total = total,
                         .before = before,
                         .every = every,
                         .began = progress_clock(),
                         .shown = progress_clock(),
                         .terminal = isatty(STDERR_FILENO) == 1,
                         .quiet = quiet || comm_rank() != 0};
}

bool progress_due(const struct progress *p)
{
  return !p->quiet && progress_clock() - p->shown >= (p->terminal ? 0.5 : p->every);
}

/** "12 s", "3 min", "2.5 h". */
static void duration(double seconds, char *text, size_t bytes)
{
  if (seconds < 100.0) {
    (void)snprintf(text, bytes, "%.0f s", seconds);
  } else if (seconds < 6000.0) {
    (void)snprintf(text, bytes, "%.0f min", seconds / 60.0);
  } else {
    (void)snprintf(text, bytes, "%.1f h", seconds / 3600.0);
  }
}

static void line(const struct progress *p, int64_t done, const char *end)
{
  const double spent = progress_clock() - p->began;
  const double rate = spent > 0.0 ? (double)(done - p->before) / spent : 0.0;
  char left[32] = "?", took[32];
  if (rate > 0.0) duration((double)(p->total - done) / rate, left, sizeof left);
  duration(spent, took, sizeof took);
  (void)fprintf(stderr,
                "%s%s: %" PRId64 " of %" PRId64 " samples (%.1f %%), %.3g samples/s, %s%s%s",
                p->terminal ? "\r\033[K" : "", p->what, done, p->total,
                p->total ? 100.0 * (double)done / (double)p->total : 100.0, rate,
                done < p->total ? left : took, done < p->total ? " left" : "", end);
  (void)fflush(stderr);
}

void progress_show(struct progress *p, int64_t done)
{
  if (p->quiet) return;
  p->shown = progress_clock();
  line(p, done, p->terminal ? "" : "\n");
}

void progress_end(struct progress *p, int64_t done)
{
  if (!p->quiet) line(p, done, "\n");
}
