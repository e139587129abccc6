#pragma once
/* What the parts of the schema share. */
#include "jobs/attribute_schema.h"
#include "jobs/pool.h"

struct attribute_schema {
  struct pool *pool;
  const struct setup *setup;
  struct store_schema schema;
  struct store_attr *attrs;
  struct store_dim *dims;
  struct store_var *vars;
  const char **variables;   /* [n plan taps] */
  const char *const *slots; /* [n_targets] names of the targets */
};

/* Append one to the schema. */
void attribute_schema_dim(struct attribute_schema *a, const char *group, const char *name,
                          int64_t size, const char *const *text, const char *long_name);
void attribute_schema_var(struct attribute_schema *a, const struct store_var *v);

/** Most attributes of the root, dimensions and variables that the functions below append. */
enum { ATTRIBUTE_SCHEMA_ATTRS = 24, ATTRIBUTE_SCHEMA_DIMS = 16, ATTRIBUTE_SCHEMA_VARS = 20 };

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
