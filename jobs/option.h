#pragma once
/* Options: one table per job serves the command line, the study file, --help and the record in the
 * output file.  Every option has one name everywhere. */
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

enum option_kind {
  OPTION_TEXT, /* any text */
  OPTION_LIST, /* comma-separated; a YAML list in a study file; commas inside () or [] do not separate */
  OPTION_INT,
  OPTION_REAL,
  OPTION_FLAG /* --name, --no-name, --name=true|false */
};

/** What an option is to the record in the file. */
enum option_role {
  ROLE_SETTING, /* determines numbers: recorded, compared on resume */
  ROLE_RUN      /* belongs to one run only (output path, ranks, verbosity) */
};

struct option {
  const char *name; /* "layers"; NULL ends a table */
  enum option_kind kind;
  enum option_role role;
  const char *value;     /* in --help: "FILE", "N"; NULL for flags */
  const char *otherwise; /* default as text; NULL: none */
  const char *help;      /* one or two sentences */
};

struct options;

/** Parse argv[1..] of a job (argv[0] is the job's name).
 *
 *  --name VALUE, --name=VALUE; --study FILE reads name: value pairs from a YAML file first, so that
 *  the command line wins wherever it stands; --set name=value is the same as --name value.
 *  A bare argument sets the option called `bare` (NULL: none is taken; a second one is an error).
 *  Errors: ERR_USAGE naming the option (with the nearest names) and, for a study file, FILE:LINE. */
MUST_CHECK err options_parse(const struct option *table, const char *bare, int argc, char **argv,
                             struct options **out);
void options_free(struct options **o);

/* Values.  The name must be in the table (asserted).  Text is NULL, numbers are 0 where an option
 * without default was not given; options_given tells. */
bool options_given(const struct options *o, const char *name);
const char *options_text(const struct options *o, const char *name);
int64_t options_int(const struct options *o, const char *name);
double options_real(const struct options *o, const char *name);
bool options_flag(const struct options *o, const char *name);

/** Items of a list option; *n of them, owned by o. */
const char *const *options_list(const struct options *o, const char *name, int *n);

/** Print the table as --help text. */
void options_help(const struct option *table);
