/** @file
 *  Text of figures. */
#include "io/plot_words.h"

#include "io/short_name.h"

#include <stdio.h>
#include <string.h>

struct plot_words plot_words_of(const char *s, size_t most)
{
  struct plot_words w = {""};
  char name[1024];
  size_t at = 0;
  short_name(s, NULL, name, sizeof name);
  const size_t n = strlen(name), shown = n > most && most > 2 ? most - 2 : n;
  for (size_t i = 0; i < shown && at + 5 < sizeof w.text; i++) {
    if (name[i] == '#') w.text[at++] = '#';
    w.text[at++] = name[i];
  }
  (void)snprintf(w.text + at, sizeof w.text - at, shown < n ? ".." : "");
  return w;
}
