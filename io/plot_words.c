/** @file
 *  Text of figures. */
#include "io/plot_words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/** Whether the component of a path that ends at `end` begins the one behind it, "layer3" in
 *  "layer3/layer3.2". */
static bool is_said_again(const char *from, const char *end)
{
  const size_t n = (size_t)(end - from);
  return n && !strncmp(end + 1, from, n);
}

/** The name of an ONNX value without what many share: components that the next one says again, and the end
 *  "_output_0". */
static void shorten(const char *s, char *out, size_t bytes)
{
  static const char tail[] = "_output_0";
  if (*s == '/') s++;
  for (const char *slash = strchr(s, '/'); slash && is_said_again(s, slash); slash = strchr(s, '/'))
    s = slash + 1;
  (void)snprintf(out, bytes, "%s", s);
  const size_t n = strlen(out);
  if (n > sizeof tail && !strcmp(out + n - (sizeof tail - 1), tail))
    out[n - (sizeof tail - 1)] = '\0';
}

struct plot_words plot_words_of(const char *s, size_t most)
{
  struct plot_words w = {""};
  char name[1024];
  size_t at = 0;
  shorten(s, name, sizeof name);
  const size_t n = strlen(name), shown = n > most && most > 2 ? most - 2 : n;
  for (size_t i = 0; i < shown && at + 5 < sizeof w.text; i++) {
    if (name[i] == '#') w.text[at++] = '#';
    w.text[at++] = name[i];
  }
  (void)snprintf(w.text + at, sizeof w.text - at, shown < n ? ".." : "");
  return w;
}
