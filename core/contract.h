#pragma once
/* Sums of products over named axes:  out[..] += sum of left[..] right[..], as matrix products wherever steps
 * in memory allow it. */
#include "core/op.h"

enum { CONTRACT_AXES = 8, CONTRACT_OUT = 0, CONTRACT_LEFT, CONTRACT_RIGHT, CONTRACT_ARRAYS };

struct contract {
  int n;
  int64_t extent[CONTRACT_AXES];
  /* Elements that each array moves by along an axis; 0 where it has no such axis. */
  int64_t step[CONTRACT_ARRAYS][CONTRACT_AXES];
};

/** out accumulated; left, right read only; work [contract_work_bytes] scratch. */
void contract_run(const struct contract *c, const real *left, const real *right, real *out,
                  void *work);
size_t contract_work_bytes(const struct contract *c);
