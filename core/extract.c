/** @file
 *  The table of extracts, made from extract_list.h. */
#include "core/extract.h"

#include <string.h>

#define EXTRACT(name) extern const struct extract extract_##name;
#include "core/extract_list.h"
#undef EXTRACT

const struct extract *const extract_all[] = {
#define EXTRACT(name) &extract_##name,
#include "core/extract_list.h"
#undef EXTRACT
    NULL,
};

const struct extract *extract_find(const char *name)
{
  for (const struct extract *const *x = extract_all; *x; x++)
    if (!strcmp((*x)->name, name)) return *x;
  return NULL;
}
