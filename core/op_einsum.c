/** @file
 *  Einsum of one or two activations or constants, e.g. "bhid,bhjd->bhij": the output is the sum over all
 *  letters that it does not have of the products.  Not supported: an ellipsis, a letter twice in one term,
 *  no arrow, more operands.
 *  Source: ONNX operator specification, Einsum-12. */
#include "core/contract.h"
#include "core/elementwise.h"
#include "core/operand.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

/** The axes' letters: of the output, then of the operands. */
struct einsum {
  int n_in;
  char term[CONTRACT_ARRAYS][SHAPE_MAX_RANK + 1];
  char letters[CONTRACT_AXES + 1]; /* all of them, once */
};

/** One term of the equation, up to its end; *p is left there. */
static err parse_term(const char **p, char *term)
{
  int n = 0;
  for (; **p && **p != ',' && **p != '-'; ++*p) {
    if (**p == ' ') continue;
    CHECK(isalpha((unsigned char)**p), ERR_UNSUPPORTED,
          "'%c' in the equation; only letters are supported", **p);
    CHECK(n < SHAPE_MAX_RANK, ERR_UNSUPPORTED, "a term has more than %d letters", SHAPE_MAX_RANK);
    CHECK(!memchr(term, **p, (size_t)n), ERR_UNSUPPORTED, "letter %c is twice in one term", **p);
    term[n++] = **p;
  }
  term[n] = 0;
  return ERR_OK;
}

static err collect_letters(struct einsum *a)
{
  size_t n = 0;
  for (int k = 0; k < CONTRACT_ARRAYS; k++) {
    for (const char *c = a->term[k]; *c; c++) {
      if (memchr(a->letters, *c, n)) continue;
      CHECK(n + 1 < CONTRACT_AXES, ERR_UNSUPPORTED, "more than %d letters", CONTRACT_AXES - 1);
      a->letters[n++] = *c;
    }
  }
  return ERR_OK;
}

static err parse(const struct attr_list *list, int opset, void *attr)
{
  struct einsum *a = attr;
  const char *p;
  (void)opset;
  TRY(attr_string(list, "equation", "", &p));
  TRY(parse_term(&p, a->term[CONTRACT_LEFT]));
  a->n_in = 1;
  if (*p == ',') {
    p++;
    a->n_in = 2;
    TRY(parse_term(&p, a->term[CONTRACT_RIGHT]));
  }
  CHECK(*p != ',', ERR_UNSUPPORTED, "the equation has more than two operands");
  CHECK(!strncmp(p, "->", 2), ERR_UNSUPPORTED, "the equation does not say its output by ->");
  p += 2;
  TRY(parse_term(&p, a->term[CONTRACT_OUT]));
  CHECK(!*p, ERR_FORMAT, "the equation goes on after its output");
  return collect_letters(a);
}

/** Extent of a letter: the same in all operands that have it, 0 where none does. */
static err extent_of(const struct einsum *a, const struct operand *in, char letter, int *extent)
{
  *extent = 0;
  for (int k = 0; k < a->n_in; k++) {
    const char *at = strchr(a->term[CONTRACT_LEFT + k], letter);
    if (!at) continue;
    const int mine = in[k].shape.dim[at - a->term[CONTRACT_LEFT + k]];
    CHECK(!*extent || *extent == mine, ERR_SHAPE, "letter %c has extents %d and %d", letter,
          *extent, mine);
    *extent = mine;
  }
  CHECK(*extent, ERR_FORMAT, "letter %c of the output is in no operand", letter);
  return ERR_OK;
}

/** A letter that is an activation's dimension 0 of extent 1 is the batch, which stays in the output. */
static err check_batch(const struct einsum *a, const struct operand *in)
{
  for (int k = 0; k < a->n_in; k++) {
    const bool batch = !in[k].fixed && in[k].shape.rank && in[k].shape.dim[0] == 1;
    CHECK(!batch || strchr(a->term[CONTRACT_OUT], a->term[CONTRACT_LEFT + k][0]), ERR_UNSUPPORTED,
          "the batch of input %d would be summed over", k);
  }
  return ERR_OK;
}

static err infer(void *attr, const struct operand *in, int n_in, struct shape *ys)
{
  const struct einsum *a = attr;
  struct shape s = {.rank = (int)strlen(a->term[CONTRACT_OUT])};
  CHECK(n_in == a->n_in, ERR_FORMAT, "the equation has %d operands, the node %d inputs", a->n_in,
        n_in);
  for (int k = 0; k < n_in; k++) {
    TRY(operand_numbers(in, k));
    const int letters = (int)strlen(a->term[CONTRACT_LEFT + k]);
    CHECK(letters == in[k].shape.rank, ERR_SHAPE, "%d letters for the %d dimensions of input %d",
          letters, in[k].shape.rank, k);
  }
  for (const char *c = a->letters; *c; c++) {
    int extent;
    TRY(extent_of(a, in, *c, &extent));
    const char *to = strchr(a->term[CONTRACT_OUT], *c);
    if (to) s.dim[to - a->term[CONTRACT_OUT]] = extent;
  }
  TRY(check_batch(a, in));
  TRY(operand_result(&s));
  *ys = s;
  return ERR_OK;
}

/** The node's axes with the batch, for three arrays in their roles: role[r] says which of output (0) and
 *  operands (1, 2) array r is. */
static struct contract contract_of(const struct op_site *at, const int *role)
{
  const struct einsum *a = at->attr;
  struct contract c = {.n = 1 + (int)strlen(a->letters), .extent = {at->batch}};
  for (int r = 0; r < CONTRACT_ARRAYS; r++) {
    const int k = role[r];
    if (k > a->n_in) continue; /* there is no second operand */
    const struct shape *shape = k ? &at->in[k - 1].shape : &at->ys;
    const struct shape_steps steps = shape_steps(shape, k && at->in[k - 1].fixed ? 0 : at->batch);
    c.step[r][0] = at->batch > 1 ? steps.batch : 0;
    for (int i = 1; i < c.n; i++) {
      const char *mine = strchr(a->term[k], a->letters[i - 1]);
      if (!mine) continue;
      c.extent[i] = shape->dim[mine - a->term[k]];
      c.step[r][i] = steps.axis[mine - a->term[k]];
    }
  }
  return c;
}

static const real one = REAL(1.0); /* in the place of a second operand */

/* To make the output and each operand's adjoint: what the three arrays of the contraction are. */
static const int roles[CONTRACT_ARRAYS][CONTRACT_ARRAYS] = {{0, 1, 2}, {1, 0, 2}, {2, 1, 0}};

static size_t work_bytes(const struct op_site *at)
{
  const struct einsum *a = at->attr;
  size_t most = 0;
  for (int r = 0; r <= a->n_in; r++) {
    const struct contract k = contract_of(at, roles[r]);
    const size_t bytes = contract_work_bytes(&k);
    most = bytes > most ? bytes : most;
  }
  return most;
}

static void forward(const struct op_fwd *c)
{
  const struct einsum *a = c->at->attr;
  const struct contract k = contract_of(c->at, roles[0]);
  memset(c->y, 0, (size_t)elementwise_count(c->at) * sizeof *c->y);
  contract_run(&k, c->x[0], a->n_in > 1 ? c->x[1] : &one, c->y, c->work);
}

static void begin(const struct op_bwd *c, int i)
{
  if (op_sets(c, i)) {
    memset(c->dx[i], 0,
           (size_t)(shape_count(&c->at->in[i].shape) * c->at->batch) * sizeof *c->dx[i]);
  }
}

static void backward(const struct op_bwd *c)
{
  const struct einsum *a = c->at->attr;
  if (c->dx[0]) {
    const struct contract k = contract_of(c->at, roles[1]);
    begin(c, 0);
    contract_run(&k, c->dy, a->n_in > 1 ? c->x[1] : &one, c->dx[0], c->work);
  }
  if (a->n_in > 1 && c->dx[1]) {
    const struct contract k = contract_of(c->at, roles[2]);
    begin(c, 1);
    contract_run(&k, c->x[0], c->dy, c->dx[1], c->work);
  }
}

const struct op op_einsum = {
    .name = "Einsum",
    .source = "ONNX operators, Einsum-12",
    .min_in = 1,
    .max_in = 2,
    .attr_bytes = sizeof(struct einsum),
    .parse = parse,
    .infer = infer,
    .work_bytes = work_bytes,
    .forward = forward,
    .backward = backward,
    .backward_reads = OP_READS_X,
    .reads_at = op_product_reads,
    .can_set = true,
};
