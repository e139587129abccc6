/** @file
 *  Ranks that open a file together: agreement and a limit, so that nobody waits for ever.
 *
 *  A rank of which a message is lost inside HDF5 waits in HDF5's own cleaning up, and cannot be told
 *  from one that waits for a rank that is slow or held still.  So the limit is generous. */
#include "io/store_hdf5.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const time_t patience = 3; /* seconds */
enum { LIMIT = 300 };             /* seconds */

static char late[512]; /* what is said when the limit is over */

static void on_limit(int number)
{
  (void)number;
  if (write(STDERR_FILENO, late, strlen(late)) < 0) _exit(2);
  _exit(1); /* the launcher ends the other ranks */
}

void store_watch_begin(MPI_Comm comm, const char *path)
{
  const struct sigaction act = {.sa_handler = on_limit};
  char host[MPI_MAX_PROCESSOR_NAME] = "";
  int rank = 0, length = 0;
  MPI_Comm_rank(comm, &rank);
  if (rank != 0) return; /* it is there as long as any other */
  MPI_Get_processor_name(host, &length);
  (void)snprintf(
      late, sizeof late,
      "retrograd: opening %.300s together took more than %d s: a rank is lost or the file "
      "system hangs (rank %d on %.100s)\n",
      path, LIMIT, rank, host);
  (void)sigaction(SIGALRM, &act, NULL);
  (void)alarm(LIMIT);
}

void store_watch_end(void)
{
  (void)alarm(0);
}

/** Wait for all ranks; false after a few seconds. */
static bool wait_briefly(MPI_Request *all)
{
  const struct timespec pause = {.tv_nsec = 1000000};
  struct timespec began, now;
  (void)clock_gettime(CLOCK_MONOTONIC, &began);
  for (now = began; now.tv_sec - began.tv_sec <= patience;
       (void)clock_gettime(CLOCK_MONOTONIC, &now)) {
    int there = 0;
    MPI_Test(all, &there, MPI_STATUS_IGNORE);
    if (there) return true;
    (void)nanosleep(&pause, NULL);
  }
  return false;
}

/** The failure as one of MPI, with its text. */
static void give_up(MPI_Comm comm)
{
  char text[MPI_MAX_ERROR_STRING];
  int code = MPI_ERR_OTHER;
  (void)snprintf(text, sizeof text, "%s", err_message());
  MPI_Add_error_code(MPI_ERR_OTHER, &code);
  MPI_Add_error_string(code, text);
  MPI_Comm_call_errhandler(comm, code);
}

err store_agree(MPI_Comm comm, const char *path, err mine)
{
  int failed = mine != ERR_OK, any = 0;
  MPI_Request all = MPI_REQUEST_NULL;
  /* NOLINTBEGIN(clang-analyzer-optin.mpi.MPI-Checker): MPI_Test waits, or all ranks end */
  MPI_Iallreduce(&failed, &any, 1, MPI_INT, MPI_MAX, comm, &all);
  if (mine && !wait_briefly(&all)) give_up(comm);
  MPI_Wait(&all, MPI_STATUS_IGNORE);
  if (mine || !any) return mine;
  /* NOLINTEND(clang-analyzer-optin.mpi.MPI-Checker) */
  return FAIL(ERR_PEER, "another rank cannot open %s", path);
}
