/** @file
 *  The record behind FAIL and TRY: one per thread, because the decoding thread fails on its own. */
#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[2048];
static _Thread_local char chain[512];

/** Name of the file below the source folder: "core/plan.c". */
static const char *below_root(const char *file)
{
  const char *cut = NULL;
  for (const char *p = file; (p = strchr(p, '/')); p++) {
    const char *next = strchr(p + 1, '/');
    if (next && !strchr(next + 1, '/')) cut = p + 1;
  }
  return cut ? cut : file;
}

err err_raise(err code, const char *file, int line, const char *fmt, ...)
{
  va_list args;
  va_start(args, fmt);
  /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started one line above */
  (void)vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  (void)snprintf(chain, sizeof chain, "%s:%d", below_root(file), line);
  return code;
}

err err_trace(err code, const char *file, int line)
{
  const size_t used = strlen(chain);
  (void)snprintf(chain + used, sizeof chain - used, " < %s:%d", below_root(file), line);
  return code;
}

const char *err_message(void)
{
  return message;
}

const char *err_chain(void)
{
  return chain;
}

const char *err_meaning(err code)
{
  static const char *const text[] = {[ERR_OK] = "no error",
#define E(name, text) [name] = (text),
                                     ERR_LIST(E)
#undef E
  };
  return text[code];
}
