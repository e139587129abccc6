/** @file
 *  A shared counter, one reservation per rank, and a count of the units that have been started.
 *
 *  A rank that computes a unit has reserved the next one, to decode it meanwhile.  At the end an idle
 *  rank takes over reservations whose owner still computes; it leaves when every unit is started, so
 *  it waits for no more than the unit that somebody computes at that moment.
 *
 *  Words of the window of rank 0: */
#include "pipeline/deal.h"

#include "pipeline/comm.h"

#include <stdlib.h>
#include <time.h>

enum {
  NEXT,    /* the first unit that nobody has claimed; beyond the last one at the end */
  STARTED, /* units that some rank has begun to compute */
  FAILED,  /* 1 + the rank that failed first; 0: none */
  RANKS,   /* from here on RANK_WORDS words of each rank */
};
enum {
  RESERVED, /* 1 + the unit reserved by the rank; 0: none */
  SAMPLES,  /* deal_work, in units of 1 and of microseconds */
  BUSY,
  IO,
  RANK_WORDS
};
static const long MAX_PAUSE_NS = 64000000;

struct deal {
  int64_t n;
  int64_t mine;   /* 1 + the unit that this rank believes to have reserved */
  int64_t *alone; /* the words of a run with one rank; owned */
  int64_t *all;   /* [size * RANK_WORDS] room to read the words of all ranks; owned */
  MPI_Win window;
};

static int word_of(int rank, int k)
{
  return RANKS + rank * RANK_WORDS + k;
}

/** Wait for the operations since the last call. */
static void finish(struct deal *d)
{
  if (!d->alone) MPI_Win_flush(0, d->window);
}

/** *was = word; word += value.  The result is there after finish(). */
static void add(struct deal *d, int word, int64_t value, int64_t *was)
{
  if (d->alone) {
    *was = d->alone[word];
    d->alone[word] += value;
  } else {
    MPI_Fetch_and_op(&value, was, MPI_INT64_T, 0, word, MPI_SUM, d->window);
  }
}

/** *was = word; word = value where it was `expected`.  The result is there after finish(). */
static void swap(struct deal *d, int word, const int64_t *expected, const int64_t *value,
                 int64_t *was)
{
  if (d->alone) {
    *was = d->alone[word];
    if (*was == *expected) d->alone[word] = *value;
  } else {
    MPI_Compare_and_swap(value, expected, was, MPI_INT64_T, 0, word, d->window);
  }
}

/** words += or = values (op), sent off without waiting for the answer. */
static void put(struct deal *d, int word, int n, const int64_t *values, MPI_Op op)
{
  if (d->alone) {
    for (int k = 0; k < n; k++)
      d->alone[word + k] = op == MPI_SUM ? d->alone[word + k] + values[k] : values[k];
  } else {
    MPI_Accumulate(values, n, MPI_INT64_T, 0, word, n, MPI_INT64_T, op, d->window);
    MPI_Win_flush_local(0, d->window);
  }
}

/** Copy words, each of them whole. */
static void get(struct deal *d, int word, int n, int64_t *values)
{
  if (d->alone) {
    for (int k = 0; k < n; k++) values[k] = d->alone[word + k];
  } else {
    MPI_Get_accumulate(NULL, 0, MPI_INT64_T, values, n, MPI_INT64_T, 0, word, n, MPI_INT64_T,
                       MPI_NO_OP, d->window);
    finish(d);
  }
}

static void open_window(struct deal *d, int n_words)
{
  int64_t *words = NULL;
  const MPI_Aint bytes = comm_rank() == 0 ? (MPI_Aint)(n_words * (int)sizeof *words) : 0;
  MPI_Win_allocate(bytes, sizeof *words, MPI_INFO_NULL, comm_world(), (void *)&words, &d->window);
  comm_guard(d->window);
  MPI_Win_lock_all(0, d->window);
  for (int k = 0; bytes && k < n_words; k++) words[k] = 0;
  MPI_Win_sync(d->window);
  MPI_Barrier(comm_world());
}

err deal_make(int64_t n, struct deal **out)
{
  const int n_words = word_of(comm_size(), 0);
  struct deal *d = calloc(1, sizeof *d);
  int64_t *all = calloc((size_t)n_words, sizeof *all);
  int64_t *alone = comm_size() == 1 ? calloc((size_t)n_words, sizeof *alone) : NULL;
  const bool ready = d && all && (alone || comm_size() > 1);
  err e = comm_agree(ready ? ERR_OK : FAIL(ERR_MEMORY, "no memory to deal units"));
  if (!e && d) {
    *d = (struct deal){.n = n, .alone = alone, .all = all, .window = MPI_WIN_NULL};
    if (!alone) open_window(d, n_words);
    *out = d;
    const bool attend = !alone && !comm_answers_alone() && comm_rank() == 0;
    return comm_agree(attend ? comm_attend_begin() : ERR_OK);
  }
  free(alone);
  free(all);
  free(d);
  return err_trace(e, __FILE__, __LINE__);
}

void deal_free(struct deal **deal)
{
  struct deal *d = *deal;
  if (!d) return;
  comm_attend_end();
  if (d->window != MPI_WIN_NULL) {
    MPI_Win_unlock_all(d->window);
    MPI_Win_free(&d->window);
  }
  free(d->alone);
  free(d->all);
  free(d);
  *deal = NULL;
}

/** Make `unit` (or -1) the reservation of this rank, and count those that it has just started. */
static void reserve(struct deal *d, int64_t unit, int64_t started)
{
  d->mine = unit < d->n ? unit + 1 : 0;
  put(d, word_of(comm_rank(), RESERVED), 1, &d->mine, MPI_REPLACE);
  if (started) put(d, STARTED, 1, &started, MPI_SUM);
}

int64_t deal_reserve(struct deal *d)
{
  int64_t unit = 0;
  add(d, NEXT, 1, &unit);
  finish(d);
  reserve(d, unit, 0);
  return d->mine - 1;
}

/** Take over what some rank has reserved; -1 where nothing is. */
static int64_t take_over(struct deal *d)
{
  const int size = comm_size();
  const int64_t none = 0, one = 1;
  get(d, word_of(0, 0), size * RANK_WORDS, d->all);
  for (int k = 1; k < size; k++) {
    const int rank = (comm_rank() + k) % size;
    const int64_t reserved = d->all[rank * RANK_WORDS + RESERVED];
    int64_t was = 0;
    if (!reserved) continue;
    swap(d, word_of(rank, RESERVED), &reserved, &none, &was);
    finish(d);
    if (was != reserved) continue;
    put(d, STARTED, 1, &one, MPI_SUM);
    return reserved - 1;
  }
  return -1;
}

/** Nobody has a unit to give: find one that was about to be reserved, or see the last one started.
 *  Asks less and less often, because many ranks may be idle. */
static int64_t last_chance(struct deal *d)
{
  for (long pause = 1000000; !comm_signal() && !comm_stop_asked();
       pause *= pause < MAX_PAUSE_NS ? 2 : 1) {
    int64_t started = 0;
    get(d, STARTED, 1, &started);
    if (started >= d->n) break;
    const int64_t unit = take_over(d);
    if (unit >= 0) return unit;
    (void)nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
  }
  return -1;
}

int64_t deal_take(struct deal *d, int64_t *next)
{
  const int64_t none = 0, mine = d->mine;
  int64_t was = 0, claimed = d->n;
  *next = -1;
  if (mine) swap(d, word_of(comm_rank(), RESERVED), &mine, &none, &was);
  add(d, NEXT, 1, &claimed);
  finish(d);
  int64_t unit = mine && was == mine ? mine - 1 : -1;
  if (unit < 0) { /* taken over by another rank, or there was none */
    unit = claimed;
    if (unit < d->n) {
      add(d, NEXT, 1, &claimed);
      finish(d);
    }
  }
  d->mine = 0;
  if (unit >= d->n) return last_chance(d);
  reserve(d, claimed, 1);
  *next = d->mine - 1;
  return unit;
}

static int64_t microseconds(double seconds)
{
  return (int64_t)(seconds * 1e6);
}

void deal_tell(struct deal *d, const struct deal_work *mine)
{
  const int64_t words[] = {mine->samples, microseconds(mine->busy), microseconds(mine->io)};
  put(d, word_of(comm_rank(), SAMPLES), 3, words, MPI_REPLACE);
}

void deal_look(struct deal *d, struct deal_work *work)
{
  const int size = comm_size();
  get(d, word_of(0, 0), size * RANK_WORDS, d->all);
  for (int r = 0; r < size; r++) {
    const int64_t *w = d->all + (int64_t)r * RANK_WORDS;
    work[r] = (struct deal_work){w[SAMPLES], (double)w[BUSY] * 1e-6, (double)w[IO] * 1e-6};
  }
}

bool deal_first_to_fail(struct deal *d)
{
  const int64_t none = 0, me = comm_rank() + 1;
  int64_t was = 0;
  swap(d, FAILED, &none, &me, &was);
  finish(d);
  return was == 0;
}
