#pragma once
/* Attributes of a node, free of any file format: what a model reader hands to op->parse. */
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum attr_kind { ATTR_INT, ATTR_FLOAT, ATTR_INTS, ATTR_FLOATS, ATTR_STRING, ATTR_OTHER };

struct attr {
  const char *name;
  enum attr_kind kind;
  int64_t i;
  float f;
  const char *s; /* ended by 0, not owned */
  int n;         /* of ints or floats */
  const int64_t *ints;
  const float *floats;
};

struct attr_list {
  int n;
  const struct attr *item; /* [n], not owned */
};

/* Each getter writes *out: the attribute's value, or `otherwise` where it is absent.
 * Errors: ERR_FORMAT when the attribute has another kind. */
MUST_CHECK err attr_int(const struct attr_list *l, const char *name, int64_t otherwise,
                        int64_t *out);
MUST_CHECK err attr_float(const struct attr_list *l, const char *name, float otherwise, float *out);
MUST_CHECK err attr_string(const struct attr_list *l, const char *name, const char *otherwise,
                           const char **out);

/** Copy at most `max` integers into out[], and their number into *n; *n = 0 where absent.
 *  Errors: ERR_FORMAT for another kind, more than max, or a value outside [lo, hi]. */
MUST_CHECK err attr_ints(const struct attr_list *l, const char *name, int max, int64_t lo,
                         int64_t hi, int *n, int *out);

/** The attribute, or NULL. */
const struct attr *attr_find(const struct attr_list *l, const char *name);

/** Bytes of a copy of a list with everything that it points at, and the copy itself, at `memory`, which is
 *  aligned as malloc does. */
size_t attr_copy_bytes(const struct attr_list *l);
struct attr_list attr_copy(const struct attr_list *l, void *memory);
