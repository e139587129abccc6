/** @file
 *  Windows of shared memory, one per node.  The first rank of a node owns all of it. */
#include "pipeline/shared.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { ALIGN = 64, SPARE = 1 << 20, PART = 1 << 30 };

struct shared {
  MPI_Comm node;
  MPI_Win window;
  unsigned char *memory;
  int64_t bytes;
  int rank, ranks;
};

/** Where Linux keeps shared memory there is room for that much.  A window that does not fit would
 *  end the process later, at the first page that is not there. */
static bool has_room(int64_t bytes)
{
  struct statvfs v;
  if (statvfs("/dev/shm", &v)) return true; /* kept elsewhere */
  return (double)v.f_bavail * (double)v.f_frsize >= (double)bytes + SPARE;
}

/** Smallest of a number over the ranks of a node. */
static int64_t smallest(MPI_Comm node, int64_t value)
{
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_MIN, node);
  return value;
}

static void open_window(struct shared *s)
{
  MPI_Aint size = s->rank == 0 ? (MPI_Aint)(s->bytes + ALIGN) : 0;
  int unit = 1;
  void *base = NULL;
  MPI_Win_allocate_shared(size, 1, MPI_INFO_NULL, s->node, (void *)&base, &s->window);
  MPI_Win_shared_query(s->window, 0, &size, &unit, (void *)&base);
  const uintptr_t spare = (ALIGN - (uintptr_t)base % ALIGN) % ALIGN;
  s->memory = (unsigned char *)base + spare; /* pages are mapped whole: the same place everywhere */
  MPI_Win_lock_all(MPI_MODE_NOCHECK, s->window);
}

/** The window of a node with several ranks.  The communicator is s's from here on. */
static err make(MPI_Comm node, int64_t bytes, struct shared *s)
{
  const int64_t least = smallest(node, bytes), most = -smallest(node, -bytes);
  CHECK(least == most, ERR_MISMATCH,
        "the ranks of one node want to share %" PRId64 " to %" PRId64
        " bytes of weights: did they read different models?",
        least, most);
  *s = (struct shared){.node = node, .window = MPI_WIN_NULL, .bytes = bytes};
  MPI_Comm_rank(node, &s->rank);
  MPI_Comm_size(node, &s->ranks);
  if (smallest(node, s->rank > 0 || has_room(bytes))) open_window(s);
  return ERR_OK;
}

/** Memory for the handle on every rank of the node, or on none. */
static err allocate(MPI_Comm node, struct shared **out)
{
  struct shared *s = calloc(1, sizeof *s);
  if (smallest(node, s != NULL)) {
    *out = s;
    return ERR_OK;
  }
  free(s);
  return FAIL(ERR_MEMORY, "no memory for a window");
}

err shared_make(MPI_Comm ranks, int64_t bytes, struct shared **out)
{
  MPI_Comm node = MPI_COMM_NULL;
  struct shared *s = NULL;
  int n = 0;
  err e = ERR_OK;
  *out = NULL;
  MPI_Comm_size(ranks, &n);
  if (n == 1) return ERR_OK;
  MPI_Comm_split_type(ranks, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &n);
  if (n == 1 || -smallest(node, -bytes) == 0) goto done;
  TRY_DONE(allocate(node, &s));
  TRY_DONE(make(node, bytes, s));
  *out = s;
  return ERR_OK;

done:
  free(s);
  MPI_Comm_free(&node);
  return e;
}

void shared_free(struct shared **shared)
{
  struct shared *s = *shared;
  if (!s) return;
  if (s->window != MPI_WIN_NULL) {
    MPI_Win_unlock_all(s->window);
    MPI_Win_free(&s->window);
  }
  MPI_Comm_free(&s->node);
  free(s);
  *shared = NULL;
}

void *shared_memory(const struct shared *s)
{
  return s ? s->memory : NULL;
}

bool shared_leads(const struct shared *s)
{
  return !s || s->rank == 0;
}

void shared_settle(struct shared *s)
{
  if (!s || !s->memory) return;
  MPI_Win_sync(s->window);
  MPI_Barrier(s->node);
  MPI_Win_sync(s->window);
}

int64_t shared_bytes(const struct shared *s)
{
  return s && s->memory ? s->bytes : 0;
}

int shared_ranks(const struct shared *s)
{
  return s ? s->ranks : 1;
}

/** Copy rank 0's block to the ranks that have a place of their own for it, or fill their node's. */
static void spread(MPI_Comm ranks, bool receives, void *block, int64_t bytes)
{
  MPI_Comm some = MPI_COMM_NULL;
  int rank = 0;
  MPI_Comm_rank(ranks, &rank);
  MPI_Comm_split(ranks, receives ? 0 : MPI_UNDEFINED, rank, &some);
  if (!receives) return;
  for (char *p = block; bytes > 0;) {
    const int part = bytes < PART ? (int)bytes : PART;
    MPI_Bcast(p, part, MPI_BYTE, 0, some);
    p += part;
    bytes -= part;
  }
  MPI_Comm_free(&some);
}

err shared_spread(MPI_Comm ranks, const void *from, int64_t bytes, struct shared **window,
                  void **own, const void **out)
{
  int rank = 0;
  const err made = shared_make(ranks, bytes, window);
  void *block = shared_memory(*window);
  const bool receives = !block || shared_leads(*window);
  if (!block && !made) block = *own = malloc((size_t)bytes);
  if (!smallest(ranks, block != NULL))
    return made ? made : FAIL(ERR_MEMORY, "no memory for the list of samples on some rank");
  MPI_Comm_rank(ranks, &rank);
  if (rank == 0 && block) memcpy(block, from, (size_t)bytes);
  spread(ranks, receives, block, bytes);
  shared_settle(*window);
  *out = block;
  return ERR_OK;
}
