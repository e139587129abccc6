#pragma once
/* Arrays for numpy: a .npy file, or several arrays in one .npz.
 * Source: NumPy Enhancement Proposal 1, format 1.0. */
#include "core/err.h"

#include <stdint.h>

enum npy_type { NPY_F32, NPY_F64, NPY_U8, NPY_I32, NPY_I64, NPY_TEXT };

enum { NPY_MAX_DIMS = 8 };

/** Give rows [first, first + count) of the outermost axis.
 *  rows [count, inner extents...] overwritten. */
typedef err npy_fill(void *user, int64_t first, int64_t count, void *rows);

/** An array in C order; n_dims 0 is one number. */
struct npy_array {
  enum npy_type type;
  int text_width; /* NPY_TEXT: code points of every string, uint32 each, padded with 0 */
  int n_dims;
  int64_t dims[NPY_MAX_DIMS];
  const void *data; /* all values, or NULL: fill is asked for them */
  npy_fill *fill;
  void *user; /* given to fill */
};

/** Header of an array, a multiple of 64 bytes; new, caller frees.
 *  Errors: ERR_SHAPE (a negative extent, too many), ERR_MEMORY. */
MUST_CHECK err npy_header(const struct npy_array *a, char **out, int64_t *bytes);

/** Bytes of a row of the outermost axis. */
int64_t npy_row_bytes(const struct npy_array *a);

/** Rows of the outermost axis; 1 for one number. */
int64_t npy_rows(const struct npy_array *a);

/** Rows that are moved at once: about 4 MiB, at least 1. */
int64_t npy_block_rows(const struct npy_array *a);

/** Write one array to `path`, which is replaced when all is written.
 *  Errors: ERR_IO, ERR_MEMORY, ERR_SHAPE, those of fill.  Nothing stays behind on failure. */
MUST_CHECK err npy_write(const char *path, const struct npy_array *a);
