#pragma once
/* Several arrays in one .npz file (a ZIP archive of .npy files, stored as they are).
 * The one owner of zip.h. */
#include "io/npy.h"

struct npz;

/** Begin an archive; nothing is written before npz_close.
 *  Errors: ERR_USAGE (`path` exists: it is never replaced), ERR_IO. */
MUST_CHECK err npz_open(const char *path, struct npz **out);

/** Add an array under a name that has not been used.  a is copied; what a->data, a->fill and a->user
 *  point to is read by npz_close and must live until then.
 *  Errors: ERR_SHAPE, ERR_MEMORY, ERR_USAGE (name used twice). */
MUST_CHECK err npz_add(struct npz *z, const char *name, const struct npy_array *a);

/** Write the archive under a temporary name, asking each array for its rows in blocks of about
 *  4 MiB, and rename it.  More than 4 GiB are fine.  z is freed in any case; nothing stays behind on
 *  failure.  The same arrays give the same bytes.  Errors: those of fill, ERR_IO. */
MUST_CHECK err npz_close(struct npz **z);

/** Give up without writing; accepts NULL. */
void npz_discard(struct npz **z);
