/** @file
 *  What the suites that loop over operators share. */
#include "op_check.h"

#include "check.h"
#include "op_cases.h"

#include <math.h>

enum { RANDOM_CASES = 240, MAX_BATCH = 3 };

void check_all_cases(enum driver_values how, void (*check)(struct op_driver *d))
{
  char attrs[160], inputs[64];
  uint64_t state = 7;
  const struct op_case *fixed = op_cases;
  for (int i = 0; fixed->op || i < RANDOM_CASES; i += !fixed->op, fixed += fixed->op != NULL) {
    const struct op_case c = fixed->op ? *fixed
                             : i % 3   ? op_random_case(&state, attrs, inputs)
                                       : op_random_wide_case(&state, attrs, inputs);
    const int batch = 1 + (int)driver_random(&state, MAX_BATCH);
    for (int b = fixed->op ? 1 : batch; b <= (fixed->op ? MAX_BATCH : batch); b++) {
      struct op_driver d;
      const err e = driver_make(&d, &c, b, how, (uint64_t)i + (uint64_t)b);
      if (e) print_error("%s: %s\n", c.op, err_message());
      assert_int_equal(e, ERR_OK);
      check(&d);
      driver_free(&d);
    }
  }
}

void check_fail(const struct op_driver *d, int64_t i, double got, double want, double bound)
{
  char x[96], y[96];
  print_error("%s %s -> %s, batch %d, element %lld: got %.17g, want %.17g, bound %.3g\n",
              d->op->name, shape_text(&d->in[0].shape, "N", x, sizeof x),
              shape_text(&d->at.ys, "N", y, sizeof y), d->batch, (long long)i, got, want, bound);
  for (int k = 0; k < d->attrs.n; k++) print_error("  with attribute %s\n", d->attr[k].name);
  fail();
}

void check_near(const struct op_driver *d, int64_t i, double got, double want, double bound)
{
  if (!(fabs(got - want) <= bound)) check_fail(d, i, got, want, bound);
}

struct ref_call check_reference(const struct op_driver *d, int sample)
{
  struct ref_call c = {.attrs = &d->attrs, .opset = d->opset, .n_in = d->at.n_in};
  for (int i = 0; i < c.n_in; i++) {
    const struct shape *s = &d->in[i].shape;
    const int64_t at = d->dx[i] ? sample * shape_count(s) : 0;
    c.in[i] = (struct ref_tensor){.rank = s->rank, .ints = d->in[i].ints};
    if (d->value[i]) c.in[i].v = d->value[i] + at;
    for (int k = 0; k < s->rank; k++) c.in[i].dim[k] = s->dim[k];
  }
  ref_find(d->op->name)(&c);
  return c;
}
