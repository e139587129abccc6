/** @file
 *  Well-formed UTF-8. */
#include "io/utf8.h"

/* First bytes lo..hi start a character of n bytes whose second byte is in second_lo..second_hi. */
struct form {
  unsigned char lo, hi, n, second_lo, second_hi;
};

static const struct form forms[] = {
    {0x01, 0x7F, 1, 0x00, 0x00}, {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

int utf8_length(const char *p)
{
  const unsigned char *b = (const unsigned char *)p;

  for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++) {
    const struct form *f = &forms[i];
    if (b[0] < f->lo || b[0] > f->hi) continue;
    if (f->n > 1 && (b[1] < f->second_lo || b[1] > f->second_hi)) return 0;
    for (int k = 2; k < f->n; k++)
      if (b[k] < 0x80 || b[k] > 0xBF) return 0;
    return f->n;
  }
  return 0;
}

bool utf8_printable(const char *text)
{
  while (*text) {
    const int n = utf8_length(text);
    if (n == 0 || (unsigned char)*text < 0x20 || *text == 0x7F) return false;
    text += n;
  }
  return true;
}
