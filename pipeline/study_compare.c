/** @file
 *  The first difference between two studies, in words. */
#include "pipeline/study_compare.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/** Name the first setting in which two configurations differ. */
static err compare_config(const char *path, const char *there, const char *here, const char *remedy)
{
  json_t *a = json_loads(there, 0, NULL), *b = json_loads(here, 0, NULL);
  const char *key = NULL, *differs = NULL;
  json_t *value = NULL;
  char *was = NULL, *is = NULL;
  json_object_foreach(b, key, value)
  {
    if (!differs && !json_equal(value, json_object_get(a, key))) differs = key;
  }
  json_object_foreach(a, key, value)
  {
    if (!differs && !json_object_get(b, key)) differs = key;
  }
  err e = ERR_OK;
  if (differs) {
    was = json_dumps(json_object_get(a, differs), JSON_ENCODE_ANY | JSON_COMPACT);
    is = json_dumps(json_object_get(b, differs), JSON_ENCODE_ANY | JSON_COMPACT);
    e = FAIL(ERR_MISMATCH, "%s belongs to another study: setting '%s' is %s there, %s here%s", path,
             differs, was ? was : "not given", is ? is : "not given", remedy);
  }
  free(was);
  free(is);
  json_decref(a);
  json_decref(b);
  return e;
}

/** How much of a text is shown: a line. */
static int shown(const char *text)
{
  enum { MOST = 200 };
  const size_t n = strcspn(text, "\n");
  return n < MOST ? (int)n : MOST;
}

/** Go to the line, in two texts of several, in which they differ first. */
static void find_line(const char **there, const char **here)
{
  const char *a = *there, *b = *here;
  for (; *a && *a == *b; a++, b++) {
    if (*a != '\n') continue;
    *there = a + 1;
    *here = b + 1;
  }
}

err study_compare(const char *path, const char *name, const char *there, const char *here,
                  const char *remedy)
{
  if (!strcmp(there, here)) return ERR_OK;
  if (!strcmp(name, "config")) TRY(compare_config(path, there, here, remedy));
  find_line(&there, &here);
  return FAIL(ERR_MISMATCH, "%s belongs to another study: %s is '%.*s' there, '%.*s' here%s", path,
              name, shown(there), there, shown(here), here, remedy);
}

int study_is_description(const char *name)
{
  static const char *const names[] = {"model", "view", "data", "title", "study"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(name, names[i])) return 1;
  return 0;
}
