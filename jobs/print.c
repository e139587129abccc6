/** @file
 *  Wrapped and clean text on stdout. */
#include "jobs/print.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void print_clean(const char *text, int bytes)
{
  for (int i = 0; text[i] && (bytes < 0 || i < bytes); i++) {
    const unsigned char c = (unsigned char)text[i];
    putchar(c < 0x20 || c == 0x7F ? '?' : c);
  }
}

/** Code points in the first n bytes. */
static int columns(const char *text, int n)
{
  int count = 0;
  for (int i = 0; i < n; i++) count += ((unsigned char)text[i] & 0xC0) != 0x80;
  return count;
}

int print_columns(const char *text)
{
  return columns(text, (int)strlen(text));
}

void print_cell(const char *text, int width)
{
  print_clean(text, -1);
  for (int i = print_columns(text); i < width; i++) putchar(' ');
}

/** Bytes of a list without blanks, which no line holds, up to its last comma within `room` columns; 0 where
 *  there is none. */
static int cut_list(const char *text, int n, int room)
{
  int end = 0;
  for (int i = 0; i < n; i++)
    if (text[i] == ',' && columns(text, i + 1) <= room) end = i + 1;
  return end;
}

/** Bytes of a word of n that go out next: all, or those of a list that is longer than a line as far as they fit
 *  behind column `at`, or else on a line of their own. */
static int cut_word(const char *text, int n, int at, int indent)
{
  if (indent + columns(text, n) <= PRINT_WIDTH) return n;
  const int here = cut_list(text, n, PRINT_WIDTH - at);
  const int next = cut_list(text, n, PRINT_WIDTH - indent);
  return here ? here : next ? next : n;
}

void print_wrapped(int column, int indent, const char *text)
{
  int at = column;
  bool first = true, broken = false; /* on this line; by the text itself */

  while (*text) {
    const int word = (int)strcspn(text, " \n");
    const int n = cut_word(text, word, broken ? PRINT_WIDTH : at + !first, indent);
    const bool long_list = indent + columns(text, word) > PRINT_WIDTH;
    const int wide = columns(text, n);
    if (broken || (!first && at + 1 + wide > PRINT_WIDTH)) {
      printf("\n%*s", indent, "");
      at = indent;
    } else if (!first) {
      putchar(' ');
      at++;
    }
    print_clean(text, n);
    at += wide;
    first = false;
    broken = long_list && text[n] && text[n] != ' ';
    for (text += n; *text == ' ' || *text == '\n'; text++) broken = broken || *text == '\n';
  }
  putchar('\n');
}
