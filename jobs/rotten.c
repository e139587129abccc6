/** @file
 *  Checksums before a copy gets its name. */
#include "jobs/rotten.h"

#include <inttypes.h>
#include <stdio.h>

struct found {
  int64_t n, row; /* rows that differ, the first of them */
  char variable[520];
};

static void note(void *who, const char *variable, int64_t row)
{
  struct found *f = who;
  if (f->n++) return;
  f->row = row;
  (void)snprintf(f->variable, sizeof f->variable, "%s", variable);
}

err rotten_check(struct store *s, const char *path)
{
  struct found f = {.n = 0};
  bool there = false;
  TRY(store_sums_check(s, note, &f, &there));
  CHECK(!f.n, ERR_FORMAT,
        "%s: row %" PRId64 " of %s differs from its checksum, %" PRId64
        " in all: the file was damaged after it was written (retrograd verify)",
        path, f.row, f.variable, f.n);
  return ERR_OK;
}
