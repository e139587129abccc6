/** @file
 *  Ranks: start, agreement, stop word, end. */
#include "pipeline/comm.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_STOP = 1 };

/* The process's place among the ranks; set once by comm_start. */
static struct {
  MPI_Comm world;
  int rank, size;
  bool started, asked;
  int heard; /* stop words received */
} comm = {.world = MPI_COMM_NULL, .size = 1};

static volatile sig_atomic_t caught;

err comm_start(int *argc, char ***argv)
{
  int provided = 0;
  MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
  comm.started = true;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm.world);
  MPI_Comm_rank(comm.world, &comm.rank);
  MPI_Comm_size(comm.world, &comm.size);
  CHECK(provided >= MPI_THREAD_FUNNELED, ERR_UNSUPPORTED,
        "this MPI library does not allow a decoding thread beside it (MPI_THREAD_FUNNELED)");
  return ERR_OK;
}

int comm_finish(int exit_code)
{
  if (!comm.started) return exit_code;
  int64_t code = exit_code;
  comm_max(&code, 1);
  MPI_Comm_free(&comm.world);
  MPI_Finalize();
  comm.started = false;
  return (int)code;
}

MPI_Comm comm_world(void)
{
  return comm.started ? comm.world : MPI_COMM_SELF;
}
int comm_rank(void)
{
  return comm.rank;
}
int comm_size(void)
{
  return comm.size;
}

err comm_agree(err mine)
{
  int failed = mine != ERR_OK;
  if (comm.size > 1) MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_LOR, comm.world);
  if (mine) return mine;
  return failed ? FAIL(ERR_PEER, "another rank failed; see its own report") : ERR_OK;
}

bool comm_report(const char *job, err mine, bool trace)
{
  int lowest = mine && mine != ERR_PEER ? comm.rank : INT_MAX;
  if (comm.size > 1) MPI_Allreduce(MPI_IN_PLACE, &lowest, 1, MPI_INT, MPI_MIN, comm.world);
  if (lowest != comm.rank) return false;
  char who[MPI_MAX_PROCESSOR_NAME + 32] = "", host[MPI_MAX_PROCESSOR_NAME] = "";
  int length = 0;
  if (comm.size > 1 && comm.started && !MPI_Get_processor_name(host, &length))
    (void)snprintf(who, sizeof who, " (rank %d on %s)", comm.rank, host);
  (void)fprintf(stderr, "retrograd%s%s: %s%s\n", *job ? " " : "", job, err_message(), who);
  if (trace) (void)fprintf(stderr, "  at %s\n", err_chain());
  return true;
}

void comm_share(void *data, int64_t bytes)
{
  if (comm.size == 1) return;
  for (char *p = data; bytes > 0;) {
    const int part = bytes < (INT64_C(1) << 30) ? (int)bytes : 1 << 30;
    MPI_Bcast(p, part, MPI_BYTE, 0, comm.world);
    p += part;
    bytes -= part;
  }
}

bool comm_same(const char *mine, char *first, int bytes)
{
  (void)snprintf(first, (size_t)bytes, "%s", mine);
  const bool cut = strlen(mine) >= (size_t)bytes;
  comm_share(first, bytes);
  return !cut && !strcmp(first, mine);
}

void comm_sum(int64_t *values, int n)
{
  if (comm.size > 1) MPI_Allreduce(MPI_IN_PLACE, values, n, MPI_INT64_T, MPI_SUM, comm.world);
}

void comm_max(int64_t *values, int n)
{
  if (comm.size > 1) MPI_Allreduce(MPI_IN_PLACE, values, n, MPI_INT64_T, MPI_MAX, comm.world);
}

void comm_ask_stop(void)
{
  if (comm.asked) return;
  comm.asked = true;
  const char word = 1; /* one byte goes out at once whether or not it is expected */
  for (int r = 0; r < comm.size; r++)
    if (r != comm.rank) MPI_Send(&word, 1, MPI_CHAR, r, TAG_STOP, comm.world);
}

/** Receive one stop word if there is one. */
static bool hear(void)
{
  int there = 0;
  char word = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, TAG_STOP, comm.world, &there, MPI_STATUS_IGNORE);
  if (!there) return false;
  MPI_Recv(&word, 1, MPI_CHAR, MPI_ANY_SOURCE, TAG_STOP, comm.world, MPI_STATUS_IGNORE);
  comm.heard++;
  return true;
}

bool comm_stop_asked(void)
{
  if (comm.size == 1) return false;
  return comm.heard > 0 || hear();
}

void comm_settle(void)
{
  if (comm.size == 1) return;
  int64_t asked = comm.asked;
  comm_sum(&asked, 1);
  const int expected = (int)asked - (comm.asked ? 1 : 0);
  while (comm.heard < expected) (void)hear();
  comm.heard = 0;
  comm.asked = false;
}

static void on_signal(int signal_number)
{
  caught = signal_number;
}

void comm_catch_signals(void)
{
  struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  (void)sigemptyset(&act.sa_mask);
  (void)sigaction(SIGUSR1, &act, NULL);
  (void)sigaction(SIGTERM, &act, NULL);
}

int comm_signal(void)
{
  return caught;
}
