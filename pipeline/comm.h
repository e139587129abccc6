#pragma once
/* The ranks of a run: start, end, and the few things that they do together. */
#include "core/err.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

/** Start MPI (one thread at a time calls it) and take a communicator of our own.  An MPI call that
 *  fails from then on ends all ranks with one message.  Collective. */
MUST_CHECK err comm_start(int *argc, char ***argv);

/** End MPI; returns the exit code that all ranks share: the given one if all agree, else the largest.
 *  Collective. */
int comm_finish(int exit_code);

/** An operation on this window that fails ends all ranks with one message, too. */
void comm_guard(MPI_Win window);

/* Without comm_start there is one rank, 0. */
MPI_Comm comm_world(void);
int comm_rank(void);
int comm_size(void);

/** Agree on failure: every rank gets an error if any rank had one: its own if it failed itself,
 *  ERR_PEER otherwise.  Collective. */
MUST_CHECK err comm_agree(err mine);

/** Print `retrograd JOB: text` once for all ranks: the report of the lowest rank whose error is its
 *  own, with its rank and host where there are several ranks.  Returns true on the rank that
 *  printed.  Collective. */
bool comm_report(const char *job, err mine, bool trace);

/** Reports are lines of JSON from now on.  Not collective. */
void comm_report_json(void);

/** A line on standard error, from rank 0 alone: "warning: text", or JSON.  Not collective. */
void comm_warn(const char *text);

/** Hand an array of rank 0 to all ranks.  Collective. */
void comm_share(void *data, int64_t bytes);

/** The same from another rank.  Collective. */
void comm_share_from(int rank, void *data, int64_t bytes);

/** Whether this rank's text equals rank 0's; `first` (bytes long) receives rank 0's.  Collective. */
bool comm_same(const char *mine, char *first, int bytes);

/** Sums of integers over all ranks, in place.  Collective. */
void comm_sum(int64_t *values, int n);

/** Largest of each value over all ranks, in place.  Collective. */
void comm_max(int64_t *values, int n);

/* The stop word: a rank that must stop early (signal, failure) tells the others without making them
 * wait; they look between units. */

/** Ask every other rank to stop after its current unit.  Not collective. */
void comm_ask_stop(void);

/** True once another rank asked.  Not collective. */
bool comm_stop_asked(void);

/** Wait until every rank has left its work, and take in what was asked and not seen yet.
 *
 *  mine: this rank's own failure.  The rank with `first_to_fail` does not wait for units that take
 *  long: after about COMM_PATIENCE seconds it prints its report and ends all ranks (a killed study
 *  continues as well as a stopped one).  Collective. */
enum { COMM_PATIENCE = 3 };
void comm_settle(const char *job, err mine, bool first_to_fail);

/* One-sided operations on memory of a rank over a network wait until that rank enters MPI; one that
 * computes for seconds does not.  So a thread of it enters MPI instead. */

/** Whether all ranks are on one node, where shared memory needs nobody's help.  Collective. */
bool comm_answers_alone(void);

/** Start the thread that enters MPI while the main thread has left it; does nothing where MPI allows
 *  one thread alone (units are then dealt as slowly as this rank computes them).  Errors: ERR_MEMORY.
 *  Not collective. */
MUST_CHECK err comm_attend_begin(void);

/** End the thread. */
void comm_attend_end(void);

/** The main thread calls neither MPI nor HDF5 between these two.  Not collective, cheap. */
void comm_leave(void);
void comm_enter(void);

/* Signals. */

/** From now on SIGUSR1 and SIGTERM set a flag instead of ending the process.  Not collective. */
void comm_catch_signals(void);

/** The signal caught, or 0. */
int comm_signal(void);

/** Concatenate one text per rank on rank 0, in order of ranks, with commas between: *all is new there, NULL elsewhere; the
 *  caller frees.  mine may be NULL.  Collective. */
MUST_CHECK err comm_gather_text(const char *mine, char **all);
