/** @file
 *  Nearest names by edit distance.  Source: Damerau 1964, CACM 7(3), the four kinds of slip;
 *  computed by rows in the restricted form in which no letter is edited twice. */
#include "core/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LENGTH = 128, OFFERED = 3 };

struct folded {
  int n;
  char c[LENGTH];
};

struct offer {
  int index, score;
};

/** Lower case, '-' as '_', cut to LENGTH - 1. */
static void fold(const char *s, struct folded *out)
{
  int n = 0;
  for (; s[n] && n < LENGTH - 1; n++) {
    const char c = s[n];
    out->c[n] = c;
    if (c == '-') out->c[n] = '_';
    if (c >= 'A' && c <= 'Z') out->c[n] = "abcdefghijklmnopqrstuvwxyz"[c - 'A'];
  }
  out->c[n] = 0;
  out->n = n;
}

static int least(int a, int b)
{
  return a < b ? a : b;
}

/** d(i, j) = least of d(i-1, j) + 1, d(i, j-1) + 1, d(i-1, j-1) + [a_i != b_j], and where two
 *  neighbours are swapped d(i-2, j-2) + 1;  row i of three is kept at i % 3. */
static int distance(const struct folded *a, const struct folded *b)
{
  int row[3][LENGTH];

  for (int j = 0; j <= b->n; j++) row[0][j] = j;
  for (int i = 1; i <= a->n; i++) {
    int *d = row[i % 3];
    const int *before = row[(i + 2) % 3];
    d[0] = i;
    for (int j = 1; j <= b->n; j++) {
      d[j] = least(least(before[j], d[j - 1]) + 1, before[j - 1] + (a->c[i - 1] != b->c[j - 1]));
      if (i > 1 && j > 1 && a->c[i - 1] == b->c[j - 2] && a->c[i - 2] == b->c[j - 1])
        d[j] = least(d[j], row[(i + 1) % 3][j - 2] + 1);
    }
  }
  return row[a->n % 3][b->n];
}

/** Distance where it is small, a larger number where one contains the other, -1 otherwise. */
static int score(const struct folded *a, const struct folded *b)
{
  const int limit = a->n / 3 > 2 ? a->n / 3 : 2, shorter = least(a->n, b->n);
  const int d = distance(a, b);

  if (d <= limit && d < shorter) return d;
  if (shorter >= 3 && (strstr(a->c, b->c) || strstr(b->c, a->c))) return LENGTH + d;
  return -1;
}

/** Keep the OFFERED best, equal ones in the order they came. */
static int keep(struct offer *best, int n, struct offer new)
{
  int at = n < OFFERED ? n : OFFERED;
  while (at > 0 && best[at - 1].score > new.score) at--;
  if (at == OFFERED) return n;
  if (n < OFFERED) n++;
  for (int i = n - 1; i > at; i--) best[i] = best[i - 1];
  best[at] = new;
  return n;
}

/** The sentence with the first n offers; false when it does not fit. */
static bool write_text(const struct offer *best, int n, const char *const *names, char *text,
                       int bytes)
{
  static const char *const between[] = {"?", " or ", ", "};
  int used = snprintf(text, (size_t)bytes, "; did you mean ");

  for (int i = 0; i < n && used >= 0 && used < bytes; i++) {
    used += snprintf(text + used, (size_t)(bytes - used), "'%s'%s", names[best[i].index],
                     between[n - 1 - i]);
  }
  return used >= 0 && used < bytes;
}

static bool is_offered(const struct offer *best, int n, const char *const *names, int i)
{
  for (int k = 0; k < n; k++)
    if (!strcmp(names[best[k].index], names[i])) return true;
  return false;
}

const char *nearest_text(const char *name, const char *const *names, int n, char *text, int bytes)
{
  struct folded typed, there;
  struct offer best[OFFERED];
  int found = 0;

  fold(name, &typed);
  for (int i = 0; i < n; i++) {
    fold(names[i], &there);
    const int s = score(&typed, &there);
    if (s >= 0 && !is_offered(best, found, names, i))
      found = keep(best, found, (struct offer){i, s});
  }
  while (found > 0 && !write_text(best, found, names, text, bytes)) found--;
  if (!found) text[0] = 0;
  return text;
}
