/** @file
 *  Text of all ranks brought to rank 0. */
#include "pipeline/comm.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_TEXT = 2 };

/** Receive the text of ranks 1.. behind that of rank 0. */
static void receive(char *all, int64_t used, const int64_t *bytes)
{
  for (int r = 1; r < comm_size(); r++) {
    all[used++] = ',';
    MPI_Recv(all + used, (int)bytes[r], MPI_CHAR, r, TAG_TEXT, comm_world(), MPI_STATUS_IGNORE);
    used += bytes[r];
  }
  all[used] = 0;
}

/** Bring the texts, whose lengths are agreed on, to rank 0. */
static err gather(const char *mine, const int64_t *bytes, char **all)
{
  const int64_t own = bytes[comm_rank()];
  int64_t total = comm_size();
  for (int r = 0; r < comm_size(); r++) total += bytes[r];
  char *text = comm_rank() == 0 ? malloc((size_t)total) : NULL;
  const bool failed = comm_rank() == 0 && !text;
  const err e = comm_agree(failed ? FAIL(ERR_MEMORY, "no memory for messages") : ERR_OK);
  if (e) {
    free(text);
    return err_trace(e, __FILE__, __LINE__);
  }
  if (text) {
    if (mine) memcpy(text, mine, (size_t)own);
    receive(text, own, bytes);
  } else {
    MPI_Send(mine ? mine : "", (int)own, MPI_CHAR, 0, TAG_TEXT, comm_world());
  }
  *all = text;
  return ERR_OK;
}

err comm_gather_text(const char *mine, char **all)
{
  const int64_t limit = 1 << 20; /* a rank with more to say is cut short */
  const int64_t own = mine ? (int64_t)strlen(mine) : 0;
  int64_t *bytes = calloc((size_t)comm_size(), sizeof *bytes);
  err e = comm_agree(bytes ? ERR_OK : FAIL(ERR_MEMORY, "no memory for %d ranks", comm_size()));
  if (!e && bytes) {
    bytes[comm_rank()] = own < limit ? own : limit;
    comm_max(bytes, comm_size());
    e = gather(mine, bytes, all);
  }
  free(bytes);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
