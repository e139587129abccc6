/** @file
 *  The command line of a job. */
#include "jobs/option_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STUDY = 0, SET = 1 }; /* in option_common */

struct cursor {
  const struct options *o;
  int argc;
  char **argv;
  int at;
  bool ended; /* by -- */
};

/** One argument, understood as far as the tables go. */
struct argument {
  int own;          /* index in the job's table, or -1 */
  int common;       /* STUDY, SET, or -1 */
  const char *text; /* its value, or a bare argument */
  char where[120];  /* "--name" for messages */
};

/** Value of an option: after '=', or the next argument. */
static err take_value(struct cursor *c, const char *equals, struct argument *a)
{
  if (equals) {
    a->text = equals + 1;
    return ERR_OK;
  }
  CHECK(c->at < c->argc, ERR_USAGE, "%s needs a value", a->where);
  CHECK(strncmp(c->argv[c->at], "--", 2) != 0, ERR_USAGE,
        "%s needs a value, but %s follows (write %s=VALUE if that is the value)", a->where,
        c->argv[c->at], a->where);
  a->text = c->argv[c->at++];
  return ERR_OK;
}

/** The flag that --no-NAME turns off, or -1. */
static int find_negated(const struct option *table, const char *name, int length)
{
  if (length <= 3 || strncmp(name, "no-", 3) != 0) return -1;
  const int k = option_find(table, name + 3, length - 3);
  return k >= 0 && table[k].kind == OPTION_FLAG ? k : -1;
}

/** An argument that begins with --. */
static err take_option(struct cursor *c, const char *name, struct argument *a)
{
  const struct option *table = c->o->table;
  const int length = (int)strcspn(name, "=");
  const char *equals = name[length] ? name + length : NULL;

  (void)snprintf(a->where, sizeof a->where, "--%.*s", length, name);
  a->own = option_find(table, name, length);
  if (a->own >= 0 && table[a->own].kind == OPTION_FLAG) {
    a->text = equals ? equals + 1 : "true";
    return ERR_OK;
  }
  if (a->own >= 0) return take_value(c, equals, a);
  a->common = option_find(option_common, name, length);
  if (a->common == STUDY || a->common == SET) return take_value(c, equals, a);
  a->common = -1;
  a->own = find_negated(table, name, length);
  if (a->own < 0) return option_unknown(c->o, "option --", a->where + 2, true);
  CHECK(!equals, ERR_USAGE, "%s takes no value", a->where);
  a->text = "false";
  return ERR_OK;
}

/** Understand the next argument.  Errors: ERR_USAGE. */
static err take(struct cursor *c, struct argument *a)
{
  const char *s = c->argv[c->at++];

  *a = (struct argument){.own = -1, .common = -1, .text = s};
  if (c->ended) return ERR_OK;
  if (strcmp(s, "--") == 0) {
    c->ended = true;
    a->text = NULL;
    return ERR_OK;
  }
  if (strncmp(s, "--", 2) == 0) return take_option(c, s + 2, a);
  CHECK(s[0] != '-' || !s[1], ERR_USAGE,
        "%s: options begin with two dashes (a file of that name is ./%s)", s, s);
  return ERR_OK;
}

/** --set name=value. */
static err apply_set(struct options *o, const char *text)
{
  char where[160], name[128];
  const size_t length = strcspn(text, "=");

  CHECK(text[length] && length && length < sizeof name, ERR_USAGE, "--set %s: name=value is wanted",
        text);
  (void)snprintf(name, sizeof name, "%.*s", (int)length, text);
  (void)snprintf(where, sizeof where, "--set %s", name);
  const int k = option_find(o->table, name, (int)length);
  if (k < 0) return option_unknown(o, "--set: option ", name, false);
  return option_set(o, k, where, text + length + 1);
}

static err apply_bare(struct options *o, const char *bare, const char *text, int seen)
{
  const int k = bare ? option_find(o->table, bare, (int)strlen(bare)) : -1;

  CHECK(k >= 0, ERR_USAGE, "'%s' is one argument too many: give it behind an option, --NAME %s",
        text, text);
  if (o->table[k].kind == OPTION_LIST) return option_add(o, k, seen == 0, text);
  CHECK(!seen, ERR_USAGE, "'%s' is one argument too many: %s is '%s' already", text, bare,
        o->value[k].text);
  return option_set(o, k, bare, text);
}

/** First round: the study files alone. */
static err parse_studies(struct options *o, int argc, char **argv)
{
  struct cursor c = {o, argc, argv, 1, false};
  struct argument a;

  while (c.at < argc) {
    TRY(take(&c, &a));
    if (a.common == STUDY) TRY(option_study(o, a.text));
  }
  return ERR_OK;
}

/** Second round, one argument that is no study file; *bare_seen counts the bare ones. */
static err apply(struct options *o, const char *bare, const struct argument *a, int *bare_seen)
{
  if (a->own >= 0) return option_set(o, a->own, a->where, a->text);
  if (a->common == SET) return apply_set(o, a->text);
  return a->text ? apply_bare(o, bare, a->text, (*bare_seen)++) : ERR_OK;
}

/** Second round: everything else. */
static err parse_rest(struct options *o, const char *bare, int argc, char **argv)
{
  struct cursor c = {o, argc, argv, 1, false};
  struct argument a;
  int bare_seen = 0;

  while (c.at < argc) {
    TRY(take(&c, &a));
    if (a.common != STUDY) TRY(apply(o, bare, &a, &bare_seen));
  }
  return ERR_OK;
}

static err set_defaults(struct options *o)
{
  for (int k = 0; k < o->n; k++) {
    if (!o->table[k].otherwise) continue;
    TRY(option_set(o, k, o->table[k].name, o->table[k].otherwise));
    o->value[k].given = false;
  }
  return ERR_OK;
}

/** Options of a job, nothing set. */
static err make(const struct option *table, const char *job, struct options **out)
{
  struct options *o = calloc(1, sizeof *o);
  int n = 0;

  CHECK(o, ERR_MEMORY, "no memory for options");
  *out = o;
  while (table[n].name) n++;
  o->job = job;
  o->table = table;
  o->value = calloc((size_t)n + 1, sizeof *o->value);
  CHECK(o->value, ERR_MEMORY, "no memory for options");
  o->n = n;
  return ERR_OK;
}

err options_parse(const struct option *table, const char *bare, int argc, char **argv,
                  struct options **out)
{
  err e = ERR_OK;
  struct options *o = NULL;

  TRY_DONE(make(table, argv[0], &o));
  assert(o);
  TRY_DONE(set_defaults(o));
  TRY_DONE(parse_studies(o, argc, argv));
  TRY_DONE(parse_rest(o, bare, argc, argv));
  *out = o;
  o = NULL;

done:
  options_free(&o);
  return e;
}
