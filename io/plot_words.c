/** @file
 *  Text of figures. */
#include "io/plot_words.h"

#include <stdio.h>
#include <string.h>

struct plot_words plot_words_of(const char *s, size_t most)
{
  static const char tail[] = "_output_0"; /* of many names in ONNX files */
  struct plot_words w = {""};
  size_t n = strlen(s), at = 0;
  if (*s == '/') s++, n--;
  if (n > sizeof tail && !strcmp(s + n - (sizeof tail - 1), tail)) n -= sizeof tail - 1;
  const size_t shown = n > most ? most - 2 : n;
  for (size_t i = 0; i < shown && at + 5 < sizeof w.text; i++) {
    if (s[i] == '#') w.text[at++] = '#';
    w.text[at++] = s[i];
  }
  (void)snprintf(w.text + at, sizeof w.text - at, n > most ? ".." : "");
  return w;
}
