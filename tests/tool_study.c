/** @file
 *  A study whose units sleep instead of computing, for tests of the driver:
 *    tool_study FILE N UNIT SECONDS SLOW_RANK FACTOR [ALONE]
 *  A unit takes SECONDS, on SLOW_RANK FACTOR times as long.  Rows are those of study_schema.h.
 *  Rank 0 prints one line of JSON: when each rank left its last unit, and what each rank made.
 *  ALONE 1: the thread that answers other ranks is not given the word while units sleep. */
#include "io/dataset.h"
#include "pipeline/comm.h"
#include "pipeline/progress.h"
#include "pipeline/study.h"
#include "study_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RANKS = 64 };

struct toy {
  double seconds, began, ended;
  int64_t made;
  bool alone;
};

static void rest(double seconds)
{
  struct timespec t = {.tv_sec = (time_t)seconds};
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  (void)nanosleep(&t, NULL);
}

static err begin(void *who, struct store *s, const struct study_unit *first)
{
  (void)s, (void)first;
  struct toy *t = who;
  t->began = t->ended = progress_clock();
  return ERR_OK;
}

static err compute(void *who, struct store *s, const struct study_unit *u, uint8_t *status)
{
  static const char *const names[] = {"samples/logits",   "samples/score",    "maps/input",
                                      "maps/stage1.conv", "maps/stage2.relu", "maps/pool"};
  struct toy *t = who;
  if (!t->alone) comm_leave();
  rest(t->seconds);
  if (!t->alone) comm_enter();
  for (int k = 0; k < 6; k++) TRY(study_rows(s, names[k], k, u->first, u->count));
  memset(status, SAMPLE_DONE, (size_t)u->count);
  t->ended = progress_clock();
  t->made++;
  return ERR_OK;
}

static char *account(void *who)
{
  (void)who;
  return strdup("{}");
}

/** Times from the first rank's beginning; the ranks are on one machine and have one clock. */
static void print(const struct toy *t)
{
  double ended[RANKS], began = 0.0;
  int64_t made[RANKS];
  MPI_Allreduce(&t->began, &began, 1, MPI_DOUBLE, MPI_MIN, comm_world());
  const double mine = t->ended - began;
  MPI_Gather(&mine, 1, MPI_DOUBLE, ended, 1, MPI_DOUBLE, 0, comm_world());
  MPI_Gather(&t->made, 1, MPI_INT64_T, made, 1, MPI_INT64_T, 0, comm_world());
  if (comm_rank() != 0) return;
  (void)printf("{\"ended\": [");
  for (int r = 0; r < comm_size(); r++) (void)printf("%s%.3f", r ? ", " : "", ended[r]);
  (void)printf("], \"made\": [");
  for (int r = 0; r < comm_size(); r++) (void)printf("%s%lld", r ? ", " : "", (long long)made[r]);
  (void)printf("]}\n");
}

static err run(char **arg, int n)
{
  const int64_t samples = strtol(arg[1], NULL, 10);
  const bool slow = comm_rank() == (int)strtol(arg[4], NULL, 10);
  struct toy t = {.seconds = strtod(arg[3], NULL) * (slow ? strtod(arg[5], NULL) : 1.0),
                  .alone = n > 6 && strtol(arg[6], NULL, 10) != 0};
  struct study_result result;
  struct toy_study *const toy = study_make(samples);
  CHECK(toy, ERR_MEMORY, "schema");
  const struct study study = {.job = "toy",
                              .path = arg[0],
                              .schema = &toy->s,
                              .n_samples = samples,
                              .unit = (int)strtol(arg[2], NULL, 10),
                              .log_every = 1.0,
                              .who = &t,
                              .begin = begin,
                              .compute = compute,
                              .account = account};
  const err e = study_run(&study, &result);
  study_free(toy);
  TRY(e);
  print(&t);
  return ERR_OK;
}

int main(int argc, char **argv)
{
  err e = comm_start(&argc, &argv);
  if (!e) e = argc < 7 ? FAIL(ERR_USAGE, "arguments") : run(argv + 1, argc - 1);
  (void)comm_report("toy", e, false);
  return comm_finish(e ? 1 : 0);
}
