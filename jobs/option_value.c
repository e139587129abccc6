/** @file
 *  From the text of an option to its value. */
#include "io/utf8.h"
#include "jobs/option_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/** Copy `n` bytes as a text of their own. */
static err copy(const char *s, size_t n, char **out)
{
  *out = strndup(s, n);
  CHECK(*out, ERR_MEMORY, "no memory for an option's value");
  return ERR_OK;
}

static err check_text(const char *where, const char *text)
{
  CHECK(*text, ERR_USAGE, "%s: the value is empty", where);
  for (const char *p = text; *p; p += utf8_length(p)) {
    CHECK(utf8_length(p), ERR_USAGE, "%s: '%s' is not valid UTF-8", where, text);
  }
  return ERR_OK;
}

static err parse_text(const char *where, const char *text, struct option_value *v)
{
  (void)where, (void)text, (void)v;
  return ERR_OK;
}

static err parse_int(const char *where, const char *text, struct option_value *v)
{
  char *end = NULL;

  errno = 0;
  const long long i = strtoll(text, &end, 10);
  CHECK(strspn(text, "+-0123456789") == strlen(text) && end != text && !*end, ERR_USAGE,
        "%s: '%s' is not a whole number", where, text);
  CHECK(errno != ERANGE, ERR_USAGE, "%s: %s does not fit into 64 bits", where, text);
  v->i = i;
  return ERR_OK;
}

static err parse_real(const char *where, const char *text, struct option_value *v)
{
  char *end = NULL;
  const double r = strtod(text, &end);

  CHECK(strspn(text, "+-.0123456789eE") == strlen(text) && end != text && !*end, ERR_USAGE,
        "%s: '%s' is not a number", where, text);
  CHECK(isfinite(r), ERR_USAGE, "%s: %s is too large", where, text);
  v->r = r;
  return ERR_OK;
}

static err parse_flag(const char *where, const char *text, struct option_value *v)
{
  v->flag = strcmp(text, "true") == 0;
  CHECK(v->flag || strcmp(text, "false") == 0, ERR_USAGE, "%s: '%s' is neither true nor false",
        where, text);
  return ERR_OK;
}

static err add_item(const char *where, const char *text, size_t n, struct option_value *v)
{
  char **grown = realloc((void *)v->item, (size_t)(v->n + 1) * sizeof *v->item);

  CHECK(grown, ERR_MEMORY, "no memory for an option's value");
  v->item = grown;
  while (n > 0 && *text == ' ') text++, n--;
  while (n > 0 && text[n - 1] == ' ') n--;
  CHECK(n > 0, ERR_USAGE, "%s: item %d of the list is empty", where, v->n + 1);
  TRY(copy(text, n, &v->item[v->n]));
  v->n++;
  return ERR_OK;
}

/** First comma outside () and [], or the end; NULL where brackets do not pair up. */
static const char *item_end(const char *s)
{
  enum { DEPTH = 32 };
  char open[DEPTH];
  int depth = 0;

  for (; *s && (depth || *s != ','); s++) {
    if (*s == '(' || *s == '[') {
      if (depth == DEPTH) return NULL;
      open[depth++] = *s == '(' ? ')' : ']';
    } else if ((*s == ')' || *s == ']') && (!depth || open[--depth] != *s)) {
      return NULL;
    }
  }
  return depth ? NULL : s;
}

static err parse_list(const char *where, const char *text, struct option_value *v)
{
  for (const char *s = text;; s++) {
    const char *end = item_end(s);
    CHECK(end, ERR_USAGE, "%s: brackets do not pair up in '%s'", where, s);
    TRY(add_item(where, s, (size_t)(end - s), v));
    if (!*end) return ERR_OK;
    s = end;
  }
}

static err (*const parse[])(const char *where, const char *text, struct option_value *v) = {
    [OPTION_TEXT] = parse_text, [OPTION_LIST] = parse_list, [OPTION_INT] = parse_int,
    [OPTION_REAL] = parse_real, [OPTION_FLAG] = parse_flag,
};

err option_set(struct options *o, int k, const char *where, const char *text)
{
  struct option_value *v = &o->value[k];

  option_clear(v);
  TRY(check_text(where, text));
  TRY(copy(text, strlen(text), &v->text));
  TRY(parse[o->table[k].kind](where, text, v));
  v->given = true;
  return ERR_OK;
}

/** The items with commas between them, as new text. */
static err join(char *const *item, int n, char **out)
{
  size_t bytes = 1;
  for (int i = 0; i < n; i++) bytes += strlen(item[i]) + 1;
  char *text = calloc(bytes, 1);

  CHECK(text, ERR_MEMORY, "no memory for an option's value");
  *out = text;
  for (int i = 0; i < n; i++) {
    if (i) *text++ = ',';
    text = stpcpy(text, item[i]);
  }
  return ERR_OK;
}

err option_add(struct options *o, int k, bool first, const char *text)
{
  struct option_value *v = &o->value[k];

  if (first) option_clear(v);
  TRY(check_text(o->table[k].name, text));
  TRY(add_item(o->table[k].name, text, strlen(text), v));
  free(v->text);
  v->text = NULL;
  TRY(join(v->item, v->n, &v->text));
  v->given = true;
  return ERR_OK;
}

err option_set_items(struct options *o, int k, const char *where, char *const *item, int n)
{
  struct option_value *v = &o->value[k];

  option_clear(v);
  CHECK(n > 0, ERR_USAGE, "%s: the list is empty", where);
  for (int i = 0; i < n; i++) {
    TRY(check_text(where, item[i]));
    TRY(add_item(where, item[i], strlen(item[i]), v));
  }
  TRY(join(item, n, &v->text));
  v->given = true;
  return ERR_OK;
}
