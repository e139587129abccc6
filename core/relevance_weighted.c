/** @file
 *  Relevance through y = W x + b with modified inputs and weights: see relevance.h. */
#include "core/arena.h"
#include "core/relevance_variant.h"

/** Two tensors like x and three like y, and the operator's own scratch. */
size_t relevance_weighted_work(const struct rule_site *r)
{
  struct relevance_variant v;
  relevance_variant_site(r, &v);
  const int64_t x = relevance_count(&r->at->in[relevance_data_operand(r)].shape, r->at->batch);
  const int64_t y = relevance_count(&r->at->ys, r->at->batch);
  return 2 * arena_padded((size_t)x * sizeof(real)) + 3 * arena_padded((size_t)y * sizeof(real)) +
         (r->op->work_bytes ? r->op->work_bytes(&v.at) : 0);
}

err relevance_weighted_check(const struct rule_site *r)
{
  const struct linear_rule rule = relevance_linear(r);
  bool box = false;
  for (int g = 0; g < rule.n; g++) {
    for (int t = 0; t < rule.group[g].n; t++)
      box = box || rule.group[g].term[t].x == LINEAR_LOW || rule.group[g].term[t].x == LINEAR_HIGH;
  }
  CHECK(!box || (r->low && r->high), ERR_UNSUPPORTED,
        "the range of what node '%s' reads is not known, but the rule %s wants the model's input "
        "there: take a rule without z^B, such as lrp_epsilon_plus",
        r->node, r->use->rule->name);
  return ERR_OK;
}

/** The scratch, cut up. */
struct state {
  const struct op_bwd *c;
  struct linear_rule rule;
  int64_t nx, ny;
  real *input, *share; /* [nx] */
  real *z, *s, *one;   /* [ny] */
  void *own;
  bool negative; /* some x is negative */
  bool set;      /* dx holds nothing yet */
};

SIMD static bool any_negative(const real *x, int64_t n)
{
  int any = 0;
  for (int64_t i = 0; i < n; i++) any |= x[i] < REAL(0.0);
  return any;
}

static struct state state_of(const struct op_bwd *c)
{
  const struct rule_site *r = c->rule;
  const int data = relevance_data_operand(r);
  struct state s = {.c = c,
                    .rule = relevance_linear(r),
                    .nx = relevance_count(&c->at->in[data].shape, c->at->batch),
                    .ny = relevance_count(&c->at->ys, c->at->batch),
                    .set = op_sets(c, data)};
  unsigned char *at = c->work;
  real **const part[] = {&s.input, &s.share, &s.z, &s.s, &s.one};
  for (int i = 0; i < 5; i++) {
    *part[i] = (real *)(void *)at;
    at += arena_padded((size_t)(i < 2 ? s.nx : s.ny) * sizeof(real));
  }
  s.own = at;
  s.negative = any_negative(c->x[data], s.nx);
  return s;
}

/** A term that adds nothing: negative parts of an input without any. */
static bool is_empty(const struct state *s, const struct linear_term *t)
{
  return t->x == LINEAR_X_NEGATIVE && !s->negative;
}

SIMD static void clamp(const real *restrict x, int64_t n, bool positive, real *restrict to)
{
  if (positive) {
    for (int64_t i = 0; i < n; i++) to[i] = x[i] <= REAL(0.0) ? REAL(0.0) : x[i];
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = x[i] >= REAL(0.0) ? REAL(0.0) : x[i];
  }
}

static void fill(real value, int64_t n, real *to)
{
  for (int64_t i = 0; i < n; i++) to[i] = value;
}

/** x_t, in the scratch unless it is x itself. */
static const real *input_of(const struct state *s, const struct linear_term *t)
{
  const struct rule_site *r = s->c->rule;
  const real *x = s->c->x[relevance_data_operand(r)];
  const real *bound = t->x == LINEAR_LOW ? r->low : r->high;
  if (t->x == LINEAR_X || (t->x == LINEAR_X_POSITIVE && !s->negative)) return x;
  if (t->x == LINEAR_X_POSITIVE || t->x == LINEAR_X_NEGATIVE) {
    clamp(x, s->nx, t->x == LINEAR_X_POSITIVE, s->input);
  } else if (t->x == LINEAR_ONE) {
    fill(REAL(1.0), s->nx, s->input);
  } else {
    const int channels = shape_channels(&s->c->at->in[relevance_data_operand(r)].shape);
    const int64_t each = s->nx / channels;
    for (int k = 0; k < channels; k++) fill(bound[k], each, s->input + k * each);
  }
  return s->input;
}

/** z (+)= sign (y + bias), output by output. */
static void add_outputs(const struct state *s, const real *y, const real *bias, bool set,
                        bool subtract, real *restrict z)
{
  const struct rule_site *r = s->c->rule;
  const bool last = r->op->linear->last && r->op->linear->last(r->at);
  const int64_t n = r->op->linear->outputs(r->at), run = last ? 1 : s->ny / n;
  const real sign = subtract ? REAL(-1.0) : REAL(1.0);
  for (int64_t first = 0, m = 0; first < s->ny; first += run, m = m + 1 == n ? 0 : m + 1) {
    const real b = bias ? bias[m] : REAL(0.0);
    for (int64_t i = first; i < first + run; i++)
      z[i] = (set ? REAL(0.0) : z[i]) + sign * (y[i] + b);
  }
}

/** y = w_t x_t (+ b_t), by the operator itself. */
static void term_forward(const struct state *s, const struct linear_term *t, bool set, real *z)
{
  const struct rule_site *r = s->c->rule;
  struct relevance_variant v;
  const real *x[RELEVANCE_INPUTS] = {0};
  relevance_variant_of(r, &s->rule, t->w, r->prepared, &v);
  x[relevance_data_operand(r)] = input_of(s, t);
  x[relevance_weights_operand(r)] = v.weights;
  const struct op_fwd f = {.at = &v.at, .x = x, .y = s->one, .work = s->own};
  r->op->forward(&f);
  add_outputs(s, s->one, t->bias ? v.bias : NULL, set, t->subtract, z);
}

SIMD static void keep_where(const real *restrict y, int64_t n, bool positive, real *restrict s)
{
  if (positive) {
    for (int64_t i = 0; i < n; i++) s[i] = y[i] > REAL(0.0) ? s[i] : REAL(0.0);
  } else {
    for (int64_t i = 0; i < n; i++) s[i] = y[i] < REAL(0.0) ? s[i] : REAL(0.0);
  }
}

SIMD static void divide(const real *dy, const real *z, real c, real epsilon, int64_t n, real *s)
{
  relevance_divide(dy, z, c, epsilon, n, s);
}

/* dx may not be x or t. */
SIMD static void take_share(const real *restrict x, const real *restrict t, real sign, int64_t n,
                            bool set, real *restrict dx)
{
  if (set) {
    for (int64_t i = 0; i < n; i++) dx[i] = sign * (x[i] * t[i]);
  } else {
    for (int64_t i = 0; i < n; i++) dx[i] += sign * (x[i] * t[i]);
  }
}

/** dx (+)= s_t x_t * w_t' s. */
static void term_backward(struct state *s, const struct linear_term *t)
{
  const struct rule_site *r = s->c->rule;
  struct relevance_variant v;
  const int data = relevance_data_operand(r);
  const real *x[RELEVANCE_INPUTS] = {0};
  real *dx[RELEVANCE_INPUTS] = {0};
  const bool set[RELEVANCE_INPUTS] = {true, true, true};
  relevance_variant_of(r, &s->rule, t->w, r->prepared, &v);
  x[relevance_weights_operand(r)] = v.weights;
  dx[data] = s->share;
  const struct op_bwd b = {.at = &v.at, .x = x, .dy = s->s, .dx = dx, .set = set, .work = s->own};
  r->op->backward(&b);
  take_share(input_of(s, t), s->share, t->subtract ? REAL(-1.0) : REAL(1.0), s->nx, s->set,
             s->c->dx[data]);
  s->set = false;
}

/** s = c R / stab(z) where the group holds. */
static void quotients(const struct state *s, const struct linear_group *g)
{
  const struct linear_term plain = {LINEAR_X, LINEAR_W, true, false};
  bool set = true;
  for (int k = 0; k < g->n; k++) {
    if (is_empty(s, &g->term[k])) continue;
    term_forward(s, &g->term[k], set, s->z);
    set = false;
  }
  divide(s->c->dy, s->z, (real)g->c, (real)s->rule.epsilon, s->ny, s->s);
  if (g->where == LINEAR_EVERYWHERE) return;
  term_forward(s, &plain, true, s->z);
  keep_where(s->z, s->ny, g->where == LINEAR_Y_POSITIVE, s->s);
}

void relevance_weighted(const struct op_bwd *c)
{
  struct state s = state_of(c);
  if (!c->dx[relevance_data_operand(c->rule)]) return;
  for (int g = 0; g < s.rule.n; g++) {
    quotients(&s, &s.rule.group[g]);
    for (int k = 0; k < s.rule.group[g].n; k++)
      if (!is_empty(&s, &s.rule.group[g].term[k])) term_backward(&s, &s.rule.group[g].term[k]);
  }
}
