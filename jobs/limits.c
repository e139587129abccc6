/** @file
 *  Job `limits`: what the readers refuse. */
#include "io/limit.h"
#include "jobs/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct option options[] = {
    {"format", OPTION_TEXT, ROLE_RUN, "NAME", "text", "text or markdown."}, {0}};

static err run(const struct options *o, int *exit_code)
{
  const char *format = options_text(o, "format");
  const bool markdown = strcmp(format, "markdown") == 0;

  CHECK(markdown || strcmp(format, "text") == 0, ERR_USAGE,
        "--format: '%s' is neither text nor markdown", format);
  printf(markdown ? "| limit | value | of |\n|---|---|---|\n" : "%-14s  %13s  %s\n", "limit",
         "value", "of");
  for (const struct limit_entry *l = limit_all; l < limit_all + LIMITS; l++) {
    printf(markdown ? "| `%s` | %" PRId64 " | %s |\n" : "%-14s  %13" PRId64 "  %s\n", l->name,
           l->value, l->what);
  }
  *exit_code = EXIT_DONE;
  return ERR_OK;
}

const struct job job_limits = {
    .name = "limits",
    .summary = "list the limits beyond which files are refused",
    .usage = "retrograd limits [--format markdown]",
    .about = "They keep a hostile or damaged file from taking the memory or the time.  A refusal "
             "names the "
             "limit; --reader-limits NAME=VALUE of the jobs that read models and images sets "
             "another value.",
    .options = options,
    .run = run,
};
