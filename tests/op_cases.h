#pragma once
/* Cases of the operators' conformance test. */
#include "op_driver.h"

/** Good cases, at least one for every operator; ended by a NULL op. */
extern const struct op_case op_cases[];

/** What must be refused, and how; ended by a NULL op. */
struct bad_case {
  struct op_case is;
  err code;
};
extern const struct bad_case op_bad_cases[];

/** A random case of Conv, MaxPool or AveragePool that is possible, as text in the two buffers. */
struct op_case op_random_case(uint64_t *state, char attrs[160], char inputs[64]);

/** The same with rows of several vectors; a Conv is depthwise. */
struct op_case op_random_wide_case(uint64_t *state, char attrs[160], char inputs[64]);
