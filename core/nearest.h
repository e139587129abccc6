#pragma once
/* Names close to a mistyped one, for error messages. */

/** Write "; did you mean 'a', 'b' or 'c'?" into text (bytes long), or "" when nothing is near.
 *  names [n].  Nearness: Damerau-Levenshtein distance at most a third of the length (at least 2),
 *  or one contains the other; the nearest three.  Returns text. */
const char *nearest_text(const char *name, const char *const *names, int n, char *text, int bytes);
