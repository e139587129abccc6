/** @file
 *  Which part of a data set a run is about, and whether it was started as it was meant. */
#include "jobs/setup.h"
#include "pipeline/comm.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

err setup_tasks(const struct options *o)
{
  const char *text = getenv("SLURM_NTASKS");
  const long tasks = text ? strtol(text, NULL, 10) : 1;
  CHECK(tasks <= 1 || comm_size() > 1 || options_flag(o, "single"), ERR_USAGE,
        "Slurm gives %ld tasks (SLURM_NTASKS), but MPI has one rank, so the tasks do not know of "
        "each other: start with `srun --mpi=pmix` or `mpirun`; --single if one rank is meant",
        tasks);
  return ERR_OK;
}

/** First unit of shard `shard`, 0..n, where sizes differ by at most one unit. */
static int64_t first_unit(int64_t units, int64_t n, int64_t shard)
{
  const int64_t more = units % n;
  return shard * (units / n) + (shard < more ? shard : more);
}

/** A number without sign or blanks, followed by `end`; returns what follows that, or NULL. */
static const char *read_number(const char *text, char end, int64_t *value)
{
  char *stop = NULL;
  if (*text < '0' || *text > '9') return NULL;
  *value = strtoll(text, &stop, 10);
  return *stop == end ? stop + (end != 0) : NULL;
}

err setup_shard(struct setup *s, const struct options *o)
{
  const char *text = options_text(o, "shard"), *rest = NULL;
  int64_t i = 0, n = 0;
  if (!text) return ERR_OK;
  const int64_t samples = dataset_count(s->data), units = (samples + s->unit - 1) / s->unit;
  rest = read_number(text, '/', &i);
  CHECK(rest && read_number(rest, 0, &n), ERR_USAGE,
        "--shard %s: i/n is wanted, such as 2/8 for the second of eight", text);
  CHECK(i >= 1 && i <= n, ERR_USAGE, "--shard %s: shards are numbered from 1 to %" PRId64, text, n);
  CHECK(n <= units, ERR_USAGE,
        "--shard %s: there are %" PRId64 " units of %d samples, so %" PRId64 " shards at most",
        text, units, s->unit, units);
  if (n == 1) return ERR_OK;
  const int64_t end = first_unit(units, n, i) * s->unit;
  s->first = first_unit(units, n, i - 1) * s->unit;
  s->count = (end < samples ? end : samples) - s->first;
  s->shard = (int)i;
  s->n_shards = (int)n;
  return ERR_OK;
}
