/** @file
 *  Dealing units to ranks and committing them. */
#include "pipeline/study.h"

#include "io/dataset.h"
#include "io/runlog.h"
#include "pipeline/comm.h"
#include "pipeline/deal.h"
#include "pipeline/progress.h"
#include "pipeline/study_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OPEN = 256 }; /* units that wait for one sync at most */

struct run {
  const struct study *study;
  struct store *store;
  struct runlog *log; /* rank 0 */
  int status_var;
  uint8_t *status; /* [n_samples] as the file will say */
  int64_t open
      [MOST_OPEN]; /* units of this rank, counted as in todo, whose rows are written and not synced */
  int n_open;
  double synced; /* when they were so last */
  int64_t *todo; /* units not finished, in order */
  int64_t n_todo;
  struct deal *deal;
  struct team team;
  struct deal_work work;  /* of this rank */
  struct deal_work *told; /* [size] of all ranks; rank 0 */
  int64_t before;         /* samples that were finished when this run began */
  struct progress progress;
};

/** First sample and number of samples of the unit that is dealt as number i; 0 samples for i = -1. */
static void unit_range(const struct run *r, int64_t i, int64_t *first, int *count)
{
  const struct study *s = r->study;
  *first = i < 0 ? 0 : r->todo[i] * s->unit;
  const int64_t left = s->n_samples - *first;
  *count = i < 0 ? 0 : (int)(left < s->unit ? left : s->unit);
}

static struct study_unit unit_at(const struct run *r, int64_t i, int64_t next)
{
  struct study_unit u = {.team = &r->team};
  unit_range(r, i, &u.first, &u.count);
  unit_range(r, next, &u.next_first, &u.next_count);
  return u;
}

/** Read the commit record, in agreement on all ranks, and list the units that it leaves. */
static err list_todo(struct run *r)
{
  const struct study *s = r->study;
  const int64_t units = (s->n_samples + s->unit - 1) / s->unit;
  r->status = calloc((size_t)s->n_samples + 1, 1);
  r->todo = malloc((size_t)(units + 1) * sizeof *r->todo);
  r->told = calloc((size_t)comm_size(), sizeof *r->told);
  CHECK(r->status && r->todo && r->told, ERR_MEMORY, "no memory for %lld samples",
        (long long)s->n_samples);
  TRY(store_find(r->store, "samples/status", &r->status_var));
  TRY(store_read(r->store, r->status_var, 0, s->n_samples, r->status));
  TRY(store_sums_begin(r->store, s->unit));
  for (int64_t k = 0; k < units; k++) {
    if (s->until && (k * s->unit < s->from || k * s->unit >= s->until)) continue;
    bool finished = true;
    for (int64_t i = k * s->unit; i < s->n_samples && i < (k + 1) * s->unit; i++)
      finished = finished && r->status[i] != SAMPLE_PENDING;
    if (!finished) r->todo[r->n_todo++] = k;
  }
  return ERR_OK;
}

/** Make durable what this rank wrote; the disk may take its time. */
static err sync_rows(struct run *r)
{
  comm_leave();
  const err e = store_sync(r->store);
  comm_enter();
  return e;
}

/** Write the status of the open units: one range where they follow each other. */
static err write_status(struct run *r)
{
  for (int k = 0, next; k < r->n_open; k = next) {
    int64_t first = 0, last = 0;
    int count = 0;
    unit_range(r, r->open[k], &first, &count);
    last = first + count;
    for (next = k + 1; next < r->n_open; next++) {
      int64_t begin = 0;
      unit_range(r, r->open[next], &begin, &count);
      if (begin != last) break;
      last += count;
    }
    TRY(store_write(r->store, r->status_var, first, last - first, r->status + first));
  }
  r->n_open = 0;
  return ERR_OK;
}

/** Sync the rows and checksums of the open units, then write their status bytes: they are the commit
 *  record, made durable by the next sync. */
static err commit(struct run *r)
{
  const err e = sync_rows(r);
  if (e) r->n_open = 0; /* lost rows are told once: a later sync would claim that all is well */
  TRY(e);
  TRY(write_status(r));
  r->synced = progress_clock();
  return ERR_OK;
}

/** Compute a unit, write its rows and their checksums. */
static err make_unit(struct run *r, const struct study_unit *u)
{
  uint8_t *status = r->status + u->first;
  store_sums_unit(r->store, u->first, u->count);
  TRY(r->study->compute(r->study->who, r->store, u, status));
  if (r->team.rank || status[0] == SAMPLE_PENDING) return ERR_OK;
  store_sums_add(r->store, r->status_var, u->first, u->count, status);
  return store_sums_write(r->store);
}

/** Make unit i, and commit it with those before it when it is time. */
static err take_unit(struct run *r, int64_t i, const struct study_unit *u)
{
  const double began = progress_clock();
  TRY(make_unit(r, u));
  if (r->status[u->first] == SAMPLE_PENDING) return ERR_OK;
  if (r->team.rank) {
    r->work.busy += progress_clock() - began;
    deal_tell(r->deal, &r->work);
    return ERR_OK;
  }
  r->open[r->n_open++] = i;
  if (r->n_open == MOST_OPEN || progress_clock() - r->synced >= r->study->commit_every)
    TRY(commit(r));
  r->work.samples += u->count;
  r->work.busy += progress_clock() - began;
  r->work.io = store_seconds(r->store);
  deal_tell(r->deal, &r->work);
  return ERR_OK;
}

/** Show what all ranks have told. */
static void show(struct run *r)
{
  if (!progress_due(&r->progress)) return;
  deal_look(r->deal, r->told);
  progress_show(&r->progress, r->told, comm_size());
}

/** The unit that the team computes next, and the one after it; -1 where there is none or somebody asks to
 *  stop.  Collective over the team. */
static int64_t next_unit(struct run *r, int64_t *next)
{
  int64_t pair[] = {-1, -1};
  if (!r->team.rank && !comm_signal() && !comm_stop_asked()) pair[0] = deal_take(r->deal, &pair[1]);
  team_share(&r->team, pair, sizeof pair);
  *next = pair[1];
  return pair[0];
}

/** Units until there are none or somebody asks to stop.  Collective over the team alone. */
static err take_units(struct run *r)
{
  int64_t next = r->team.rank ? -1 : deal_reserve(r->deal);
  const struct study_unit first = unit_at(r, next, -1);
  TRY(team_agree(&r->team, r->study->begin(r->study->who, r->store, &first)));
  for (int64_t i = next_unit(r, &next); i >= 0; i = next_unit(r, &next)) {
    const struct study_unit u = unit_at(r, i, next);
    TRY(team_agree(&r->team, take_unit(r, i, &u)));
    show(r);
  }
  return ERR_OK;
}

/** The units of this rank; what it has finished is durable afterwards, also where a unit fails. */
static err work(struct run *r)
{
  char why[1024];
  r->synced = progress_clock();
  const err mine = take_units(r);
  (void)snprintf(why, sizeof why, "%s", err_message());
  err last = commit(r);
  if (!last) last = sync_rows(r);
  if (mine && last) return FAIL(mine, "%s", why);
  return mine ? mine : last;
}

/** Every rank works, then all leave together. */
static err work_together(struct run *r)
{
  progress_begin(&r->progress, r->study, r->before);
  const err mine = work(r);
  const bool first = mine && mine != ERR_PEER && deal_first_to_fail(r->deal);
  if (mine || comm_signal()) comm_ask_stop();
  comm_settle(r->study->job, mine, first);
  deal_look(r->deal, r->told);
  return comm_agree(mine);
}

static void count(const struct run *r, struct study_result *out)
{
  *out = (struct study_result){0};
  for (int64_t i = 0; i < r->study->n_samples; i++) {
    out->done += r->status[i] == SAMPLE_DONE;
    out->pending += r->status[i] == SAMPLE_PENDING;
    out->skipped += r->status[i] != SAMPLE_DONE && r->status[i] != SAMPLE_PENDING;
  }
}

/** The last line of this run in the run log: what was really done, over all ranks. */
static err log_end(struct run *r, const struct study_result *res)
{
  char *mine = r->study->account(r->study->who), *all = NULL;
  const err e = comm_gather_text(mine, &all);
  free(mine);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (comm_rank() != 0) return ERR_OK;
  const size_t bytes = strlen(all) + 512;
  char *line = malloc(bytes);
  err logged = line ? ERR_OK : FAIL(ERR_MEMORY, "no memory for the run log");
  if (line) {
    (void)snprintf(
        line, bytes,
        "{\"event\":\"end\",\"made\":%lld,\"done\":%lld,\"skipped\":%lld,\"pending\":%lld,"
        "\"seconds\":%.3f,\"stopped\":%s,\"imbalance\":%.4f,\"io\":%.4f,\"ranks\":[%s]}",
        (long long)res->made, (long long)res->done, (long long)res->skipped,
        (long long)res->pending, res->seconds, res->stopped ? "true" : "false", res->imbalance,
        res->io, all);
    logged = runlog_append(r->log, line);
  }
  free(line);
  free(all);
  return logged;
}

/** What this run came to, from the file itself. */
static err take_stock(struct run *r, struct study_result *out)
{
  int64_t caught = comm_signal();
  TRY(store_read(r->store, r->status_var, 0, r->study->n_samples, r->status));
  count(r, out);
  out->made = r->work.samples;
  comm_sum(&out->made, 1);
  comm_max(&caught, 1);
  out->signal = (int)caught;
  out->stopped = out->pending > 0;
  progress_shares(r->told, comm_size(), &out->imbalance, &out->io);
  return ERR_OK;
}

/** Who computes units together. */
static void make_teams(struct run *r)
{
  const struct study *s = r->study;
  const int feed = s->feed > 1 ? s->feed : 1;
  team_make(s->team ? s->team : team_ranks(r->n_todo, comm_size(), feed), &r->team);
}

static bool has_finish(const struct run *r, const struct study_result *res)
{
  return !res->pending && r->study->finish;
}

/** What is made of all rows; durable when the run ends. */
static err finish(struct run *r, const struct study_result *res)
{
  if (!has_finish(r, res)) return ERR_OK;
  err e = r->study->finish(r->study->who, r->store);
  if (!e) e = sync_rows(r);
  return comm_agree(e);
}

static err run_units(struct run *r, struct study_result *out)
{
  TRY(comm_agree(list_todo(r)));
  for (int64_t i = 0; i < r->study->n_samples; i++) r->before += r->status[i] != SAMPLE_PENDING;
  TRY(deal_make(r->n_todo, &r->deal));
  make_teams(r);
  TRY(work_together(r));
  TRY(comm_agree(take_stock(r, out)));
  progress_units(&r->progress, out, r->told, comm_size(), out->made > 0 && has_finish(r, out));
  TRY(finish(r, out));
  out->seconds = progress_clock() - r->progress.began;
  TRY(comm_agree(log_end(r, out)));
  progress_end(&r->progress, out);
  return ERR_OK;
}

err study_run(const struct study *s, struct study_result *out)
{
  struct run r = {.study = s, .team = {.size = 1, .n = 1, .comm = MPI_COMM_NULL}};
  TRY(comm_agree(comm_rank() == 0 ? study_file_prepare(s, &r.log) : ERR_OK));
  comm_catch_signals();
  err e = comm_agree(store_open(s->path, comm_world(), &r.store));
  if (!e) e = run_units(&r, out);
  team_free(&r.team);
  deal_free(&r.deal);
  store_close(&r.store);
  free(r.status);
  free(r.todo);
  free(r.told);
  runlog_close(&r.log);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
