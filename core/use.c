/** @file
 *  Names with parameters. */
#include "core/use.h"

#include "core/nearest.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n_params(const struct param *params)
{
  int n = 0;
  while (params && params[n].name) n++;
  assert(n <= USE_PARAMS);
  return n;
}

/** A value as it is written. */
static const char *value_text(const struct param *p, double value, char *text, int bytes)
{
  if (p->words) return p->words[(int)value];
  (void)snprintf(text, (size_t)bytes, "%.9g", value);
  return text;
}

/** The canonical text. */
static void write_text(const char *name, int length, const struct param *params, struct use *u)
{
  char value[32];
  size_t n = (size_t)snprintf(u->text, sizeof u->text, "%.*s", length, name);
  bool open = false;
  for (int i = 0; i < n_params(params); i++) {
    if (i && u->param[i] == params[i].value) continue;
    n += (size_t)snprintf(u->text + n, sizeof u->text - n, "%c%s=%s", open ? ',' : '(',
                          params[i].name, value_text(&params[i], u->param[i], value, sizeof value));
    open = true;
    assert(n < sizeof u->text);
  }
  if (open) (void)snprintf(u->text + n, sizeof u->text - n, ")");
}

struct use use_default(const char *name, const struct param *params)
{
  struct use u = {{0}, ""};
  for (int i = 0; i < n_params(params); i++) u.param[i] = params[i].value;
  write_text(name, (int)strlen(name), params, &u);
  return u;
}

double use_number(const struct use *u, const struct param *params, const char *name)
{
  int i = 0;
  while (strcmp(params[i].name, name) != 0) i++;
  return u->param[i];
}

bool use_same(const struct use *a, const struct use *b)
{
  bool same = true;
  for (int i = 0; i < USE_PARAMS; i++) same = same && a->param[i] == b->param[i];
  return same;
}

int use_name_length(const char *text)
{
  return (int)strcspn(text, "(");
}

const char *use_describe(const struct param *p, char *text, int bytes)
{
  char value[32];
  if (!p->words && p->value < -FLT_MAX) {
    (void)snprintf(text, (size_t)bytes, "any number; none by default");
    return text;
  }
  if (!p->words) {
    (void)snprintf(text, (size_t)bytes,
                   p->whole ? "whole, %.9g to %.9g, %.9g by default"
                            : "%.4g to %.4g, %.4g by default",
                   p->least, p->most, p->value);
    return text;
  }
  int n = 0;
  for (int i = 0; p->words[i] && n < bytes; i++)
    n += snprintf(text + n, (size_t)(bytes - n), "%s%s", i ? ", " : "", p->words[i]);
  if (n < bytes) {
    (void)snprintf(text + n, (size_t)(bytes - n), "; %s by default",
                   value_text(p, p->value, value, sizeof value));
  }
  return text;
}

static err unknown_param(const char *kind, const char *name, const struct param *params,
                         const char *item)
{
  const char *names[USE_PARAMS];
  char near[256];
  const int n = n_params(params);
  CHECK(n, ERR_USAGE, "the %s %s has no parameters, and none called '%s'", kind, name, item);
  for (int i = 0; i < n; i++) names[i] = params[i].name;
  return FAIL(ERR_USAGE, "the %s %s has no parameter '%s'%s (see retrograd methods)", kind, name,
              item, nearest_text(item, names, n, near, sizeof near));
}

/** Whether the text is a value of the parameter. */
static bool read_value(const struct param *p, const char *text, double *value)
{
  char *end = NULL;
  for (int i = 0; p->words && p->words[i]; i++) {
    *value = i;
    if (!strcmp(p->words[i], text)) return true;
  }
  if (p->words) return false;
  *value = strtod(text, &end) + 0.0; /* -0 is 0 */
  return end != text && !*end && isfinite(*value) && *value >= p->least && *value <= p->most &&
         (!p->whole || *value == floor(*value));
}

/** param=value, cut up in place. */
static err take_param(const char *kind, const char *name, const struct param *params, char *item,
                      struct use *u)
{
  char allowed[256];
  char *equals = strchr(item, '=');
  CHECK(equals, ERR_USAGE, "%s %s: '%s' is not parameter=value", kind, name, item);
  *equals = 0;
  int i = 0;
  while (i < n_params(params) && strcmp(params[i].name, item) != 0) i++;
  if (i == n_params(params)) return unknown_param(kind, name, params, item);
  CHECK(read_value(&params[i], equals + 1, &u->param[i]), ERR_USAGE,
        "%s %s: %s=%s is not allowed; %s", kind, name, item, equals + 1,
        use_describe(&params[i], allowed, sizeof allowed));
  return ERR_OK;
}

err use_parse(const char *text, const char *kind, const struct param *params, struct use *out)
{
  char copy[USE_TEXT * 2];
  CHECK(strlen(text) < sizeof copy, ERR_USAGE, "%s '%s' is longer than %zu characters", kind, text,
        sizeof copy - 1);
  (void)snprintf(copy, sizeof copy, "%s", text);
  char *open = strchr(copy, '('), *more = NULL;
  if (open) {
    const size_t n = strlen(open);
    CHECK(n > 2 && open[n - 1] == ')', ERR_USAGE, "%s '%s' is not name(parameter=value,...)", kind,
          text);
    open[n - 1] = 0;
    *open++ = 0;
  }
  struct use u = use_default(copy, params);
  for (char *item = open ? strtok_r(open, ",", &more) : NULL; item;
       item = strtok_r(NULL, ",", &more))
    TRY(take_param(kind, copy, params, item, &u));
  write_text(copy, (int)strlen(copy), params, &u);
  *out = u;
  return ERR_OK;
}
