#pragma once
/* Pictures of class maps. */
#include "io/store.h"
#include "jobs/classmap.h"

/** Draw a PNG for each class and contact.png into a folder, made where it is missing.
 *  Errors: ERR_IO, ERR_MEMORY.  One process. */
MUST_CHECK err classmap_draw(const struct classmap *c, struct store *s, const char *folder);
