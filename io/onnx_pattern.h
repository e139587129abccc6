#pragma once
/* What the patterns of the ONNX reader share: several nodes that are one operator, told by their values.
 * A pattern is a function onnx_pattern_<name> that looks at the last of its nodes, and one line in
 * onnx_pattern_list.h. */
#include "io/onnx_impl.h"

enum { PATTERN_INPUTS = 3, PATTERN_ATTRS = 2 };

/** What a pattern has found: inputs and attributes of the one operator. */
struct found {
  int n_in, in[PATTERN_INPUTS]; /* values */
  int n_attrs;
  struct attr attr[PATTERN_ATTRS];
};

struct look {
  struct onnx_model *m;
  struct found found;
};

#define PATTERN(last, makes, name)         \
  bool onnx_pattern_##name(struct look *l, \
                           const struct onnx_node *n); /* true: l->found is filled */
#include "io/onnx_pattern_list.h"
#undef PATTERN

enum { MAX_FACTORS = 6 };

/** A product taken apart: the numbers in it multiplied, and the other factors. */
struct product {
  double scale;
  int n, factor[MAX_FACTORS];
  bool many; /* more than fit */
};

/** The node of that operator that makes a value, or NULL. */
const struct onnx_node *onnx_match_node(const struct look *l, int value, const char *op);

/** Whether two values are one, as aliases are. */
bool onnx_match_same(const struct look *l, int a, int b);

/** The number that a constant of one float is. */
bool onnx_match_number(const struct look *l, int value, double *out);

/** Whether x is that number to 1 part in 1,000: exporters write constants with three to eight digits, in
 *  float32 or float16. */
bool onnx_match_near(double x, double want);

/** Whether a value is that number, near enough. */
bool onnx_match_is(const struct look *l, int value, double want);

/** Take the product that `last` makes apart, but leave the value `whole` as it is. */
struct product onnx_match_product(const struct look *l, const struct onnx_node *last, int whole);

/** The other operand of value = operand + number, or -1. */
int onnx_match_plus(const struct look *l, int value, double want);

/** x where value = scale * x, or -1. */
int onnx_match_scaled(const struct look *l, int value, double scale);

/** Whether n = scale * x * f(x), where `of` tells x from the value f(x) or gives -1; x is found. */
bool onnx_match_two_factors(struct look *l, const struct onnx_node *n, double scale,
                            int (*of)(const struct look *l, int value));
