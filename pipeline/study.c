/** @file
 *  Dealing units to ranks and committing them. */
#include "pipeline/study.h"

#include "io/dataset.h"
#include "io/runlog.h"
#include "pipeline/comm.h"
#include "pipeline/progress.h"
#include "pipeline/study_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
  const struct study *study;
  struct store *store;
  struct runlog *log; /* rank 0 */
  int status_var;
  uint8_t *status; /* [n_samples] as the file says; then [unit] of the unit at hand */
  int64_t *todo;   /* units not finished, in order */
  int64_t n_todo;
  struct progress progress;
  int64_t made;
};

static struct study_unit unit_at(const struct run *r, int64_t i)
{
  const struct study *s = r->study;
  struct study_unit u = {0};
  const int64_t next = i + comm_size();
  if (i < r->n_todo) {
    u.first = r->todo[i] * s->unit;
    u.count = (int)(s->n_samples - u.first < s->unit ? s->n_samples - u.first : s->unit);
  }
  if (next < r->n_todo) {
    u.next_first = r->todo[next] * s->unit;
    u.next_count =
        (int)(s->n_samples - u.next_first < s->unit ? s->n_samples - u.next_first : s->unit);
  }
  return u;
}

/** Read the commit record, in agreement on all ranks, and list the units that it leaves. */
static err list_todo(struct run *r)
{
  const struct study *s = r->study;
  const int64_t units = (s->n_samples + s->unit - 1) / s->unit;
  r->status = calloc((size_t)(s->n_samples + s->unit), 1);
  r->todo = malloc((size_t)(units + 1) * sizeof *r->todo);
  CHECK(r->status && r->todo, ERR_MEMORY, "no memory for %lld samples", (long long)s->n_samples);
  TRY(store_find(r->store, "samples/status", &r->status_var));
  TRY(store_read(r->store, r->status_var, 0, s->n_samples, r->status));
  for (int64_t k = 0; k < units; k++) {
    bool finished = true;
    for (int64_t i = k * s->unit; i < s->n_samples && i < (k + 1) * s->unit; i++)
      finished = finished && r->status[i] != SAMPLE_PENDING;
    if (!finished) r->todo[r->n_todo++] = k;
  }
  return ERR_OK;
}

/** Data, sync, then the status bytes: they are the commit record, made durable by the next sync. */
static err commit(struct run *r, const struct study_unit *u)
{
  uint8_t *status = r->status + r->study->n_samples;
  memset(status, SAMPLE_PENDING, (size_t)r->study->unit);
  TRY(r->study->compute(r->study->who, r->store, u, status));
  TRY(store_sync(r->store));
  TRY(store_write(r->store, r->status_var, u->first, u->count, status));
  r->made += u->count;
  return ERR_OK;
}

/** Samples of the whole study that are committed now, by whatever rank. */
static int64_t committed(struct run *r)
{
  int64_t n = 0;
  if (store_read(r->store, r->status_var, 0, r->study->n_samples, r->status)) return n;
  for (int64_t i = 0; i < r->study->n_samples; i++) n += r->status[i] != SAMPLE_PENDING;
  return n;
}

/** This rank's share: every size-th of the units that are left.  Nothing here is collective. */
static err work(struct run *r)
{
  const struct study_unit first = unit_at(r, comm_rank());
  TRY(r->study->begin(r->study->who, r->store, &first));
  for (int64_t i = comm_rank(); i < r->n_todo; i += comm_size()) {
    if (comm_signal() || comm_stop_asked()) break;
    const struct study_unit u = unit_at(r, i);
    TRY(commit(r, &u));
    if (progress_due(&r->progress)) progress_show(&r->progress, committed(r));
  }
  TRY(store_sync(r->store));
  return ERR_OK;
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
        "\"seconds\":%.3f,\"stopped\":%s,\"ranks\":[%s]}",
        (long long)res->made, (long long)res->done, (long long)res->skipped,
        (long long)res->pending, res->seconds, res->stopped ? "true" : "false", all);
    logged = runlog_append(r->log, line);
  }
  free(line);
  free(all);
  return logged;
}

static err run_units(struct run *r, struct study_result *out)
{
  TRY(comm_agree(list_todo(r)));
  int64_t before = 0;
  for (int64_t i = 0; i < r->study->n_samples; i++) before += r->status[i] != SAMPLE_PENDING;
  progress_begin(&r->progress, r->study->job, r->study->n_samples, before, r->study->log_every,
                 r->study->quiet || !r->n_todo);
  const err mine = work(r);
  if (mine || comm_signal()) comm_ask_stop();
  comm_settle();
  TRY(comm_agree(mine));
  const int64_t now = committed(r);
  progress_end(&r->progress, now);
  count(r, out);
  out->made = r->made;
  comm_sum(&out->made, 1);
  out->seconds = progress_clock() - r->progress.began;
  out->stopped = out->pending > 0;
  TRY(comm_agree(log_end(r, out)));
  return ERR_OK;
}

err study_run(const struct study *s, struct study_result *out)
{
  struct run r = {.study = s};
  TRY(comm_agree(comm_rank() == 0 ? study_file_prepare(s, &r.log) : ERR_OK));
  comm_catch_signals();
  err e = comm_agree(store_open(s->path, comm_world(), &r.store));
  if (!e) e = run_units(&r, out);
  store_close(&r.store);
  free(r.status);
  free(r.todo);
  runlog_close(&r.log);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
