/** @file
 *  Study files through libyaml's events; everything beyond `name: value` is refused by line. */
#include "io/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { FIRST_BYTES = 1 << 12, BYTES_MAX = 1 << 20, PAIRS_MAX = 1000 };

struct reader {
  const char *path;
  yaml_parser_t parser;
  yaml_event_t event; /* the current one */
};

static int line_of(const yaml_event_t *v)
{
  return (int)v->start_mark.line + 1;
}

void yaml_pairs_free(struct yaml_pairs *p)
{
  for (int i = 0; i < p->n; i++) {
    free(p->pair[i].name);
    for (int k = 0; k < p->pair[i].n; k++) free(p->pair[i].text[k]);
    free((void *)p->pair[i].text);
  }
  free(p->pair);
  *p = (struct yaml_pairs){0};
}

const char *yaml_pairs_version(void)
{
  return yaml_get_version_string();
}

/** Go to the next event. */
static err next(struct reader *r)
{
  yaml_event_delete(&r->event);
  if (yaml_parser_parse(&r->parser, &r->event)) return ERR_OK;
  CHECK(r->parser.error != YAML_MEMORY_ERROR, ERR_MEMORY, "%s: no memory to read it", r->path);
  return FAIL(ERR_FORMAT, "%s:%d: not YAML: %s", r->path, (int)r->parser.problem_mark.line + 1,
              r->parser.problem ? r->parser.problem : "cannot be read");
}

/** Plain nothing, ~ or null. */
static bool is_null(const yaml_event_t *v)
{
  static const char *const words[] = {"", "~", "null", "Null", "NULL"};

  if (v->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp((const char *)v->data.scalar.value, words[i]) == 0) return true;
  return false;
}

/** Why the current event is not a scalar or a list that we take, or NULL. */
static const char *refusal(const yaml_event_t *v, bool list_ok)
{
  const bool list = v->type == YAML_SEQUENCE_START_EVENT;

  if (v->type == YAML_ALIAS_EVENT) return "aliases (*name) are not supported; write the value out";
  if (v->type == YAML_MAPPING_START_EVENT)
    return "maps inside a value are not supported; every setting stands at the outermost level";
  if (list && !list_ok) return "a list can only be the value of a setting, not stand here";
  if (list && v->data.sequence_start.anchor) return "anchors (&name) are not supported";
  if (list && v->data.sequence_start.tag) return "tags (!name) are not supported";
  if (list) return NULL;
  if (v->type != YAML_SCALAR_EVENT) return "a value is missing";
  if (v->data.scalar.anchor) return "anchors (&name) are not supported";
  if (v->data.scalar.tag) return "tags (!name) are not supported";
  if (strlen((const char *)v->data.scalar.value) != v->data.scalar.length)
    return "text with a zero byte is not supported";
  if (is_null(v)) return "nothing is given; leave the line out, or quote the word";
  return NULL;
}

/** The current scalar as new text; `name` is the setting it is for. */
static err scalar(const struct reader *r, const char *name, char **out)
{
  const char *why = refusal(&r->event, false);

  CHECK(!why, ERR_FORMAT, "%s:%d: %s: %s", r->path, line_of(&r->event), name, why);
  *out = strdup((const char *)r->event.data.scalar.value);
  CHECK(*out, ERR_MEMORY, "%s: no memory to read it", r->path);
  return ERR_OK;
}

/** Append the current scalar to the texts of a pair. */
static err add_text(const struct reader *r, struct yaml_pair *p)
{
  char **grown = realloc((void *)p->text, (size_t)(p->n + 1) * sizeof *p->text);

  CHECK(grown, ERR_MEMORY, "%s: no memory to read it", r->path);
  p->text = grown;
  TRY(scalar(r, p->name, &p->text[p->n]));
  p->n++;
  return ERR_OK;
}

/** Read the value of a pair: the current event, and for a list all up to its end. */
static err read_value(struct reader *r, struct yaml_pair *p)
{
  const char *why = refusal(&r->event, true);

  CHECK(!why, ERR_FORMAT, "%s:%d: %s: %s", r->path, line_of(&r->event), p->name, why);
  p->list = r->event.type == YAML_SEQUENCE_START_EVENT;
  if (!p->list) return add_text(r, p);
  for (;;) {
    TRY(next(r));
    if (r->event.type == YAML_SEQUENCE_END_EVENT) return ERR_OK;
    TRY(add_text(r, p));
  }
}

/** Append one pair whose name is the current event. */
static err read_pair(struct reader *r, struct yaml_pairs *all)
{
  CHECK(all->n < PAIRS_MAX, ERR_FORMAT, "%s:%d: more than %d settings; is this a study file?",
        r->path, line_of(&r->event), PAIRS_MAX);
  struct yaml_pair *grown = realloc(all->pair, (size_t)(all->n + 1) * sizeof *all->pair);

  CHECK(grown, ERR_MEMORY, "%s: no memory to read it", r->path);
  all->pair = grown;
  struct yaml_pair *p = &grown[all->n];
  *p = (struct yaml_pair){.line = line_of(&r->event)};
  TRY(scalar(r, "name of a setting", &p->name));
  all->n++;
  for (int i = 0; i < all->n - 1; i++) {
    CHECK(strcmp(all->pair[i].name, p->name) != 0, ERR_FORMAT,
          "%s:%d: '%s' is set already in line %d", r->path, p->line, p->name, all->pair[i].line);
  }
  TRY(next(r));
  return read_value(r, p);
}

/** The map of the one document, its start being the current event. */
static err read_map(struct reader *r, struct yaml_pairs *all)
{
  CHECK(r->event.type == YAML_MAPPING_START_EVENT, ERR_FORMAT,
        "%s:%d: a study file holds lines of the form `name: value`", r->path, line_of(&r->event));
  CHECK(!r->event.data.mapping_start.anchor && !r->event.data.mapping_start.tag, ERR_FORMAT,
        "%s:%d: anchors and tags are not supported", r->path, line_of(&r->event));
  for (;;) {
    TRY(next(r));
    if (r->event.type == YAML_MAPPING_END_EVENT) return ERR_OK;
    TRY(read_pair(r, all));
  }
}

/** Nothing but the end follows the map. */
static err read_end(struct reader *r)
{
  TRY(next(r)); /* the document ends */
  TRY(next(r));
  CHECK(r->event.type == YAML_STREAM_END_EVENT, ERR_FORMAT,
        "%s:%d: a second document; a study file holds one", r->path, line_of(&r->event));
  return ERR_OK;
}

static err read_stream(struct reader *r, struct yaml_pairs *all)
{
  TRY(next(r)); /* the stream starts */
  TRY(next(r));
  if (r->event.type == YAML_STREAM_END_EVENT) return ERR_OK;
  TRY(next(r)); /* inside the document */
  TRY(read_map(r, all));
  return read_end(r);
}

/** The whole file in new memory, which grows as long as there is more: pipes have no size. */
static err read_bytes(const char *path, FILE *f, unsigned char **bytes, size_t *n)
{
  size_t room = FIRST_BYTES, got = 0;

  errno = 0;
  do {
    if (*n + room > BYTES_MAX + 1) room = BYTES_MAX + 1 - *n;
    unsigned char *grown = realloc(*bytes, *n + room);
    CHECK(grown, ERR_MEMORY, "%s: no memory to read it", path);
    *bytes = grown;
    got = fread(grown + *n, 1, room, f);
    *n += got;
    CHECK(!ferror(f), ERR_INPUT, "cannot read %s: %s", path, strerror(errno));
    CHECK(*n <= BYTES_MAX, ERR_FORMAT, "%s: more than %d bytes; is this a study file?", path,
          BYTES_MAX);
    room = *n;
  } while (got && !feof(f));
  return ERR_OK;
}

static err parse(const char *path, const unsigned char *bytes, size_t n, struct yaml_pairs *all)
{
  struct reader r = {.path = path};

  CHECK(yaml_parser_initialize(&r.parser), ERR_MEMORY, "%s: no memory to read it", path);
  yaml_parser_set_input_string(&r.parser, bytes, n);
  const err e = read_stream(&r, all);
  yaml_event_delete(&r.event);
  yaml_parser_delete(&r.parser);
  return e;
}

err yaml_pairs_read(const char *path, struct yaml_pairs *out)
{
  err e = ERR_OK;
  struct yaml_pairs all = {0};
  unsigned char *bytes = NULL;
  size_t n = 0;
  FILE *f = fopen(path, "rb");

  CHECK_DONE(f, ERR_INPUT, "cannot open study file %s: %s", path, strerror(errno));
  TRY_DONE(read_bytes(path, f, &bytes, &n));
  TRY_DONE(parse(path, bytes, n, &all));
  *out = all;
  all = (struct yaml_pairs){0};

done:
  yaml_pairs_free(&all);
  free(bytes);
  if (f) (void)fclose(f);
  return e;
}
