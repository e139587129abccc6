#pragma once
/* OpenBLAS's kernel sets ("cores") by name, and what this CPU can run of them. */
#include "core/err.h"

#include <stdbool.h>

/** The core of that name in any case, as the library spells it.
 *  Errors: ERR_USAGE for one that is unknown or not for this CPU, with the list of those that are. */
MUST_CHECK err blas_core_find(const char *name, const char **found);

/** Whether this CPU has wider vectors than the kernels of that core use. */
bool blas_core_is_slow(const char *name);
