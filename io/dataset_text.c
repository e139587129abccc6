/** @file
 *  Paths and labels of samples as text. */
#include "core/nearest.h"
#include "io/dataset_impl.h"
#include "io/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Bytes at p that stay as they are; 0 where one must be escaped. */
static int plain_length(const char *p)
{
  const unsigned char c = (unsigned char)*p;

  if (c < 0x20 || c == 0x7F) return 0;
  if (c == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])) return 0;
  return utf8_length(p);
}

char *dataset_path_text(const char *file)
{
  char *text = malloc(3 * strlen(file) + 1), *to = text;

  while (text && *file) {
    const int n = plain_length(file);
    if (n == 0) to += sprintf(to, "%%%02X", (unsigned char)*file++);
    for (int k = 0; k < n; k++) *to++ = *file++;
  }
  if (text) *to = 0;
  return text;
}

/** How often a class has that name. */
static int times(const struct recipe *r, const char *name)
{
  int n = 0;
  for (int i = 0; i < r->n_classes; i++) n += strcmp(r->classes[i], name) == 0;
  return n;
}

/** The text cut to something that fits a message, printable; the caller frees. */
static char *shortened(const char *text)
{
  char cut[81];

  (void)snprintf(cut, sizeof cut, "%.80s", text);
  return dataset_path_text(cut);
}

static err no_class(const struct recipe *r, const char *text, const char *where)
{
  char near[256];

  CHECK(
      r->classes, ERR_FORMAT,
      "%s: the label '%s' is not a class number from 0 to %d, and the names of the model's classes "
      "are not known: give them with --classes FILE",
      where, text, r->n_classes - 1);
  CHECK(times(r, text) < 2, ERR_FORMAT,
        "%s: %d classes have the name '%s'; label by class number%s", where, times(r, text), text,
        r->class_ids ? " or second name" : "");
  return FAIL(ERR_FORMAT, "%s: the label '%s' is not a class of the model%s", where, text,
              nearest_text(text, (const char *const *)r->classes, r->n_classes, near, sizeof near));
}

err dataset_label(const struct recipe *r, const char *text, const char *where, int *label)
{
  const int found = recipe_class(r, text);

  if (found < 0) {
    char *shown = shortened(text);
    const err e = no_class(r, shown ? shown : "?", where);
    free(shown);
    return e;
  }
  *label = found;
  return ERR_OK;
}
