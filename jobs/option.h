#pragma once
/* Options: one table per job serves the command line, the study file, --help and the record in the
 * output file.  Every option has one name everywhere. */
#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

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
 *  --name VALUE, --name=VALUE; a VALUE that starts with -- needs the form with '='; --flag, --no-flag,
 *  --flag=true|false; -- ends the options.  Given twice, the last one holds.
 *  --study FILE reads name: value pairs from a YAML file first, so that the command line wins
 *  wherever it stands; the file may say `job: NAME`, which must be argv[0].  --set name=value is the
 *  same as --name=value.  A bare argument sets the option called `bare` (NULL: none is taken; a
 *  second one is an error, but for a list, of which each one is an item).  Values are UTF-8 and not empty, numbers are finite.
 *  The table must outlive *out; free it with options_free.
 *  Errors: ERR_USAGE naming the option (with the nearest names) and, for a study file, FILE:LINE;
 *  ERR_INPUT, ERR_FORMAT for the study file itself; ERR_MEMORY.  Not collective. */
MUST_CHECK err options_parse(const struct option *table, const char *bare, int argc, char **argv,
                             struct options **out);
void options_free(struct options **o);

/* Values.  The name must be in the table (asserted), and have that kind; text is there for every
 * kind, as it was given.  Text is NULL, numbers are 0, lists are empty where an option without
 * default was not given; options_given tells whether the user said it. */
bool options_given(const struct options *o, const char *name);
const char *options_text(const struct options *o, const char *name);
int64_t options_int(const struct options *o, const char *name);
double options_real(const struct options *o, const char *name);
bool options_flag(const struct options *o, const char *name);

/** Items of a list option; *n of them, owned by o. */
const char *const *options_list(const struct options *o, const char *name, int *n);

/** Errors: ERR_USAGE "--name VALUE is needed" when the option has no value. */
MUST_CHECK err options_need(const struct options *o, const char *name);

/** Every ROLE_SETTING option with its resolved value as canonical JSON: one object, keys sorted
 *  bytewise, no blanks, lists as arrays, reals as %.17g, null where there is no value.
 *  *json is new, the caller frees.  Errors: ERR_MEMORY. */
MUST_CHECK err options_config(const struct options *o, char **json);

/** Print to stdout what was resolved as a study file: every setting that has a value, and of the
 *  ROLE_RUN options those that were given.  Parsing it gives the same values again. */
void options_print(const struct options *o);

/** Print the table, and the options that every job has, to stdout as --help text. */
void options_help(const struct option *table);

/** The options that every job has beside its own; ended by a NULL name. */
extern const struct option option_common[];
