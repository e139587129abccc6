/** @file
 *  Progress lines. */
#include "pipeline/progress.h"

#include "pipeline/comm.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

double progress_clock(void)
{
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(struct progress *p, const struct study *s, int64_t before)
{
  *p = (struct progress){.what = s->job,
                         .total = s->n_samples,
                         .before = before,
                         .every = s->log_every,
                         .began = progress_clock(),
                         .shown = progress_clock(),
                         .terminal = isatty(STDERR_FILENO) == 1 && !s->log_json,
                         .json = s->log_json,
                         .quiet = s->quiet || comm_rank() != 0};
}

bool progress_due(const struct progress *p)
{
  return !p->quiet && progress_clock() - p->shown >= (p->terminal ? 0.5 : p->every);
}

void progress_shares(const struct deal_work *work, int ranks, double *imbalance, double *io)
{
  double most = 0.0, busy = 0.0, writing = 0.0;
  for (int r = 0; r < ranks; r++) {
    if (work[r].busy > most) most = work[r].busy;
    busy += work[r].busy;
    writing += work[r].io;
  }
  *imbalance = most > 0.0 ? 1.0 - busy / ((double)ranks * most) : 0.0;
  *io = busy > 0.0 ? writing / busy : 0.0;
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

/** A moment of a run. */
struct moment {
  int64_t done;                            /* samples of the study */
  double spent, rate, left, imbalance, io; /* left < 0: not known */
};

static struct moment now(const struct progress *p, const struct deal_work *work, int ranks)
{
  struct moment m = {.done = p->before, .spent = progress_clock() - p->began};
  for (int r = 0; r < ranks; r++) m.done += work[r].samples;
  m.rate = m.spent > 0.0 ? (double)(m.done - p->before) / m.spent : 0.0;
  m.left = m.rate > 0.0 ? (double)(p->total - m.done) / m.rate : -1.0;
  progress_shares(work, ranks, &m.imbalance, &m.io);
  return m;
}

static void print_text(const struct progress *p, const struct moment *m, const char *end)
{
  char time[32] = "?";
  const bool over = m->done >= p->total;
  if (over || m->left >= 0.0) duration(over ? m->spent : m->left, time, sizeof time);
  (void)fprintf(stderr,
                "%s%s: %" PRId64 " of %" PRId64
                " samples (%.1f %%), %.3g samples/s, %s%s, imbalance %.0f %%, I/O %.0f %%%s",
                p->terminal ? "\r\033[K" : "", p->what, m->done, p->total,
                p->total ? 100.0 * (double)m->done / (double)p->total : 100.0, m->rate, time,
                over ? "" : " left", 100.0 * m->imbalance, 100.0 * m->io, end);
}

static void print_json(const struct progress *p, const struct moment *m)
{
  char left[32] = "null";
  if (m->left >= 0.0) (void)snprintf(left, sizeof left, "%.1f", m->left);
  (void)fprintf(stderr,
                "{\"event\":\"progress\",\"job\":\"%s\",\"done\":%" PRId64 ",\"total\":%" PRId64
                ",\"seconds\":%.3f,\"samples_per_second\":%.6g,\"seconds_left\":%s,"
                "\"imbalance\":%.4f,\"io\":%.4f}\n",
                p->what, m->done, p->total, m->spent, m->rate, left, m->imbalance, m->io);
}

static void print(const struct progress *p, const struct deal_work *work, int ranks,
                  const char *end)
{
  const struct moment m = now(p, work, ranks);
  if (p->json) {
    print_json(p, &m);
  } else {
    print_text(p, &m, end);
  }
  (void)fflush(stderr);
}

void progress_show(struct progress *p, const struct deal_work *work, int ranks)
{
  p->shown = progress_clock();
  print(p, work, ranks, p->terminal ? "" : "\n");
}

/** Why a run ended that did not fail. */
static void reason(const struct study_result *r, char *text, size_t bytes)
{
  const char *name = r->signal == SIGUSR1   ? "SIGUSR1, the warning before a time limit"
                     : r->signal == SIGTERM ? "SIGTERM, a time limit or a cancelled job"
                                            : "another rank's wish";
  if (r->stopped) {
    (void)snprintf(text, bytes, "stopped by %s; start the same command again to continue", name);
  } else if (r->skipped) {
    (void)snprintf(text, bytes, "complete, %" PRId64 " samples were skipped", r->skipped);
  } else {
    (void)snprintf(text, bytes, "complete");
  }
}

void progress_units(const struct progress *p, const struct study_result *r,
                    const struct deal_work *work, int ranks, bool more)
{
  if (p->quiet) return;
  if (r->made) print(p, work, ranks, "\n");
  if (more && !p->json)
    (void)fprintf(stderr, "%s: statistics over all %" PRId64 " samples\n", p->what, p->total);
}

void progress_end(const struct progress *p, const struct study_result *r)
{
  char why[160];
  if (p->quiet) return;
  reason(r, why, sizeof why);
  if (p->json) {
    (void)fprintf(stderr,
                  "{\"event\":\"end\",\"job\":\"%s\",\"reason\":\"%s\",\"done\":%" PRId64
                  ",\"skipped\":%" PRId64 ",\"pending\":%" PRId64 ",\"seconds\":%.3f}\n",
                  p->what, why, r->done, r->skipped, r->pending, r->seconds);
  } else {
    (void)fprintf(stderr, "%s: ended after %.1f s: %s\n", p->what, r->seconds, why);
  }
}
