#pragma once
/* What an operator is.  One operator per file op_<name>.c, one line in op_list.h, nothing else. */
#include "core/attr.h"
#include "core/err.h"
#include "core/real.h"
#include "core/shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One input of a node, as known when the graph is built. */
struct operand {
  bool present;        /* optional inputs may be absent */
  bool fixed;          /* a constant: data or ints are there now; else an activation */
  struct shape shape;  /* of one sample (dim[0] = 1) for activations, of the tensor for constants */
  const real *data;    /* float constants, row-major, not owned; else NULL */
  const int64_t *ints; /* integer constants, row-major, not owned; else NULL */
};

/** Where an operator stands in a graph: all that its kernels may know besides numbers. */
struct op_site {
  const void *attr; /* made by `parse`, completed by `infer` */
  int batch;        /* samples of the unit, side by side */
  int n_in;
  const struct operand *in; /* [n_in] */
  struct shape ys;          /* of one sample */
  const void *prepared; /* [prepared_bytes] what `prepare` made of the constants; NULL: nothing */
  bool plain;           /* no fast algorithm that rounds otherwise (Winograd) */
};

struct op_fwd {
  const struct op_site *at;
  const real *const
      *x;     /* [n_in] activations as stored (shape.h), constants row-major, NULL if absent */
  real *y;    /* overwritten */
  void *aux;  /* [aux_bytes] overwritten: what backward wants to know beside x and y */
  void *work; /* [work_bytes] scratch */
};

struct rule_site; /* core/rule.h */

/** What a node saw when the reference of a rule went forward. */
struct op_reference {
  const real *const *x; /* [n_in] as op_fwd.x */
  const real *y;
  const void *aux;
};

struct op_bwd {
  const struct op_site *at;
  const real *const *x; /* as in op_fwd; an activation may be NULL unless OP_READS_X is declared */
  const real *y;        /* NULL unless OP_READS_Y is declared */
  const void *aux;      /* as forward left it; NULL unless OP_READS_AUX is declared */
  void *work;           /* [work_bytes] scratch */
  const real *dy;       /* adjoint of y, as stored, read only */
  real *const *dx;      /* [n_in] adjoints of x: ACCUMULATED (+=); NULL where none is wanted */
  const bool *set;      /* [n_in] true: dx[i] holds nothing yet and is overwritten instead; only for
                           operators that declare `can_set`, NULL for others */
  const struct rule_site *rule;         /* for overrides of a rule; operators do not look at it */
  const struct op_reference *reference; /* for overrides that read it, NULL for others */
};

/** Whether dx[i] is to be overwritten. */
static inline bool op_sets(const struct op_bwd *c, int i)
{
  return c->set && c->set[i];
}

/* OWN is for rules that call the operator's own backward: what that reads.  WEIGHTS: constants as they
 * are, also where something was prepared from them.  REFERENCE: what the node saw of the rule's
 * reference. */
enum {
  OP_READS_X = 1,
  OP_READS_Y = 2,
  OP_READS_AUX = 4,
  OP_READS_OWN = 8,
  OP_READS_WEIGHTS = 16,
  OP_READS_REFERENCE = 32
};

/* What an operator does to its activations, for rules that treat many operators alike. */
enum op_role {
  OP_WEIGHTED,  /* y = W x + b with constant weights */
  OP_LINEAR,    /* linear in its activations: sums, means, products with constants */
  OP_SCALING,   /* every channel times a constant, plus a constant */
  OP_POINTWISE, /* y_i = f(x_i), or f of two where one is chosen */
  OP_ROUTING,   /* every y_i is one of the x_j, or a constant */
  OP_PRODUCT,   /* the product of two activations, element by element */
  OP_QUOTIENT,  /* their quotient */
  OP_MIXING     /* anything else */
};

/** Weights of an operator whose role is OP_WEIGHTED. */
struct op_linear {
  int bias;                                              /* its operand; 0: it has none */
  int (*weights)(const struct op_site *at);              /* their operand; < 0: not constant */
  int (*output_of)(const struct op_site *at, int64_t i); /* the output that weight i feeds */
  int (*outputs)(const struct op_site *at);              /* how many there are */
  real (*bias_of)(const struct op_site *at, int output); /* what the bias adds to it */
  bool (*last)(const struct op_site *at); /* outputs are y's last dimension; NULL: its channels */
};

/* Where results may lie.  FORWARD: y may be the memory of x[0].  BACKWARD: dx[0] may be the memory of
 * dy when it is set, not accumulated.  BOTH: of two inputs, dx[1] may be there, too. */
enum { OP_IN_PLACE_FORWARD = 1, OP_IN_PLACE_BACKWARD = 2, OP_IN_PLACE_BOTH = 4 };

struct weigh; /* core/weigh.h */

struct op {
  const char *name;   /* ONNX operator type */
  const char *source; /* specification */
  int min_in, max_in; /* inputs; max_in < 0: any number */
  size_t attr_bytes;  /* size of the private attribute struct; 0: none */
  /** Read attributes into `attr` (zeroed, attr_bytes).  May be NULL when attr_bytes is 0. */
  err (*parse)(const struct attr_list *list, int opset, void *attr);
  /** Check operands, complete `attr`, and give the shape of one sample of the output. */
  err (*infer)(void *attr, const struct operand *in, int n_in, struct shape *ys);
  size_t (*aux_bytes)(const struct op_site *at);  /* NULL: none */
  size_t (*work_bytes)(const struct op_site *at); /* NULL: none; the larger of both directions */
  /* NULL: none.  Of an operator with variants it depends on constants and variant alone, not on positions. */
  size_t (*prepared_bytes)(const struct op_site *at);
  void (*prepare)(const struct op_site *at, void *prepared); /* once, when the plan is made */
  int replaces; /* the input that kernels do not read where something was prepared; 0: none */
  void (*forward)(const struct op_fwd *c);
  void (*backward)(const struct op_bwd *c);
  unsigned backward_reads;                        /* OP_READS_* of `backward` */
  unsigned (*reads_at)(const struct op_site *at); /* the same at a site that may want less; NULL */
  bool can_set;                                   /* `backward` obeys `set` */
  unsigned in_place;                              /* OP_IN_PLACE_* */
  const struct op_linear *linear; /* of operators in the list as WEIGHTED; NULL for others */
  const struct weigh *weigh;      /* gradients of its constants; NULL: it has none */
  /* Of operators with y_i = x_i or a constant: whether such a y_i is a constant, through which no signal
   * goes; NULL for others. */
  bool (*is_constant)(const struct op_site *at, real y);
  /* For reports only: how it is computed, and multiplications and additions of one sample by direct
   * sums, the same in both directions; NULL: one way; not counted. */
  const char *(*variant)(const struct op_site *at);
  int64_t (*flops)(const struct op_site *at);
};

/** OP_READS_* of an operator's own backward at a site. */
unsigned op_reads(const struct op *op, const struct op_site *at);

/** `reads_at` of products: what goes back to one operand reads the other, which a constant always is there
 *  for. */
unsigned op_product_reads(const struct op_site *at);

/** `flops` of an operator that uses every weight, input 1, at every position of its output. */
int64_t op_weight_flops(const struct op_site *at);

/** All operators, in the order of op_list.h, ended by NULL. */
extern const struct op *const op_all[];

/** The role of an operator where it stands: a product with a constant is linear, one of matrices that
 *  are both activations mixes. */
enum op_role op_role(const struct op *op, const struct op_site *at);

/** The operator of an ONNX type, or NULL. */
const struct op *op_find(const char *name);
