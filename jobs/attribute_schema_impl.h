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

/** The group /samples, and the dimensions of /maps. */
void attribute_schema_samples(struct attribute_schema *a);
