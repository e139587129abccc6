/** @file
 *  Names of ONNX values where there is little room. */
#include "io/short_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/** Whether the component of a path that ends at `end` begins the one behind it, "layer3" in
 *  "layer3/layer3.2". */
static bool is_said_again(const char *from, const char *end)
{
  const size_t n = (size_t)(end - from);
  return n && !strncmp(end + 1, from, n);
}

static void cut(char *text, const char *tail)
{
  const size_t n = strlen(text), m = strlen(tail);
  if (n > m && !strcmp(text + n - m, tail)) text[n - m] = '\0';
}

void short_name(const char *name, const char *op, char *out, size_t bytes)
{
  char last[64];
  if (*name == '/') name++;
  for (const char *slash = strchr(name, '/'); slash && is_said_again(name, slash);
       slash = strchr(name, '/'))
    name = slash + 1;
  (void)snprintf(out, bytes, "%s", name);
  cut(out, "_output_0");
  if (!op) return;
  (void)snprintf(last, sizeof last, "/%s", op);
  cut(out, last);
}
