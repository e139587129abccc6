/** @file
 *  Names from the file: they end in HDF5 files and in messages, so they must be plain UTF-8. */
#include "io/onnx_impl.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 512 };

static bool is_plain(char c)
{
  return c >= ' ' && c <= '~';
}

/** Well-formed UTF-8 by the range of the second byte for each range of the first; more follow.
 *  Control characters U+0080 to U+009F are left out.  Source: Unicode 15, table 3-7. */
static const struct {
  unsigned char first, last, low, high;
  int bytes;
} sequences[] = {
    {0xC2, 0xC2, 0xA0, 0xBF, 2}, {0xC3, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

/** Bytes of the character at s, 0 where it is not UTF-8 or a control character. */
static int character(const unsigned char *s)
{
  if (is_plain((char)s[0])) return 1;
  for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
    if (s[0] < sequences[i].first || s[0] > sequences[i].last) continue;
    if (s[1] < sequences[i].low || s[1] > sequences[i].high) return 0;
    for (int k = 2; k < sequences[i].bytes; k++)
      if ((s[k] & 0xC0) != 0x80) return 0;
    return sequences[i].bytes;
  }
  return 0;
}

/** The first 60 bytes at most of a name, with '?' for whatever is not printable ASCII. */
static void show(const char *name, char text[64])
{
  int n = 0;
  for (; name[n] && n < 60; n++) {
    text[n] = '?';
    if (is_plain(name[n])) text[n] = name[n];
  }
  (void)snprintf(text + n, (size_t)(64 - n), "%s", name[n] ? "..." : "");
}

err onnx_name_check(const char *name, const char *what)
{
  char text[64];
  if (!name) return ERR_OK;
  show(name, text);
  CHECK(strnlen(name, MAX_NAME + 1) <= MAX_NAME, ERR_FORMAT, "%s '%s' is longer than %d bytes",
        what, text, MAX_NAME);
  const unsigned char *s = (const unsigned char *)name;
  while (*s) {
    const int n = character(s);
    CHECK(n, ERR_FORMAT, "%s '%s' holds a control character or is not UTF-8", what, text);
    s += n;
  }
  return ERR_OK;
}

const char *onnx_node_name(const Onnx__NodeProto *p)
{
  if (p->name && *p->name) return p->name;
  for (size_t i = 0; i < p->n_output; i++)
    if (*p->output[i]) return p->output[i];
  return p->op_type;
}
