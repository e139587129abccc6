#pragma once
/* SHA-256 of bytes that come in pieces. */
#include "core/err.h"

#include <stddef.h>

struct sha256;

/** Errors: ERR_MEMORY, ERR_IO (the library has no SHA-256). */
MUST_CHECK err sha256_make(struct sha256 **out);

/** The same for SHA-1, by which ONNX names external data: its hex has 41 bytes. */
MUST_CHECK err sha256_make_sha1(struct sha256 **out);

/** Errors: ERR_IO. */
MUST_CHECK err sha256_add(struct sha256 *c, const void *bytes, size_t n);

/** Lower-case hex of the sum; hex has 65 bytes.  Nothing is added afterwards.  Errors: ERR_IO. */
MUST_CHECK err sha256_end(struct sha256 *c, char *hex);

/** Accepts NULL. */
void sha256_free(struct sha256 **c);
