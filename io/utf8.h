#pragma once
/* Text from outside: is it well-formed UTF-8? */
#include <stdbool.h>

/** Bytes (1 to 4) of the well-formed UTF-8 character that starts at p; 0 where there is none, and
 *  for the ending 0.  Source: The Unicode Standard 15.0, table 3-7. */
int utf8_length(const char *p);

/** True when the whole text is well-formed and without control characters. */
bool utf8_printable(const char *text);
