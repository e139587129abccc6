#pragma once
/* Reference of extracts and aggregates: gamma is really made, entry by entry, in double. */
#include <stdbool.h>

/** One sample at one tap, dense, in double. */
struct field {
  int k, h, w;
  const double *a, *g; /* [k, h, w] */
};

/** The entries at one position. */
struct gamma {
  int n;
  double *entry;
};

struct extract_ref {
  const char *name;
  /** Append the entries at row r, column c to y. */
  void (*make)(const struct field *f, int r, int c, struct gamma *y);
  double roundings; /* of a square, in the type of the fields */
};

/** The result, and what its rounding errors are relative to. */
struct aggregate_ref {
  const char *name;
  double (*of)(const struct gamma *y);
  double (*size)(const struct gamma *y);
  bool is_root; /* of squares */
};

/** The reference of that name; fails the test when there is none. */
const struct extract_ref *ref_extract_find(const char *name);
const struct aggregate_ref *ref_aggregate_find(const char *name);
