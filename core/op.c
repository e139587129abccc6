/** @file
 *  The table of operators, made from op_list.h. */
#include "core/op.h"

#include <string.h>

#define OP(name, role) extern const struct op op_##name;
#include "core/op_list.h"
#undef OP

const struct op *const op_all[] = {
#define OP(name, role) &op_##name,
#include "core/op_list.h"
#undef OP
    NULL,
};

static const enum op_role roles[] = {
#define OP(name, role) OP_##role,
#include "core/op_list.h"
#undef OP
};

enum op_role op_role(const struct op *op, const struct op_site *at)
{
  int i = 0, activations = 0;
  while (op_all[i] != op) i++;
  for (int k = 0; k < at->n_in; k++) activations += at->in[k].present && !at->in[k].fixed;
  if (roles[i] == OP_WEIGHTED && op->linear->weights(at) < 0) return OP_MIXING;
  if (roles[i] == OP_PRODUCT && activations == 1) return OP_LINEAR;
  if (roles[i] == OP_QUOTIENT && at->in[1].fixed) return OP_LINEAR;
  return roles[i];
}

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
