/** @file
 *  Class names from a file: one name a line, or CSV with a header. */
#include "io/csv.h"
#include "io/file.h"
#include "io/recipe_impl.h"
#include "io/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Names as they are read. */
struct names {
  int n;
  char **name, **id; /* [n classes of the model] owned */
};

static err names_make(int n, struct names *out)
{
  out->name = calloc((size_t)n, sizeof *out->name);
  out->id = calloc((size_t)n, sizeof *out->id);
  CHECK(out->name && out->id, ERR_MEMORY, "no memory for %d class names", n);
  return ERR_OK;
}

static void names_free(struct names *l, int n)
{
  recipe_free_texts(l->name, n);
  recipe_free_texts(l->id, n);
}

err recipe_set_classes(struct recipe *r, char **names, char **ids, int n, const char *where)
{
  if (n != r->n_classes) {
    recipe_free_texts(names, n);
    recipe_free_texts(ids, n);
    return FAIL(ERR_FORMAT, "%s: %d class names for a model of %d classes", where, n, r->n_classes);
  }
  recipe_free_texts(r->classes, r->n_classes);
  recipe_free_texts(r->class_ids, r->n_classes);
  r->classes = names;
  r->class_ids = ids;
  return ERR_OK;
}

/** Put one name at its index. */
static err put(struct names *l, const struct recipe *r, const char *where, int index,
               const char *name, const char *id)
{
  CHECK(index >= 0 && index < r->n_classes, ERR_FORMAT, "%s: class %d for a model of %d classes",
        where, index, r->n_classes);
  CHECK(!l->name[index], ERR_FORMAT, "%s: class %d twice", where, index);
  CHECK(*name && utf8_printable(name) && utf8_printable(id), ERR_FORMAT,
        "%s: the name of class %d is empty or not printable UTF-8", where, index);
  l->name[index] = strdup(name);
  l->id[index] = strdup(id);
  CHECK(l->name[index] && l->id[index], ERR_MEMORY, "no memory for class names");
  l->n++;
  return ERR_OK;
}

static err read_lines(const struct recipe *r, const char *path, char *text, struct names *l)
{
  char *next = NULL, where[512];
  int64_t line = 0;

  for (char *at = text; at && *at; at = next) {
    next = strchr(at, '\n');
    if (next) *next++ = 0;
    line++;
    size_t n = strlen(at);
    while (n > 0 && strchr(" \t\r", at[n - 1])) at[--n] = 0;
    if (n == 0 && (!next || !next[strspn(next, " \t\r\n")])) break;
    (void)snprintf(where, sizeof where, "%s, line %lld", path, (long long)line);
    TRY(put(l, r, where, l->n, at, ""));
  }
  return ERR_OK;
}

/** The index in a CSV record: its class_id, or its place where the file has no such column. */
static err read_index(const char *where, const char *text, int place, int column, int *index)
{
  char *end = NULL;

  errno = 0;
  const long v = strtol(text, &end, 10);
  CHECK(column < 0 || (end != text && *end == 0 && errno == 0 && v >= 0 && v < INT32_MAX),
        ERR_FORMAT, "%s: class_id '%s' is not a number", where, text);
  *index = column < 0 ? place : (int)v;
  return ERR_OK;
}

static const char *const index_columns[] = {"class_id", "index", "id", NULL};
static const char *const id_columns[] = {"wnid", "synset", "code", NULL};
static const char *const name_columns[] = {"name", "class", "label", NULL};

struct class_columns {
  int index, id, name; /* -1 where absent */
};

static err read_record(const struct recipe *r, const char *path, const struct csv *c,
                       const struct class_columns *at, struct names *l)
{
  char where[512];
  int place = 0;

  (void)snprintf(where, sizeof where, "%s, line %lld", path, (long long)csv_line(c));
  TRY(read_index(where, csv_field(c, at->index), l->n, at->index, &place));
  return put(l, r, where, place, csv_field(c, at->name), csv_field(c, at->id));
}

static err read_records(const struct recipe *r, const char *path, struct csv *c, struct names *l)
{
  const struct class_columns at = {csv_column(c, index_columns), csv_column(c, id_columns),
                                   csv_column(c, name_columns)};
  bool more = true;
  char header[256];

  CHECK(at.name >= 0, ERR_FORMAT, "%s: no column name, class or label in the header (%s)", path,
        csv_header(c, header, sizeof header));
  while (more) {
    TRY(csv_next(c, &more));
    if (more) TRY(read_record(r, path, c, &at, l));
  }
  return ERR_OK;
}

/** True where the first line of a file of any name is a CSV header: a name and its number. */
static bool has_header(const struct csv *c)
{
  return csv_column(c, name_columns) >= 0 &&
         (csv_column(c, index_columns) >= 0 || csv_column(c, id_columns) >= 0);
}

static err read_text(const struct recipe *r, const char *path, struct names *l)
{
  uint8_t *bytes = NULL;
  size_t n = 0;
  err e = ERR_OK;

  TRY(file_read(path, LIMIT_RECIPE_BYTES, &bytes, &n));
  CHECK_DONE(strlen((char *)bytes) == n, ERR_FORMAT, "%s: not a text file", path);
  TRY_DONE(read_lines(r, path, (char *)bytes, l));

done:
  free(bytes);
  return e;
}

static err read_any(const struct recipe *r, const char *path, struct names *l)
{
  const char *end = strrchr(path, '.');
  const bool named = end && strcasecmp(end, ".csv") == 0;
  struct csv *c = NULL;
  err e = csv_open(path, &c);

  if (e && (named || e != ERR_FORMAT)) return err_trace(e, __FILE__, __LINE__);
  const bool records = c && (named || has_header(c));
  e = records ? read_records(r, path, c, l) : read_text(r, path, l);
  csv_close(&c);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

static err read_all(struct recipe *r, const char *path, struct names *l)
{
  char **ids = NULL;

  TRY(names_make(r->n_classes, l));
  TRY(read_any(r, path, l));
  CHECK(l->n == r->n_classes, ERR_FORMAT, "%s: %d class names for a model of %d classes", path,
        l->n, r->n_classes);
  for (int i = 0; i < l->n && !ids; i++) ids = l->id[i][0] ? l->id : NULL;
  TRY(recipe_set_classes(r, l->name, ids, l->n, path));
  l->name = NULL;
  if (ids) l->id = NULL;
  return ERR_OK;
}

err recipe_read_classes(struct recipe *r, const char *path)
{
  struct names l = {0};
  const err e = read_all(r, path, &l);

  names_free(&l, r->n_classes);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}
