#pragma once
/* What the files io/store*.c share: HDF5 handles, the reason of a failure, making of the skeleton.
 * Nothing else includes this. */
#include "io/store.h"

#include <hdf5.h>
#include <hdf5_hl.h>
#include <stddef.h>

#ifndef H5_HAVE_PARALLEL
#error "the store needs parallel HDF5: apt-get install libhdf5-openmpi-dev"
#endif

enum {
  STORE_REASON = 320,
  STORE_NAME = 256
}; /* bytes; netCDF's longest name is 256 with its zero */

struct store_slot { /* a variable that store_find has opened */
  char *path;       /* owned */
  hid_t set, space, type;
  int n_dims;
  hsize_t dim[STORE_MAX_DIMS];
  int64_t row_bytes;
  int64_t offset; /* of its first byte in the file, where it lies in one piece; else negative */
  enum store_type kind;
  int column; /* 1 + its column of checksums; 0: not looked for; -1: none */
};

/** An open file that HDF5 writes to by store_target_access_make. */
struct store_target {
  int fd;  /* not owned */
  int why; /* errno of the first write that failed: nothing was written since; 0 when all is well */
};

struct store {
  char *path; /* owned */
  hid_t file, transfer;
  int fd;        /* this rank's own descriptor for store_sync; -1 when read-only */
  bool parallel; /* opened by store_open */
  int n_slots, room;
  struct store_slot *slots; /* [room] owned */
  double seconds;           /* spent writing and syncing */
  struct store_sums *sums;  /* NULL: no checksums are taken; owned */
  char *temporary;          /* of store_begin: its name until store_finish; owned */
  struct store_target target;
};

/** Stop HDF5 from printing its errors; cheap, called by every function that opens or makes a file. */
void store_quiet(void);

/** What failed innermost in the HDF5 call that failed last, into text[STORE_REASON]; returns text. */
const char *store_reason(char *text);
#define REASON store_reason((char[STORE_REASON]){""})

/** Give back any handle but a file; accepts negative ones. */
void store_drop(hid_t id);

/** Agree on failure: ERR_PEER where only another rank failed.  A rank that failed waits a few seconds
 *  for the others, who may wait for it inside a collective call of HDF5; then it gives the
 *  communicator's error handler the reason, which ends all ranks.  Collective. */
MUST_CHECK err store_agree(MPI_Comm comm, const char *path, err mine);

/** From begin to end, rank 0 ends with a message when that takes minutes; its launcher ends the others.
 *  Not collective. */
void store_watch_begin(MPI_Comm comm, const char *path);
void store_watch_end(void);

/** Access properties for one process: no lock (shared file systems have none, a running job needs
 *  none), no sieve buffer between reader and file.  New, or negative. */
hid_t store_access_make(void);

/** Access properties by which H5Fcreate and H5Fopen take the target, whatever the name.  The target
 *  outlives every file opened so.  New, or negative. */
hid_t store_target_access_make(struct store_target *target);

/** The type in the file, equal to the one in memory on little-endian machines.  New, or negative. */
hid_t store_type_make(enum store_type type);

/** Type of the schema that a type in the file stands for.  Errors: ERR_UNSUPPORTED naming `path`. */
MUST_CHECK err store_type_of(hid_t type, const char *path, enum store_type *out);

/** n strings with every byte that is not UTF-8 replaced by U+FFFD: one block, freed by one free(),
 *  NULL when out of memory.  n = 0 gives a block too. */
char **store_text_make(int64_t n, const char *const *text);

/** Errors: ERR_FORMAT naming what netCDF, xarray or the store would not take. */
MUST_CHECK err store_check(const struct store_schema *s);

/** Bytes of all values of a schema, without HDF5's own. */
int64_t store_raw_bytes(const struct store_schema *s);

/** Index of the dimension that variable `v` names as its axis `axis`, or -1. */
int store_dim_index(const struct store_schema *s, const struct store_var *v, int axis);

/** Make a file with all that the schema holds, serially.
 *  access: by store_target_access_make; its target is overwritten.  Alignment and format are set in
 *  it; not taken over.
 *  level 0: contiguous, blocks allocated; level > 0: numbers chunked and deflated, not yet there.
 *  Errors: ERR_IO, ERR_MEMORY; what the disk refused is in the target alone. */
MUST_CHECK err store_skeleton(hid_t access, const struct store_schema *s, int level);

/** Extents of the chunks of a packed variable; false where it stays contiguous. */
bool store_chunk(int n_dims, const hsize_t *dim, size_t item, hsize_t *chunk);

/** Make the skeleton of `path` under the name `temporary`, blocks reserved.  Errors: as store_create. */
MUST_CHECK err store_write_skeleton(const char *path, const char *temporary,
                                    const struct store_schema *s);

/** The failure to write `path`: why is an errno; need: bytes of the whole file, -1 where not known. */
MUST_CHECK err store_space_error(const char *path, int64_t need, int why);

/** Sync `temporary`, rename it to `path` where there is none yet, sync the folder.
 *  Errors: ERR_USAGE (`path` exists), ERR_IO. */
MUST_CHECK err store_publish(const char *temporary, const char *path);

/** Errors: ERR_USAGE where `path` exists. */
MUST_CHECK err store_check_absent(const char *path);

/** `path` and a suffix; new, NULL when out of memory. */
char *store_path_make(const char *path, const char *suffix);

/** Names of the members of a group, in creation order.  One block, freed by one free(). */
MUST_CHECK err store_members(hid_t group, const char *name, int *n, char ***out);

/** Text of a VL string attribute of an open object; new, caller frees.  Errors: ERR_FORMAT. */
MUST_CHECK err store_attr_read_text(hid_t object, const char *name, char **out);

/** Values of a dataset of strings.  One block, freed by one free(). */
MUST_CHECK err store_strings(hid_t set, const char *path, int64_t *n, char ***out);

/** Seconds of a clock that only runs forwards. */
double store_clock(void);

/** A store without a file; NULL when out of memory.  store_close() frees it. */
struct store *store_make(const char *path);

/** Accepts NULL. */
void store_sums_free(struct store_sums **sums);

/** Give back every variable that store_find has opened. */
void store_drop_slots(struct store *s);

/** A schema read back from a file; it owns what it points to. */
struct store_copy {
  struct store *in;      /* not owned */
  struct store_schema s; /* its arrays are the three below */
  struct store_attr *attrs;
  struct store_dim *dims;
  struct store_var *vars;
  void **owned; /* [n_owned] of [room] */
  size_t n_owned, room;
};

/** Read the schema of an open file, all text of it included; rows of numbers are not read.  The
 *  caller frees, also after a failure.  Errors: ERR_FORMAT, ERR_UNSUPPORTED, ERR_MEMORY. */
MUST_CHECK err store_copy_read(struct store *in, struct store_copy *c);
MUST_CHECK err store_copy_add_dim(struct store_copy *c, const struct store_dim *d);
MUST_CHECK err store_copy_add_var(struct store_copy *c, const struct store_var *v);

/** Take over a block from malloc.  Errors: ERR_MEMORY where it is NULL or no more fit. */
MUST_CHECK err store_copy_own(struct store_copy *c, void *block);
void store_copy_free(struct store_copy *c);
