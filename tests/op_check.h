#pragma once
/* What the suites that loop over operators share. */
#include "op_driver.h"
#include "ref_ops.h"

/** Run `check` on every case of op_cases.h, and on random ones, at every batch; a failure prints the case. */
void check_all_cases(enum driver_values how, void (*check)(struct op_driver *d));

/** Fail with the operator's shapes in the message; i: the element. */
void check_fail(const struct op_driver *d, int64_t i, double got, double want, double bound);

/** The same unless |got - want| <= bound. */
void check_near(const struct op_driver *d, int64_t i, double got, double want, double bound);

/** The reference's result for one sample; y.v and scale are the caller's to free. */
struct ref_call check_reference(const struct op_driver *d, int sample);
