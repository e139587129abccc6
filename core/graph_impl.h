#pragma once
/* What graph.c and graph_build.c share: the graph together with the memory that it stands on. */
#include "core/graph.h"

/** A mapped file that constants lie in. */
struct mapping {
  void *memory;
  size_t bytes;
};

struct graph_storage {
  struct graph graph; /* first: graph_free casts back */
  struct value *values;
  struct node *nodes;
  int *taps;
  int n_owned, max_owned;
  void **owned;   /* names, constants, attributes, input lists */
  void *gathered; /* the float constants, after graph_gather_weights */
  int n_mappings, max_mappings;
  struct mapping *mappings;
  int n_inner, max_inner;
  struct inner *inner;
};

/** Extents that a value may have.  Errors: ERR_SHAPE, ERR_UNSUPPORTED. */
MUST_CHECK err graph_check_shape(const char *name, const struct shape *shape);
