/** @file
 *  A thread that enters MPI while the main thread computes, one of the two at a time.
 *
 *  Open MPI 4.1 over TCP answers one-sided operations when their target calls MPI, whatever it calls:
 *  a claim on a rank that computes for two seconds takes two seconds without this thread, and about
 *  one pause of it with it (tests/pipeline_deal.py prints both). */
#include "pipeline/comm.h"

#include <pthread.h>
#include <time.h>

enum { TAG_NONE = 3, PAUSE_NS = 4000000, LOOKS = 3 };

static struct {
  pthread_t thread;
  pthread_mutex_t mpi; /* held by the thread that may call MPI */
  bool running, quit;  /* quit: guarded by mpi */
} attend = {.mpi = PTHREAD_MUTEX_INITIALIZER};

/** Look for a message that nobody sends: an operation goes on at each call. */
static void look(void)
{
  int there = 0;
  for (int i = 0; i < LOOKS; i++)
    MPI_Iprobe(MPI_ANY_SOURCE, TAG_NONE, comm_world(), &there, MPI_STATUS_IGNORE);
}

static void *answer(void *none)
{
  const struct timespec pause = {.tv_nsec = PAUSE_NS};
  for (bool quit = false; !quit;) {
    (void)nanosleep(&pause, NULL);
    if (pthread_mutex_trylock(&attend.mpi)) continue; /* the main thread is in MPI itself */
    quit = attend.quit;
    if (!quit) look();
    (void)pthread_mutex_unlock(&attend.mpi);
  }
  return none;
}

err comm_attend_begin(void)
{
  int provided = 0;
  MPI_Query_thread(&provided);
  if (provided < MPI_THREAD_SERIALIZED || attend.running) return ERR_OK;
  attend.quit = false;
  (void)pthread_mutex_lock(&attend.mpi);
  attend.running = pthread_create(&attend.thread, NULL, answer, NULL) == 0;
  if (attend.running) {
    (void)pthread_setname_np(attend.thread, "answering");
    return ERR_OK;
  }
  (void)pthread_mutex_unlock(&attend.mpi);
  return FAIL(ERR_MEMORY, "cannot start the thread that answers other ranks");
}

void comm_attend_end(void)
{
  if (!attend.running) return;
  attend.quit = true;
  (void)pthread_mutex_unlock(&attend.mpi);
  (void)pthread_join(attend.thread, NULL);
  attend.running = false;
}

void comm_leave(void)
{
  if (attend.running) (void)pthread_mutex_unlock(&attend.mpi);
}

void comm_enter(void)
{
  if (attend.running) (void)pthread_mutex_lock(&attend.mpi);
}
