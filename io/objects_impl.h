#pragma once
/* What the list of objects and its readers share. */
#include "io/objects.h"

struct object {
  int class;
  bool difficult;
  int box[4];
  char *mask;    /* path of a PNG, owned; NULL: a box */
  int name_at;   /* where its name without the folder begins */
  int64_t bytes; /* of that file */
  int64_t next;  /* of the same sample, -1: none */
};

struct objects {
  int64_t n_samples, n, max;
  int64_t *first; /* [n_samples] -1: none */
  struct object *each;
};

/** Errors: ERR_MEMORY. */
MUST_CHECK err objects_append(struct objects *o, int64_t sample, const struct object *x);
