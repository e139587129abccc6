#pragma once
/* Names close to a mistyped one, for error messages. */

/** Write "; did you mean 'a', 'b' or 'c'?" into text (bytes long), or "" when nothing is near.
 *
 *  name   what was typed
 *  names  [n] what there is; read only; NULL when n is 0
 *  Nearness: Damerau-Levenshtein distance (each pair of letters swapped at most once) at most a third
 *  of the length of `name` (at least 2, and less than either length), or one contains the other (at
 *  least 3 letters); the nearest three, as many as fit.  Case and '-' against '_' do not count.
 *  Only the first 127 letters are looked at.  Returns text.  Cannot fail. */
const char *nearest_text(const char *name, const char *const *names, int n, char *text, int bytes);
