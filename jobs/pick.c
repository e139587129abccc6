/** @file
 *  Patterns over the tables of a study. */
#include "jobs/pick.h"

#include "core/nearest.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** Names to choose from. */
struct table {
  const char *what; /* "layer" */
  int64_t n;
  char *const *name;     /* [n] */
  char *const *other;    /* [n] second names, or NULL */
  const int32_t *number; /* [n] by which an item may be called, or NULL */
};

static bool matches_text(const char *pattern, const char *name)
{
  return !strcmp(pattern, name) || !fnmatch(pattern, name, 0);
}

static bool matches(const struct table *t, int64_t i, const char *pattern)
{
  char *end = NULL;

  if (!strcmp(pattern, "all") || matches_text(pattern, t->name[i])) return true;
  if (t->other && matches_text(pattern, t->other[i])) return true;
  if (!t->number || pattern[0] < '0' || pattern[0] > '9') return false;
  const long number = strtol(pattern, &end, 10);
  return !*end && number == t->number[i];
}

/** Nearest among the first names, which are enough for a hint. */
static err no_match(const struct view *v, const struct table *t, const char *pattern)
{
  enum { MOST = 4096 };
  const int n = t->n < MOST ? (int)t->n : MOST;
  char near[512];

  (void)nearest_text(pattern, (const char *const *)t->name, n, near, sizeof near);
  return FAIL(ERR_USAGE, "%s has no %s '%s'%s (retrograd inspect %s --all lists them)", v->path,
              t->what, pattern, near, v->path);
}

/** Add what one pattern matches. */
static err pick(const struct view *v, const struct table *t, const char *pattern, bool *chosen)
{
  bool any = false;

  for (int64_t i = 0; i < t->n; i++)
    if (matches(t, i, pattern)) chosen[i] = any = true;
  return any ? ERR_OK : no_match(v, t, pattern);
}

static bool is_conv(const struct view *v, int i)
{
  return !strcmp(v->layer_op[i], "Conv");
}

static bool is_input(const struct view *v, int i)
{
  return v->layer_index[i] == 0;
}

/** A tap with positions, not the place of methods over a set of taps. */
static bool has_positions(const struct view *v, int i)
{
  return v->layer_index[i] >= 0 && v->layer_shape[3 * i + 1] * v->layer_shape[3 * i + 2] > 1;
}

/** The last layer that still has positions. */
static bool is_last(const struct view *v, int i)
{
  for (int k = i + 1; k < v->n_layers; k++)
    if (has_positions(v, k)) return false;
  return has_positions(v, i);
}

static bool is_last_conv(const struct view *v, int i)
{
  for (int k = i + 1; k < v->n_layers; k++)
    if (is_conv(v, k)) return false;
  return is_conv(v, i);
}

/** Words for layers.  A layer of that name wins over the word. */
static const struct {
  const char *word;
  bool (*means)(const struct view *v, int i);
} words[] = {
    {"input", is_input}, {"convs", is_conv}, {"last", is_last}, {"last_conv", is_last_conv}};

/** Add the layers that a word means; false where the pattern is no such word or means none. */
static bool pick_word(const struct view *v, const char *pattern, bool *chosen)
{
  bool any = false;

  for (int i = 0; i < v->n_layers; i++)
    if (!strcmp(v->layer[i], pattern)) return false;
  for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
    for (int i = 0; i < v->n_layers && !strcmp(words[k].word, pattern); i++)
      if (words[k].means(v, i)) chosen[i] = any = true;
  }
  return any;
}

static void fill(bool *chosen, int64_t n, bool value)
{
  for (int64_t i = 0; i < n; i++) chosen[i] = value;
}

err pick_layers(const struct view *v, const char *const *patterns, int n, bool *chosen)
{
  const struct table t = {"layer", v->n_layers, v->layer, v->layer_op, v->layer_index};

  fill(chosen, t.n, n == 0);
  for (int p = 0; p < n; p++)
    if (!pick_word(v, patterns[p], chosen)) TRY(pick(v, &t, patterns[p], chosen));
  return ERR_OK;
}

err pick_methods(const struct view *v, const char *const *patterns, int n, bool *chosen)
{
  const struct table t = {"method", v->n_methods, v->method, v->canonical, NULL};

  fill(chosen, t.n, n == 0);
  for (int p = 0; p < n; p++) TRY(pick(v, &t, patterns[p], chosen));
  return ERR_OK;
}

/** "12", "0-7" or "8-" as [*first, *last]; false for anything else.  The last is at most n - 1 where
 *  it is left out. */
static bool read_range(const char *text, int64_t n, int64_t *first, int64_t *last)
{
  char *end = NULL;

  if (text[0] < '0' || text[0] > '9') return false;
  *first = *last = strtoll(text, &end, 10);
  if (*end != '-') return !*end;
  if (!end[1]) {
    *last = *first < n ? n - 1 : *first;
    return true;
  }
  if (end[1] < '0' || end[1] > '9') return false;
  *last = strtoll(end + 1, &end, 10);
  return !*end;
}

err pick_samples(const struct view *v, const char *const *patterns, int n, bool *chosen)
{
  const struct table t = {"sample", v->n_samples, v->sample, NULL, NULL};
  int64_t first = 0, last = 0;

  fill(chosen, t.n, n == 0);
  for (int p = 0; p < n; p++) {
    if (!read_range(patterns[p], t.n, &first, &last)) {
      TRY(pick(v, &t, patterns[p], chosen));
      continue;
    }
    CHECK(first <= last && last < t.n, ERR_USAGE, "--samples %s: %s has samples 0 to %" PRId64,
          patterns[p], v->path, t.n - 1);
    fill(chosen + first, last - first + 1, true);
  }
  return ERR_OK;
}

err pick_target(const struct view *v, const char *name, int *slot)
{
  const struct table t = {"target", v->n_targets, v->target, NULL, NULL};

  *slot = 0;
  if (!name) return ERR_OK;
  for (int k = 0; k < v->n_targets; k++) {
    if (strcmp(v->target[k], name) != 0) continue;
    *slot = k;
    return ERR_OK;
  }
  return no_match(v, &t, name);
}
