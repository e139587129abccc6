#pragma once
/* Which of OpenBLAS's kernels compute.  The library looks at the environment once, before main. */
#include "core/err.h"

/** Have the kernels of that name (NULL: those that the library takes by itself) and no thread of the
 *  library.  Where that needs another environment, the process begins again with it, once.
 *
 *  argv: of this process.  Before MPI starts.
 *  Errors: ERR_USAGE (unknown, or not for this CPU), ERR_UNSUPPORTED (not in this build of the
 *  library).  Not collective. */
MUST_CHECK err kernels_choose(const char *name, char **argv);
