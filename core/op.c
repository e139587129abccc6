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

unsigned op_reads(const struct op *op, const struct op_site *at)
{
  return op->reads_at ? op->reads_at(at) : op->backward_reads;
}

unsigned op_product_reads(const struct op_site *at)
{
  return at->n_in > 1 && !at->in[0].fixed && !at->in[1].fixed ? OP_READS_X : 0;
}

int64_t op_weight_flops(const struct op_site *at)
{
  return 2 * shape_count(&at->in[1].shape) * shape_inner(&at->ys);
}
