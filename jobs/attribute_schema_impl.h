#pragma once
/* What the parts of the schema share. */
#include "jobs/attribute_schema.h"
#include "jobs/draft.h"

struct attribute_schema {
  struct draft *draft; /* whose pool holds this, too */
  const struct setup *setup;
  const char **variables;   /* [n places] */
  const char *const *slots; /* [n_targets] names of the targets */
};

/** A schema without entries, in `bytes` of zeroed memory whose beginning it is.  NULL when out of memory. */
struct attribute_schema *attribute_schema_begin(size_t bytes, const struct setup *s);

/** Name the variables of all places. */
void attribute_schema_names(struct attribute_schema *a);

/** What every study of samples says of itself: software, model, data, configuration, units. */
void attribute_schema_root(struct attribute_schema *a, const struct options *o, const char *title,
                           const char *job, const char *config);

/** Units of the study, and the planned passes over all of them. */
int64_t attribute_schema_units(const struct attribute_schema *a);
void attribute_schema_passes(struct attribute_schema *a, int64_t forward, int64_t backward);

/* The groups /samples, /layers (with a->variables) and /methods; a->slots becomes the targets' names. */
void attribute_schema_samples(struct attribute_schema *a);
void attribute_schema_layers(struct attribute_schema *a);
void attribute_schema_methods(struct attribute_schema *a);

/** Checksums of everything that is written while the study runs: after all other variables. */
void attribute_schema_checks(struct attribute_schema *a);
