#pragma once
/* What the files of the driver share. */
#include "op_driver.h"

/** Cut c's texts into words; every one becomes an attribute or an input of d. */
void driver_read(struct op_driver *d, const struct op_case *c, enum driver_values how,
                 uint64_t *state);

/** Random values of constants and signals. */
void driver_fill(double *v, int64_t n, bool positive, enum driver_values how, uint64_t *state);
