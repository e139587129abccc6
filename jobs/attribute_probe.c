/** @file
 *  Measuring units: the same steps in the same order as a run, in a file that nobody sees. */
#include "jobs/attribute_probe.h"

#include "jobs/attribute_schema.h"
#include "pipeline/comm.h"
#include "pipeline/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double enough = 1.0;      /* seconds measured */
static const double disk_enough = 4.0; /* where writing is much of it: a disk is fast at first */
static const double much = 0.25;
static const double long_enough = 5.0; /* a unit beside whose time its new pages do not count */
enum { FEWEST = 2, MOST_BYTES = 1 << 30, MOST_UNITS = 64 };

struct probe {
  const struct setup *setup;
  struct attribute_unit *unit;
  struct store *file; /* NULL: nothing is written */
  int status_var;
  uint8_t *status;    /* [unit] */
  int64_t n_units;    /* of the study */
  int64_t rows_units; /* that the file has rows for */
  double every;       /* seconds between syncs */
  double synced;
};

/** Bytes of a sample in the file. */
static int64_t row_bytes(const struct setup *s)
{
  int64_t floats = s->graph->classes;
  for (int i = 0; i < s->plan->n_places; i++) {
    const struct plan_tap *t = plan_place(s->plan, i);
    floats += (int64_t)s->n_targets * t->n_methods * t->height * t->width;
  }
  return floats * (int64_t)sizeof(float);
}

static int64_t clamp(int64_t n, int64_t most)
{
  return n < 1 ? 1 : n < most ? n : most;
}

/** Make a study of few samples under a name of this process, open it, and take its name away. */
static err open_file(struct probe *p, const struct options *o)
{
  const char *out = options_text(o, "out");
  struct setup few = *p->setup;
  struct attribute_schema *a = NULL;
  char path[4096];
  CHECK(out, ERR_USAGE, "there is no --out");
  const int n = snprintf(path, sizeof path, "%s.probe%d.%ld", out, comm_rank(), (long)getpid());
  CHECK(n < (int)sizeof path, ERR_USAGE, "the path is too long");
  few.brief = false;
  few.count = clamp(p->rows_units * few.unit, few.count);
  TRY(attribute_schema_make(&few, o, &a));
  err e = store_create(path, attribute_schema_of(a));
  attribute_schema_free(&a);
  if (e) return err_trace(e, __FILE__, __LINE__);
  e = store_open(path, MPI_COMM_SELF, &p->file);
  (void)unlink(path);
  if (!e) e = store_find(p->file, "samples/status", &p->status_var);
  if (!e) e = store_sums_begin(p->file, p->setup->unit);
  if (!e) e = attribute_unit_find(p->unit, p->file);
  if (e) store_close(&p->file);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

/** The i-th unit that this rank measures: spread over the study, because images differ. */
static struct study_unit unit_at(const struct probe *p, int64_t i)
{
  static const double golden = 0.6180339887498949;
  double whole = 0.0;
  const double part = modf(golden * (double)(i + 1 + comm_rank()), &whole);
  const int64_t k = (int64_t)(part * (double)p->n_units);
  const int64_t first = k * p->setup->unit, left = p->setup->count - first;
  return (struct study_unit){.first = first,
                             .count = (int)(left < p->setup->unit ? left : p->setup->unit)};
}

static err take_unit(struct probe *p, int64_t i)
{
  struct study_unit u = unit_at(p, i);
  const struct study_unit next = unit_at(p, i + 1);
  const int64_t row = i % p->rows_units * p->setup->unit;
  u.next_first = next.first;
  u.next_count = next.count;
  if (p->file) store_sums_unit(p->file, row, u.count);
  TRY(attribute_unit_compute_to(p->unit, p->file, &u, row, p->status));
  if (!p->file) return ERR_OK;
  store_sums_add(p->file, p->status_var, row, u.count, p->status);
  TRY(store_sums_write(p->file));
  if (progress_clock() - p->synced < p->every) return ERR_OK;
  p->synced = progress_clock();
  TRY(store_sync(p->file));
  return store_write(p->file, p->status_var, row, u.count, p->status);
}

/** Whether to measure one more after i units, n of which counted.  Pages that were written before cost
 *  less, so each unit has rows of its own where there are enough. */
static bool goes_on(const struct probe *p, int64_t i, int64_t n, double spent, double writing)
{
  if (n < FEWEST) return true;
  return n < MOST_UNITS && i < p->rows_units &&
         spent < (writing > much * spent ? disk_enough : enough);
}

/** Units until the time is over; the sync of those at its end counts. */
static err measure(struct probe *p, struct attribute_probe *out)
{
  double began = progress_clock(), written = 0.0;
  int64_t n = 0;
  p->synced = began;
  for (int64_t i = 0;
       goes_on(p, i, n, progress_clock() - began, p->file ? store_seconds(p->file) - written : 0.0);
       i++) {
    TRY(take_unit(p, i));
    n++;
    const double spent = progress_clock() - began;
    if (spent >= long_enough) break;
    if (i > 0) continue;
    if (p->file) TRY(store_sync(p->file));
    n = 0;
    out->start = progress_clock() - began;
    began = p->synced = progress_clock();
    written = p->file ? store_seconds(p->file) : 0.0;
  }
  if (p->file) TRY(store_sync(p->file));
  out->seconds = (progress_clock() - began) / (double)n;
  out->start = out->start > out->seconds ? out->start - out->seconds : 0.0;
  out->io = p->file ? (store_seconds(p->file) - written) / (double)n / out->seconds : 0.0;
  return ERR_OK;
}

/** Ranks that take t_r for a unit make sum(1 / t_r) units a second together. */
static void put_together(struct attribute_probe *out)
{
  const double parts = 1e9;
  int64_t sums[] = {(int64_t)(parts / out->seconds), (int64_t)(parts * out->io), !out->written};
  int64_t start = (int64_t)(parts * out->start);
  comm_sum(sums, 3);
  comm_max(&start, 1);
  out->start = (double)start / parts;
  out->seconds = (double)comm_size() * parts / (double)(sums[0] > 0 ? sums[0] : 1);
  out->io = (double)sums[1] / parts / (double)comm_size();
  out->written = sums[2] == 0;
}

err attribute_probe(const struct setup *s, const struct options *o, struct attribute_unit *u,
                    struct attribute_probe *out)
{
  const int64_t unit_bytes = row_bytes(s) * s->unit, fit = MOST_BYTES / unit_bytes;
  struct probe p = {.setup = s,
                    .unit = u,
                    .n_units = (s->count + s->unit - 1) / s->unit,
                    .rows_units = clamp(fit > FEWEST ? fit : FEWEST + 1, MOST_UNITS + 1),
                    .every = options_real(o, "commit-every")};
  *out = (struct attribute_probe){.written = true};
  p.rows_units = clamp(p.rows_units, clamp(s->count / s->unit, p.n_units)); /* whole units */
  p.status = calloc((size_t)s->unit, 1);
  err e = comm_agree(p.status ? ERR_OK : FAIL(ERR_MEMORY, "no memory for a unit"));
  if (!e && open_file(&p, o)) {
    out->written = false;
    (void)snprintf(out->why, sizeof out->why, "%s", err_message());
  }
  if (!e) e = comm_agree(measure(&p, out));
  store_close(&p.file);
  free(p.status);
  if (e) return err_trace(e, __FILE__, __LINE__);
  put_together(out);
  return ERR_OK;
}
