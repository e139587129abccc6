/** @file
 *  Choosing kernels by starting again. */
#include "jobs/kernels.h"

#include "core/blas.h"
#include "core/blas_core.h"
#include "core/product.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* In the environment of a process that began again, so that it does not do so for ever. */
static const char guard[] = "RETROGRAD_KERNELS";

static err begin_again(const char *core, char **argv)
{
  bool bad = setenv(guard, core ? core : "1", 1) != 0;
  bad = setenv("OPENBLAS_NUM_THREADS", "1", 1) != 0 || bad;
  if (core) bad = setenv("OPENBLAS_CORETYPE", core, 1) != 0 || bad;
  CHECK(!bad, ERR_MEMORY, "no memory for the environment");
  (void)execv("/proc/self/exe", argv);
  return FAIL(ERR_UNSUPPORTED, "cannot start again for other kernels: %s; set OPENBLAS_CORETYPE",
              strerror(errno));
}

err kernels_choose(const char *name, char **argv)
{
  const char *core = NULL;
  const bool automatic = name && strcasecmp(name, "auto") == 0;
  const bool again = getenv(guard) != NULL;
  (void)unsetenv(guard);
  if (name) product_choose(PRODUCT_OPENBLAS);
  if (name && !automatic) TRY(blas_core_find(name, &core));
  const bool other = core && strcmp(blas_core(), core) != 0;
  CHECK(!again || !other, ERR_UNSUPPORTED,
        "this OpenBLAS has no kernels for %s: it took those for %s", core, blas_core());
  if (!again && (other || blas_threads() > 1)) return begin_again(core, argv);
  return ERR_OK;
}
