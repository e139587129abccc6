#pragma once
/* Height and width as an option's text. */
#include "core/err.h"

/** "224x320" is height x width, "224" is 224 x 224; each 1 to 65536.
 *  Errors: ERR_USAGE naming `option`, such as "--size"; height and width are written only on success. */
MUST_CHECK err size_read(const char *option, const char *text, int *height, int *width);
