/** @file
 *  Job `metrics`: every metric and every similarity. */
#include "core/metric.h"
#include "core/nearest.h"
#include "core/similarity.h"
#include "jobs/job.h"
#include "jobs/print.h"

#include <stdio.h>
#include <string.h>

static const struct option options[] = {
    {"format", OPTION_TEXT, ROLE_RUN, "text|markdown", "text",
     "For reading, or the lists of the documentation."},
    {0},
};

/** One thing that is said of a metric or a similarity. */
struct line {
  const char *title, *text;
};

enum { COLUMN = 12 };

static void text_entry(const char *name, const struct line *line)
{
  printf("%s\n", name);
  for (; line->title; line++) {
    printf("  %-*s", COLUMN - 2, line->title);
    print_wrapped(COLUMN, COLUMN, line->text);
  }
}

/** Text between bars of code where it is a formula, and plain else. */
static void markdown_entry(const char *name, const struct line *line)
{
  printf("\n### `%s`\n\n", name);
  for (; line->title; line++) printf("- %s: %s\n", line->title, line->text);
}

/** What a metric needs beside the map, in words. */
static const char *needs(const struct metric *k, char *text, size_t bytes)
{
  static const struct {
    unsigned what;
    const char *word;
  } words[] = {{METRIC_OBJECT, "boxes, masks or cells of mosaics"},
               {METRIC_GRID, "mosaics (--view mosaic=FILE)"},
               {METRIC_OTHER, "the slot predicted"},
               {METRIC_ENERGY, "the method energy"},
               {METRIC_MODEL, "the model and the images"}};
  size_t used = 0;
  text[0] = 0;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!(k->needs & words[i].what) || used >= bytes) continue;
    if (words[i].what == METRIC_OBJECT && k->needs & METRIC_GRID) continue;
    used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? "; " : "", words[i].word);
  }
  if (k->slot && used < bytes) {
    (void)snprintf(text + used, bytes - used, "%sthe slot %s, where its value stands",
                   used ? "; " : "", k->slot);
  }
  return text[0] ? text : "nothing but the map";
}

static err print(const char *format)
{
  static const char *const names[] = {"text", "markdown"};
  const bool markdown = !strcmp(format, "markdown");
  void (*entry)(const char *, const struct line *) = markdown ? markdown_entry : text_entry;
  char near[128], need[256];
  CHECK(markdown || !strcmp(format, "text"), ERR_USAGE,
        "--format: '%s' is neither text nor markdown%s", format,
        nearest_text(format, names, 2, near, sizeof near));
  printf("%s", markdown ? "\n## Metrics\n" : "Metrics, for --metrics and --evaluate:\n\n");
  for (const struct metric *const *k = metric_all; *k; k++) {
    entry((*k)->name, (const struct line[]){{"value", (*k)->formula},
                                            {"range", (*k)->range},
                                            {"better", (*k)->better},
                                            {"ties", (*k)->ties},
                                            {"needs", needs(*k, need, sizeof need)},
                                            {"traps", (*k)->traps},
                                            {"source", (*k)->source},
                                            {0}});
  }
  printf("%s", markdown ? "\n## Similarities of two maps\n" : "\nSimilarities of two maps:\n\n");
  for (const struct similarity *const *s = similarity_all; *s; s++) {
    char undefined[200];
    (void)snprintf(undefined, sizeof undefined, "a map holds a NaN; %s", (*s)->undefined);
    entry((*s)->name, (const struct line[]){{"value", (*s)->formula},
                                            {"range", (*s)->range},
                                            {"NaN where", undefined},
                                            {"source", (*s)->source},
                                            {0}});
  }
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  *exit_code = EXIT_DONE;
  return print(options_text(o, "format"));
}

const struct job job_metrics = {
    .name = "metrics",
    .summary = "list metrics and similarities of maps",
    .usage = "retrograd metrics",
    .about =
        "What each metric of `retrograd evaluate` is: value, range, ties, what it needs, traps, "
        "source.",
    .options = options,
    .run = run,
};
