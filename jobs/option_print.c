/** @file
 *  Options as text: --help, the record in the file, a study file. */
#include "io/utf8.h"
#include "jobs/option_impl.h"
#include "jobs/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The code point of the well-formed UTF-8 character of n bytes at p. */
static uint32_t code_point(const char *p, int n)
{
  uint32_t c = (unsigned char)p[0] & (n == 1 ? 0x7FU : 0x7FU >> n);
  for (int i = 1; i < n; i++) c = c << 6 | ((unsigned char)p[i] & 0x3FU);
  return c;
}

/** True for code points that JSON forbids in text, or that YAML does not keep as they are. */
static bool is_special(uint32_t c)
{
  return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7F && c <= 0x9F) || c == 0x2028 ||
         c == 0x2029 || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF;
}

/** A quoted text that JSON and YAML read alike.  s is UTF-8. */
static void write_quoted(FILE *f, const char *s)
{
  (void)fputc('"', f);
  for (int n = 0; (n = utf8_length(s)) > 0; s += n) {
    const uint32_t c = code_point(s, n);
    if (c == '"' || c == '\\') {
      (void)fprintf(f, "\\%c", (int)c);
    } else if (is_special(c)) {
      (void)fprintf(f, "\\u%04x", c);
    } else {
      (void)fwrite(s, 1, (size_t)n, f);
    }
  }
  (void)fputc('"', f);
}

static void write_text(FILE *f, const struct option_value *v)
{
  write_quoted(f, v->text);
}

static void write_list(FILE *f, const struct option_value *v)
{
  (void)fputc('[', f);
  for (int i = 0; i < v->n; i++) {
    if (i) (void)fputc(',', f);
    write_quoted(f, v->item[i]);
  }
  (void)fputc(']', f);
}

static void write_int(FILE *f, const struct option_value *v)
{
  (void)fprintf(f, "%" PRId64, v->i);
}

static void write_real(FILE *f, const struct option_value *v)
{
  (void)fprintf(f, "%.17g", v->r);
}

static void write_flag(FILE *f, const struct option_value *v)
{
  (void)fputs(v->flag ? "true" : "false", f);
}

static void write_as_given(FILE *f, const struct option_value *v)
{
  (void)fputs(v->text, f);
}

typedef void writer(FILE *f, const struct option_value *v);

static writer *const json[] = {
    [OPTION_TEXT] = write_text, [OPTION_LIST] = write_list, [OPTION_INT] = write_int,
    [OPTION_REAL] = write_real, [OPTION_FLAG] = write_flag,
};

static writer *const yaml[] = {
    [OPTION_TEXT] = write_text,     [OPTION_LIST] = write_list, [OPTION_INT] = write_as_given,
    [OPTION_REAL] = write_as_given, [OPTION_FLAG] = write_flag,
};

/** The setting whose name follows `after` in bytewise order, or -1. */
static int next_setting(const struct options *o, const char *after)
{
  int best = -1;
  for (int k = 0; k < o->n; k++) {
    const char *name = o->table[k].name;
    if (o->table[k].role != ROLE_SETTING || (after && strcmp(name, after) <= 0)) continue;
    if (best < 0 || strcmp(name, o->table[best].name) < 0) best = k;
  }
  return best;
}

err options_config(const struct options *o, char **out)
{
  char *text = NULL;
  size_t bytes = 0;
  FILE *f = open_memstream(&text, &bytes);

  CHECK(f, ERR_MEMORY, "no memory for the configuration");
  int k = next_setting(o, NULL);
  (void)fputc('{', f);
  while (k >= 0) {
    const bool flag = o->table[k].kind == OPTION_FLAG;
    (void)fprintf(f, "\"%s\":", o->table[k].name);
    if (o->value[k].text || flag) {
      json[o->table[k].kind](f, &o->value[k]);
    } else {
      (void)fputs("null", f);
    }
    k = next_setting(o, o->table[k].name);
    if (k >= 0) (void)fputc(',', f);
  }
  (void)fputc('}', f);
  const bool failed = ferror(f);
  if (fclose(f) != 0 || failed) {
    free(text);
    return FAIL(ERR_MEMORY, "no memory for the configuration");
  }
  *out = text;
  return ERR_OK;
}

void options_print(const struct options *o)
{
  printf("job: %s\n", o->job);
  for (int k = 0; k < o->n; k++) {
    const struct option_value *v = &o->value[k];
    if (!v->text || (o->table[k].role == ROLE_RUN && !v->given)) continue;
    printf("%s: ", o->table[k].name);
    yaml[o->table[k].kind](stdout, v);
    putchar('\n');
  }
}

/** "--name VALUE" of one option; returns its columns. */
static int heading(const struct option *p, char *text, int bytes)
{
  const bool on = p->otherwise && p->kind == OPTION_FLAG && strcmp(p->otherwise, "true") == 0;
  return snprintf(text, (size_t)bytes, "--%s%s%s%s", on ? "[no-]" : "", p->name,
                  p->value ? " " : "", p->value ? p->value : "");
}

static int widest(const struct option *table, int least)
{
  char text[80];
  for (; table->name; table++) {
    const int n = heading(table, text, sizeof text);
    if (n > least) least = n;
  }
  return least;
}

static void help_table(const struct option *table, int wide)
{
  char left[80], right[600];

  for (; table->name; table++) {
    const bool say = table->otherwise && table->kind != OPTION_FLAG;
    (void)heading(table, left, sizeof left);
    (void)snprintf(right, sizeof right, "%s%s%s%s", table->help, say ? " [default: " : "",
                   say ? table->otherwise : "", say ? "]" : "");
    printf("  %-*s  ", wide, left);
    print_wrapped(wide + 4, wide + 4, right);
  }
}

void options_help(const struct option *table)
{
  const int wide = widest(option_common, widest(table, 0));

  if (table->name) printf("Options:\n");
  help_table(table, wide);
  printf("%sFor every job:\n", table->name ? "\n" : "");
  help_table(option_common, wide);
}
