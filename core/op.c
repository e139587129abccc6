/** @file
 *  The table of operators, made from op_list.h. */
#include "core/op.h"

#include <string.h>

#define OP(name) extern const struct op op_##name;
#include "core/op_list.h"
#undef OP

const struct op *const op_all[] = {
#define OP(name) &op_##name,
#include "core/op_list.h"
#undef OP
    NULL,
};

const struct op *op_find(const char *name)
{
  for (const struct op *const *p = op_all; *p; p++)
    if (!strcmp((*p)->name, name)) return *p;
  return NULL;
}

int64_t op_weight_flops(const struct op_site *at)
{
  return 2 * shape_count(&at->in[1].shape) * shape_inner(&at->ys);
}
