#pragma once
/* The one HDF5 file of a study: a skeleton made once, then raw data only.  io/store*.c own hdf5.h
 * (the reader of HDF5 data sets excepted). */
#include "core/err.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

enum store_type { STORE_F32, STORE_F64, STORE_U8, STORE_I32, STORE_I64, STORE_U32, STORE_TEXT };

enum { STORE_MAX_DIMS = 6 };

/** The root attribute `schema_version`: raised when a reader of the old layout would go wrong. */
enum { STORE_SCHEMA_VERSION = 1 };

/** A dimension: becomes an HDF5 dimension scale `group/name`.  With `text` its values are names
 *  (variable-length UTF-8), otherwise first, first + 1, ... */
struct store_dim {
  const char *group, *name;
  int64_t size;
  const char *const *text; /* [size] or NULL */
  const char *long_name;
  int64_t first;
};

struct store_attr {
  const char *name;
  enum store_type type; /* STORE_TEXT, STORE_I64 or STORE_F64 */
  const char *text;     /* one string */
  int n;                /* numbers: 1 writes a scalar */
  const int64_t *i64;
  const double *f64;
};

/** A variable: a contiguous dataset whose dimensions are scales of the same group.  In the file,
 *  variables follow the order of their groups' dimensions, so that a schema read back from a file
 *  makes that file again. */
struct store_var {
  const char *group, *name;
  enum store_type type;
  int n_dims;
  const char *dims[STORE_MAX_DIMS]; /* names of dimensions of `group` */
  const char *long_name, *units;    /* become attributes; units "1" when pure numbers */
  int n_attrs;
  const struct store_attr *attrs; /* more attributes */
  const void *data;               /* written at creation where not NULL: numbers, or char** for
                                       STORE_TEXT, which must be given here */
  bool zero;                      /* filled with zeros at creation (status) */
};

struct store_schema {
  int n_attrs;
  const struct store_attr *attrs; /* of the root group */
  int n_dims;
  const struct store_dim *dims;
  int n_vars;
  const struct store_var *vars;
};

/** Create `path`: the skeleton with every group, scale, variable and attribute is made under
 *  `path`.tmp, its blocks are reserved, it is synced and renamed, and the folder is synced.
 *  The same schema gives the same bytes.  Nothing stays behind on failure; a `path`.tmp that a
 *  killed run left is overwritten.  Bytes of text that are not UTF-8 become U+FFFD.
 *  The caller's root attributes hold software = "retrograd" and schema_version =
 *  STORE_SCHEMA_VERSION, by which the file is recognised.
 *  Errors: ERR_USAGE (`path` exists: it is never replaced), ERR_FORMAT (a name that netCDF does not
 *  take, an unknown dimension, missing units), ERR_IO (no space: says how many bytes are needed and
 *  how many are free), ERR_MEMORY.  Serial: one rank calls it. */
MUST_CHECK err store_create(const char *path, const struct store_schema *s);

/** Bytes that store_create will make of a schema, within 1 %; touches no disk.  Text and zeroed
 *  variables pass through memory. */
int64_t store_bytes(const struct store_schema *s);

struct store;

/** Open for writing raw data.  Collective over comm; a failure is agreed on, ranks that are well
 *  return ERR_PEER.  Errors: as store_open_read; ERR_IO (no permission to write). */
MUST_CHECK err store_open(const char *path, MPI_Comm comm, struct store **out);

/** Open read-only, also while a run writes the file and after that run was killed; takes no lock,
 *  every read goes to the file.
 *  Errors: ERR_INPUT (missing), ERR_FORMAT (not HDF5, not made by retrograd), ERR_UNSUPPORTED
 *  (another schema version).  Not collective. */
MUST_CHECK err store_open_read(const char *path, struct store **out);

/** Close; accepts NULL.  Collective when opened by store_open. */
void store_close(struct store **s);

/** Handle of a variable "group/name" ("maps/input").
 *  Errors: ERR_FORMAT naming it; ERR_UNSUPPORTED where a packed variable was to be written. */
MUST_CHECK err store_find(struct store *s, const char *path, int *var);

/** Extents of a variable. */
void store_extent(const struct store *s, int var, int *n_dims, int64_t dims[STORE_MAX_DIMS]);

/** Read a box: entries [first[k], first[k] + count[k]) of every axis k.
 *  values [count...] overwritten.  Independent.  Errors: ERR_SHAPE (not inside the variable), ERR_IO. */
MUST_CHECK err store_read_box(struct store *s, int var, const int64_t *first, const int64_t *count,
                              void *values);

/** Bytes of one row (index of the outermost dimension) of a variable. */
int64_t store_row_bytes(const struct store *s, int var);

/** Type of a variable's values. */
enum store_type store_kind(const struct store *s, int var);

/** Write rows [first, first + count) of the outermost dimension.
 *  rows [count, inner extents...] of the variable's type, read only.
 *  Independent: not collective, goes to the file at once.  Errors: ERR_IO. */
MUST_CHECK err store_write(struct store *s, int var, int64_t first, int64_t count,
                           const void *rows);

/** Read rows likewise.  rows overwritten.  Independent. */
MUST_CHECK err store_read(struct store *s, int var, int64_t first, int64_t count, void *rows);

/** Make all that this rank wrote durable: fsync of this rank's own descriptor.  Not collective. */
MUST_CHECK err store_sync(struct store *s);

/* Checksums, where a file has the variables checks/variable (names) and checks/crc32 (sample,
 * variable): CRC-32 of each row of each of these variables. */

/** From now on take the checksums of rows that are written; does nothing where the file has none.
 *  most_rows: of a unit.  Errors: ERR_FORMAT, ERR_MEMORY.  Not collective, on every rank. */
MUST_CHECK err store_sums_begin(struct store *s, int64_t most_rows);

/** The rows [first, first + count) come now. */
void store_sums_unit(struct store *s, int64_t first, int64_t count);

/** Take the checksums of rows that are written later. */
void store_sums_add(struct store *s, int var, int64_t first, int64_t count, const void *rows);

/** Write the checksums of the unit.  Errors: ERR_IO. */
MUST_CHECK err store_sums_write(struct store *s);

/** CRC-32 (zlib's, IEEE 802.3) of bytes, as in checks/crc32. */
uint32_t store_crc32(const void *bytes, int64_t n);

/** Compare every row of samples that are not pending with its checksum; `differs` is told of each
 *  that differs.  *there: whether the file has checksums.  Errors: ERR_IO, ERR_FORMAT, ERR_MEMORY. */
typedef void store_differs(void *who, const char *variable, int64_t row);
MUST_CHECK err store_sums_check(struct store *s, store_differs *differs, void *who, bool *there);

/** Seconds that this rank has spent in store_write and store_sync. */
double store_seconds(const struct store *s);

/** Text values of a variable or scale; *n strings, one block, freed by one free(). */
MUST_CHECK err store_read_text(struct store *s, const char *path, int64_t *n, char ***out);

/** Attribute of an object ("/" or "maps/input") as text (new, caller frees) or numbers. */
MUST_CHECK err store_attr_text(struct store *s, const char *object, const char *name, char **out);
MUST_CHECK err store_attr_i64(struct store *s, const char *object, const char *name, int max,
                              int *n, int64_t *out);

/** Names of the variables of a group that are not dimension scales, in creation (tap) order, by the
 *  integer attribute `index` where they have it.  One block, freed by one free(). */
MUST_CHECK err store_list(struct store *s, const char *group, int *n, char ***out);

/** Name of dimension `axis` of a variable, into text. */
MUST_CHECK err store_dim_name(struct store *s, int var, int axis, char *text, int bytes);

/** Copy the study `in` into the compressed file `out`: numbers are shuffled and deflated in chunks
 *  of whole rows of about half a MiB, all else stays as it is, the lines of `in`.runs.jsonl become the
 *  variable runs/line.  Readers see the same variables and attributes.  `out` appears under its name
 *  when it is complete and synced; nothing stays behind on failure.
 *  level: 1 (fast) to 9 (small).  Memory: all text of the file, and 8 MiB or the largest row.
 *  Errors: ERR_USAGE (`out` exists), ERR_INPUT, ERR_FORMAT, ERR_UNSUPPORTED, ERR_IO, ERR_MEMORY.
 *  Not collective: one rank calls it, with no run writing `in`. */
MUST_CHECK err store_pack(const char *in, const char *out, int level);

/* A file made by one process out of others. */

/** The schema of a file, as it would have to be given to make that file again (rows are the
 *  caller's to copy); the copy owns what *schema points to and outlives the store.
 *  Errors: ERR_FORMAT, ERR_UNSUPPORTED, ERR_MEMORY.  Not collective. */
struct store_copy;
MUST_CHECK err store_schema_read(struct store *s, struct store_copy **out,
                                 const struct store_schema **schema);
void store_schema_free(struct store_copy **c);

/** Make the skeleton of `path` under a temporary name and open it for this process alone.
 *  Errors: as store_create.  Not collective. */
MUST_CHECK err store_begin(const char *path, const struct store_schema *s, struct store **out);

/** Sync the file, give it its name and close it; after a failure nothing of it is left.
 *  Errors: ERR_USAGE (`path` exists meanwhile), ERR_IO. */
MUST_CHECK err store_finish(struct store **s);

/** Close a file of store_begin and remove it; accepts NULL. */
void store_discard(struct store **s);

/** Name and version of the file library, "HDF5 1.10.8". */
const char *store_version(void);
