/** @file
 *  Comma-separated values: the file is read whole and its fields are unquoted in place. */
#include "io/csv.h"

#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_FIELDS = 256 };

struct csv {
  char *path, *text; /* owned */
  char *at;          /* the next record */
  int64_t line, record_line;
  int n_columns, n_fields;
  const char *column[MAX_FIELDS]; /* into text */
  const char *field[MAX_FIELDS];  /* into text */
};

/** Unquote the field at `from`; returns what follows its closing quote, NULL where there is none. */
static char *unquote(struct csv *c, char *from)
{
  char *to = from;

  for (from++; *from; from++) {
    if (*from == '"' && from[1] != '"') {
      *to = 0;
      return from + 1;
    }
    if (*from == '"') from++;
    if (*from == '\n') c->line++;
    *to++ = *from;
  }
  return NULL;
}

/** Take one field; *ended tells whether the record ends with it. */
static err take_field(struct csv *c, bool *ended)
{
  const long long line = (long long)c->record_line;
  char *end = c->at;

  CHECK(c->n_fields < MAX_FIELDS, ERR_FORMAT, "%s, line %lld: more than %d fields", c->path, line,
        MAX_FIELDS);
  c->field[c->n_fields++] = c->at;
  if (*c->at == '"') {
    end = unquote(c, c->at);
    CHECK(end, ERR_FORMAT, "%s, line %lld: a quote is not closed", c->path, line);
    CHECK(strchr(",\r\n", *end), ERR_FORMAT, "%s, line %lld: text after a closing quote", c->path,
          line);
  }
  end += strcspn(end, ",\r\n");
  const char stop = *end;
  *end = 0;
  c->at = stop ? end + 1 : end;
  if (stop == '\r' && *c->at == '\n') c->at++;
  if (stop != ',') c->line++;
  *ended = stop != ',';
  return ERR_OK;
}

/** Records of one empty field are blank lines. */
static err take_record(struct csv *c, bool *more)
{
  for (*more = false; *c->at && !*more;) {
    bool ended = false;
    c->n_fields = 0;
    c->record_line = c->line;
    while (!ended) TRY(take_field(c, &ended));
    *more = c->n_fields > 1 || *c->field[0];
  }
  return ERR_OK;
}

static err take_header(struct csv *c, size_t n)
{
  static const char mark[] = "\xEF\xBB\xBF";
  bool more = false;

  CHECK(strlen(c->text) == n, ERR_FORMAT, "%s: not a text file", c->path);
  c->at = c->text + (strncmp(c->text, mark, strlen(mark)) == 0 ? strlen(mark) : 0);
  c->line = 1;
  TRY(take_record(c, &more));
  CHECK(more, ERR_FORMAT, "%s: no header line", c->path);
  memcpy(c->column, c->field, sizeof c->column);
  c->n_columns = c->n_fields;
  return ERR_OK;
}

err csv_open(const char *path, struct csv **out)
{
  struct csv *c = calloc(1, sizeof *c);
  uint8_t *bytes = NULL;
  size_t n = 0;
  err e = ERR_OK;

  CHECK_DONE(c, ERR_MEMORY, "no memory to read %s", path);
  c->path = strdup(path);
  CHECK_DONE(c->path, ERR_MEMORY, "no memory to read %s", path);
  TRY_DONE(file_read(path, LIMIT_FILE_BYTES, &bytes, &n));
  c->text = (char *)bytes;
  TRY_DONE(take_header(c, n));
  *out = c;
  c = NULL;

done:
  csv_close(&c);
  return e;
}

void csv_close(struct csv **c)
{
  if (!*c) return;
  free((*c)->path);
  free((*c)->text);
  free(*c);
  *c = NULL;
}

int csv_column(const struct csv *c, const char *const *names)
{
  for (; *names; names++) {
    for (int i = 0; i < c->n_columns; i++)
      if (strcasecmp(c->column[i], *names) == 0) return i;
  }
  return -1;
}

const char *csv_header(const struct csv *c, char *text, int bytes)
{
  int used = 0;

  text[0] = 0;
  for (int i = 0; i < c->n_columns && used < bytes; i++)
    used += snprintf(text + used, (size_t)(bytes - used), "%s%s", i ? ", " : "", c->column[i]);
  return text;
}

err csv_next(struct csv *c, bool *more)
{
  TRY(take_record(c, more));
  CHECK(!*more || c->n_fields == c->n_columns, ERR_FORMAT,
        "%s, line %lld: %d fields where the header has %d", c->path, (long long)c->record_line,
        c->n_fields, c->n_columns);
  return ERR_OK;
}

const char *csv_field(const struct csv *c, int column)
{
  return column < 0 ? "" : c->field[column];
}

int64_t csv_line(const struct csv *c)
{
  return c->record_line;
}
