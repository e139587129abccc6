/** @file
 *  Ranks: start, agreement, stop word, end. */
#include "pipeline/comm.h"

#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TAG_STOP = 1 };

/* The process's place among the ranks; set once by comm_start. */
static struct {
  MPI_Comm world;
  int rank, size;
  bool started, asked, json;
  bool own_way; /* how one-sided operations are done is not the user's choice */
  int heard;    /* stop words received */
} comm = {.world = MPI_COMM_NULL, .size = 1};

static volatile sig_atomic_t caught;

/** " (rank 1 on host)" where there are several ranks. */
static const char *who(char *text, size_t bytes)
{
  char host[MPI_MAX_PROCESSOR_NAME] = "";
  int length = 0;
  text[0] = '\0';
  if (comm.size > 1 && comm.started && !MPI_Get_processor_name(host, &length))
    (void)snprintf(text, bytes, " (rank %d on %s)", comm.rank, host);
  return text;
}
#define WHO who((char[MPI_MAX_PROCESSOR_NAME + 32]){""}, MPI_MAX_PROCESSOR_NAME + 32)

void comm_report_json(void)
{
  comm.json = true;
}

void comm_warn(const char *text)
{
  if (comm.rank) return;
  json_t *o = comm.json ? json_pack("{s:s, s:s}", "event", "warning", "text", text) : NULL;
  char *line = o ? json_dumps(o, JSON_COMPACT) : NULL;
  (void)fprintf(stderr, "%s%s\n", line ? "" : "warning: ", line ? line : text);
  free(line);
  json_decref(o);
}

/** The failure of this rank, which is why the run ends. */
static void print_report(const char *job)
{
  if (!comm.json) {
    (void)fprintf(stderr, "retrograd%s%s: %s%s\n", *job ? " " : "", job, err_message(), WHO);
    return;
  }
  char host[MPI_MAX_PROCESSOR_NAME] = "";
  int length = 0;
  if (comm.started) MPI_Get_processor_name(host, &length);
  json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s}", "event", "end", "job", job, "reason",
                        "failed", "error", err_message(), "rank", comm.rank, "host", host);
  char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
  (void)fprintf(stderr, "%s\n", text ? text : "{\"event\":\"end\",\"reason\":\"failed\"}");
  free(text);
  json_decref(o);
}

/** The end of a run whose ranks cannot reach each other any more. */
static void end_by(int code)
{
  char reason[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, reason, &length);
  (void)fprintf(stderr, "retrograd: a message between ranks failed: %s%s\n", reason, WHO);
  MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): MPI's type */
static void on_mpi_error(MPI_Comm *where, int *code, ...)
{
  (void)where;
  end_by(*code);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): MPI's type */
static void on_window_error(MPI_Win *where, int *code, ...)
{
  (void)where;
  end_by(*code);
}

void comm_guard(MPI_Win window)
{
  MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
  MPI_Win_create_errhandler(on_window_error, &handler);
  MPI_Win_set_errhandler(window, handler);
  MPI_Errhandler_free(&handler);
}

/** MPI's own handler would print several lines that name no host. */
static void catch_errors(void)
{
  MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
  MPI_Comm_create_errhandler(on_mpi_error, &handler);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
  MPI_Comm_set_errhandler(comm.world, handler);
  MPI_Errhandler_free(&handler);
}

/** Ways of Open MPI 4.1 between ranks of one node that are left out; what the user has chosen stands.
 *
 *  One-sided operations through remote memory, its choice where the kernel allows it, end the process with
 *  SIGSEGV (4.1.4, Debian 12: a window of rank 0 and two ranks are enough).
 *
 *  Single copies of long messages through the other process's memory want rights that containers often
 *  lack, and spare little here, where long messages are few.  docs/cluster.md has what else is known. */
static void leave_out_ways(void)
{
  static const char one_sided[] = "OMPI_MCA_osc";
  comm.own_way = !getenv(one_sided);
  (void)setenv(one_sided, "^rdma", 0);
  (void)setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0);
}

bool comm_answers_alone(void)
{
  MPI_Comm node = MPI_COMM_NULL;
  int ranks = 0;
  MPI_Comm_split_type(comm.world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &ranks);
  MPI_Comm_free(&node);
  int64_t away = ranks < comm.size || !comm.own_way;
  comm_max(&away, 1);
  return !away;
}

err comm_start(int *argc, char ***argv)
{
  int provided = 0;
  leave_out_ways();
  MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &provided);
  comm.started = true;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm.world);
  MPI_Comm_rank(comm.world, &comm.rank);
  MPI_Comm_size(comm.world, &comm.size);
  catch_errors();
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
  print_report(job);
  if (trace) (void)fprintf(stderr, "  at %s\n", err_chain());
  return true;
}

void comm_share_from(int rank, void *data, int64_t bytes)
{
  if (comm.size == 1) return;
  for (char *p = data; bytes > 0;) {
    const int part = bytes < (INT64_C(1) << 30) ? (int)bytes : 1 << 30;
    MPI_Bcast(p, part, MPI_BYTE, rank, comm.world);
    p += part;
    bytes -= part;
  }
}

void comm_share(void *data, int64_t bytes)
{
  comm_share_from(0, data, bytes);
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

static void pause_briefly(void)
{
  const struct timespec pause = {.tv_nsec = 1000000};
  (void)nanosleep(&pause, NULL);
}

/** Wait for the slowest rank, asleep: it may still compute on this very core.  impatient: end all
 *  ranks when that takes too long. */
static void wait_for_all(const char *job, bool impatient)
{
  struct timespec began, now;
  MPI_Request all = MPI_REQUEST_NULL;
  int there = 0;
  (void)clock_gettime(CLOCK_MONOTONIC, &began);
  MPI_Ibarrier(comm.world, &all);
  for (;;) {
    MPI_Test(&all, &there, MPI_STATUS_IGNORE);
    if (there) return;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (impatient && now.tv_sec - began.tv_sec >= COMM_PATIENCE) break;
    pause_briefly();
  }
  print_report(job);
  MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

void comm_settle(const char *job, err mine, bool first_to_fail)
{
  if (comm.size == 1) return;
  wait_for_all(job, mine != ERR_OK && first_to_fail);
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
