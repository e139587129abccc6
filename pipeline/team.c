/** @file
 *  Groups of ranks. */
#include "pipeline/team.h"

#include "core/class_map.h"
#include "pipeline/comm.h"

int team_ranks(int64_t units, int ranks, int feed)
{
  int best = 1;
  double least = 0.0;
  for (int s = 1; s <= feed && s <= ranks; s++) {
    const int64_t teams = ranks / s, rounds = (units + teams - 1) / teams;
    const double time = (double)rounds / s;
    if (s == 1 || time < least) {
      best = s;
      least = time;
    }
  }
  return best;
}

void team_make(int size, struct team *t)
{
  const int ranks = comm_size(), me = comm_rank(), n = size < ranks ? ranks / size : 1;
  int mine = 0;
  *t = (struct team){.size = 1, .n = ranks, .comm = MPI_COMM_NULL};
  if (size <= 1 || ranks == 1) return;
  while (class_team_first(ranks, n, mine + 1) <= me) mine++;
  t->n = n;
  MPI_Comm_split(comm_world(), mine, me, &t->comm); /* inherits the handler of failures */
  MPI_Comm_rank(t->comm, &t->rank);
  MPI_Comm_size(t->comm, &t->size);
}

void team_free(struct team *t)
{
  if (t->comm != MPI_COMM_NULL) MPI_Comm_free(&t->comm);
}

void team_share(const struct team *t, void *data, int64_t bytes)
{
  if (t->size > 1) MPI_Bcast(data, (int)bytes, MPI_BYTE, 0, t->comm);
}

err team_agree(const struct team *t, err mine)
{
  int failed = mine != ERR_OK;
  if (t->size > 1) MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_LOR, t->comm);
  if (mine) return mine;
  return failed ? FAIL(ERR_PEER, "a peer rank failed; see its own report") : ERR_OK;
}

void team_gather(void *who, void *data, int64_t item_bytes, int n)
{
  const struct team *t = who;
  char *bytes = data;
  for (int k = 0; k < t->size; k++) {
    const int first = class_team_first(n, t->size, k), end = class_team_first(n, t->size, k + 1);
    MPI_Datatype item = MPI_DATATYPE_NULL;
    if (end == first) continue;
    MPI_Type_contiguous((int)item_bytes, MPI_BYTE, &item);
    MPI_Type_commit(&item);
    MPI_Bcast(bytes + first * item_bytes, end - first, item, k, t->comm);
    MPI_Type_free(&item);
  }
}
