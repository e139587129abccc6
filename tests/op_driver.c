/** @file
 *  Running one operator from texts. */
#include "op_driver.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t driver_random(uint64_t *state, int64_t n)
{
  *state = *state * 6364136223846793005U + 1442695040888963407U;
  return (int64_t)((*state >> 33) % (uint64_t)n);
}

/** Comma-separated integers from *p on; *p is left behind them.  Returns how many. */
static int read_ints(char **p, int64_t *out)
{
  int n = 0;
  for (;;) {
    assert(n < DRIVER_INTS);
    out[n++] = strtoll(*p, p, 10);
    if (**p != ',') return n;
    ++*p;
  }
}

/** Comma-separated numbers from p on, at most DRIVER_INTS.  Returns how many. */
static int read_floats(const char *p, double *out)
{
  int n = 0;
  for (;; p++) {
    char *end;
    assert(n < DRIVER_INTS);
    out[n++] = strtod(p, &end);
    p = end;
    if (*p != ',') return n;
  }
}

/** "name=value" into attribute number attrs.n. */
static void add_attr(struct op_driver *d, char *word)
{
  assert(d->attrs.n < DRIVER_ATTRS);
  struct attr *a = &d->attr[d->attrs.n];
  char *value = strchr(word, '=');
  *value++ = 0;
  *a = (struct attr){.name = word, .kind = ATTR_INT};
  if (*value == '[' && strchr(value, '.')) {
    double v[DRIVER_INTS];
    a->kind = ATTR_FLOATS;
    a->floats = d->attr_floats[d->attrs.n];
    a->n = read_floats(value + 1, v);
    for (int i = 0; i < a->n; i++) d->attr_floats[d->attrs.n][i] = (float)v[i];
  } else if (*value == '[') {
    value++;
    a->kind = ATTR_INTS;
    a->ints = d->attr_ints[d->attrs.n];
    a->n = *value == ']' ? 0 : read_ints(&value, d->attr_ints[d->attrs.n]);
  } else if (*value == '\'') {
    a->kind = ATTR_STRING;
    a->s = value + 1;
    value[strlen(value) - 1] = 0;
  } else if (strchr(value, '.')) {
    a->kind = ATTR_FLOAT;
    a->f = strtof(value, NULL);
  } else {
    a->i = strtoll(value, NULL, 10);
  }
  d->attrs.n++;
}

static void fill_constant(double *v, int64_t n, bool positive, enum driver_values how,
                          uint64_t *state)
{
  for (int64_t i = 0; i < n; i++) {
    v[i] = how == DRIVER_INTEGERS ? (double)(driver_random(state, 7) - 3)
                                  : (double)(driver_random(state, 255) - 127) / 64.0;
    if (positive) v[i] = fabs(v[i]) + 0.5;
  }
}

/** Spread: distinct multiples of 1/256 plus 1/512 about 0; kind q: all above 1/2, kind y: times 16. */
static void fill_activation(double *v, int64_t n, char kind, enum driver_values how,
                            uint64_t *state)
{
  if (how == DRIVER_INTEGERS) {
    fill_constant(v, n, kind == 'q', how, state);
    return;
  }
  const int64_t middle = kind == 'q' ? -128 : n / 2;
  const double step = kind == 'y' ? 0x1p-4 : 0x1p-8;
  for (int64_t i = 0; i < n; i++) v[i] = ((double)(i - middle) + 0.5) * step;
  for (int64_t i = n - 1; i > 0; i--) {
    const int64_t j = driver_random(state, i + 1);
    const double t = v[i];
    v[i] = v[j];
    v[j] = t;
  }
}

int64_t driver_count(const struct op_driver *d, int i)
{
  const struct operand *in = &d->in[i];
  return shape_count(&in->shape) * (in->fixed ? 1 : d->batch);
}

static void read_shape(const char *text, int first, struct operand *in)
{
  int64_t dim[DRIVER_INTS] = {0};
  char copy[64];
  (void)strncpy(copy, text, sizeof copy - 1);
  copy[sizeof copy - 1] = 0;
  char *p = copy;
  const int n = *p ? read_ints(&p, dim) : 0;
  in->shape = (struct shape){.rank = n + first};
  if (first) in->shape.dim[0] = 1;
  for (int i = 0; i < n; i++) in->shape.dim[i + first] = (int)dim[i];
}

/** The constant's row-major numbers in the operator's own type. */
static real *to_real(const double *v, int64_t n)
{
  real *r = malloc((size_t)n * sizeof *r + 1);
  for (int64_t i = 0; r && i < n; i++) r[i] = (real)v[i];
  return r;
}

static void add_floats(struct op_driver *d, const char *word, enum driver_values how,
                       uint64_t *state)
{
  const int i = d->at.n_in;
  struct operand *in = &d->in[i];
  in->fixed = !strchr("xwqy", *word);
  double given[DRIVER_INTS];
  if (*word == 'f') {
    in->shape = (struct shape){1, {read_floats(word + 1, given)}};
  } else if (*word == 's') {
    given[0] = strtod(word + 1, NULL);
  } else {
    read_shape(word + 1, !in->fixed && *word != 'w', in);
  }
  const int64_t n = driver_count(d, i);
  d->value[i] = calloc((size_t)n, sizeof *d->value[i]);
  if (strchr("sf", *word)) {
    memcpy(d->value[i], given, (size_t)n * sizeof *given);
  } else if (in->fixed) {
    fill_constant(d->value[i], n, *word == 'p', how, state);
  } else {
    fill_activation(d->value[i], n, *word, how, state);
  }
  if (!in->fixed) return;
  d->constant[i] = to_real(d->value[i], n);
  in->data = d->constant[i];
}

/** "i1,2", "j3", "k2,2:0,1,1,0" or "b3,4". */
static void add_ints(struct op_driver *d, char *word, uint64_t *state)
{
  const int i = d->at.n_in;
  struct operand *in = &d->in[i];
  char *p = strchr(word, ':');
  in->fixed = true;
  in->ints = d->ints[i];
  if (*word == 'b') {
    read_shape(word + 1, 0, in);
    assert(shape_count(&in->shape) <= DRIVER_INTS);
    for (int64_t k = 0; k < shape_count(&in->shape); k++) d->ints[i][k] = driver_random(state, 2);
    return;
  }
  if (p) *p = 0;
  if (p) read_shape(word + 1, 0, in);
  p = p ? p + 1 : word + 1;
  const int n = read_ints(&p, d->ints[i]);
  if (*word != 'k') in->shape = (struct shape){*word == 'i', {n}};
  assert(shape_count(&in->shape) == n);
}

static void add_input(struct op_driver *d, char *word, enum driver_values how, uint64_t *state)
{
  const int i = d->at.n_in;
  assert(i < DRIVER_INPUTS);
  d->in[i].present = *word != '-';
  if (strchr("ijkb", *word)) {
    add_ints(d, word, state);
  } else if (d->in[i].present) {
    add_floats(d, word, how, state);
  }
  d->at.n_in++;
}

/** Cut d->text into words; every one goes to an attribute or, after the bar, to an input. */
static void read_case(struct op_driver *d, const struct op_case *c, enum driver_values how,
                      uint64_t *state)
{
  const int n = snprintf(d->text, sizeof d->text, "%s | %s", c->attrs, c->inputs);
  assert(n > 0 && n < (int)sizeof d->text);
  bool inputs = false;
  char *rest = NULL;
  for (char *w = strtok_r(d->text, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
    if (*w == '|') {
      inputs = true;
    } else if (inputs) {
      add_input(d, w, how, state);
    } else {
      add_attr(d, w);
    }
  }
}

static void *rubbish(size_t bytes)
{
  void *p = malloc(bytes + 1);
  if (p) memset(p, 0xAB, bytes + 1);
  return p;
}

err driver_make(struct op_driver *d, const struct op_case *c, int batch, enum driver_values how,
                uint64_t seed)
{
  uint64_t state = seed * 2654435761U + 12345U;
  *d = (struct op_driver){.op = op_find(c->op), .opset = c->opset, .batch = batch};
  assert(d->op);
  d->attrs.item = d->attr;
  read_case(d, c, how, &state);
  d->attr_data = calloc(1, d->op->attr_bytes + 1);
  d->at.attr = d->attr_data;
  d->at.batch = batch;
  d->at.in = d->in;
  CHECK(d->at.n_in >= d->op->min_in && (d->op->max_in < 0 || d->at.n_in <= d->op->max_in),
        ERR_FORMAT, "%d inputs", d->at.n_in);
  if (d->op->parse) TRY(d->op->parse(&d->attrs, d->opset, d->attr_data));
  TRY(d->op->infer(d->attr_data, d->in, d->at.n_in, &d->at.ys));
  d->n_y = shape_count(&d->at.ys) * batch;
  d->y = calloc((size_t)d->n_y, sizeof *d->y);
  d->dy = malloc((size_t)d->n_y * sizeof *d->dy);
  fill_constant(d->dy, d->n_y, false, how, &state);
  for (int i = 0; i < d->at.n_in; i++) {
    if (d->in[i].present && !d->in[i].fixed)
      d->dx[i] = calloc((size_t)driver_count(d, i), sizeof *d->dx[i]);
  }
  d->at.plain = how == DRIVER_INTEGERS; /* fast algorithms round where plain sums are exact */
  if (d->op->prepared_bytes && d->op->prepared_bytes(&d->at)) {
    d->prepared = rubbish(d->op->prepared_bytes(&d->at));
    d->op->prepare(&d->at, d->prepared);
    d->at.prepared = d->prepared;
  }
  d->aux = rubbish(d->op->aux_bytes ? d->op->aux_bytes(&d->at) : 0);
  d->work = rubbish(d->op->work_bytes ? d->op->work_bytes(&d->at) : 0);
  return ERR_OK;
}

void driver_free(struct op_driver *d)
{
  free(d->prepared);
  for (int i = 0; i < DRIVER_INPUTS; i++) {
    free(d->value[i]);
    free(d->constant[i]);
    free(d->dx[i]);
    free(d->x_stored[i]);
  }
  free(d->attr_data);
  free(d->y);
  free(d->dy);
  free(d->y_stored);
  free(d->aux);
  free(d->work);
  *d = (struct op_driver){0};
}

/** Where element i of the logical [batch, C, inner] lies as stored. */
static int64_t stored_at(const struct shape *s, int batch, int64_t i)
{
  const int64_t inner = shape_inner(s), channels = shape_channels(s);
  const int64_t n = i / shape_count(s), c = i / inner % channels;
  return (c * batch + n) * inner + i % inner;
}

static real *store(const struct shape *s, int batch, const double *v)
{
  const int64_t n = shape_count(s) * batch;
  real *r = malloc((size_t)n * sizeof *r);
  for (int64_t i = 0; r && i < n; i++) r[stored_at(s, batch, i)] = (real)v[i];
  return r;
}

static void load(const struct shape *s, int batch, const real *r, double *v)
{
  const int64_t n = shape_count(s) * batch;
  for (int64_t i = 0; i < n; i++) v[i] = (double)r[stored_at(s, batch, i)];
}

void driver_forward(struct op_driver *d)
{
  const real *x[DRIVER_INPUTS] = {0};
  for (int i = 0; i < d->at.n_in; i++) {
    free(d->x_stored[i]);
    d->x_stored[i] = d->dx[i] ? store(&d->in[i].shape, d->batch, d->value[i]) : NULL;
    x[i] = d->in[i].fixed ? d->constant[i] : d->x_stored[i];
  }
  free(d->y_stored);
  d->y_stored = rubbish((size_t)d->n_y * sizeof *d->y_stored);
  const struct op_fwd call = {&d->at, x, d->y_stored, d->aux, d->work};
  d->op->forward(&call);
  load(&d->at.ys, d->batch, d->y_stored, d->y);
}

void driver_backward(struct op_driver *d, int times, unsigned skip)
{
  const real *x[DRIVER_INPUTS] = {0};
  real *dx[DRIVER_INPUTS] = {0};
  real *dy = store(&d->at.ys, d->batch, d->dy);
  const unsigned reads = op_reads(d->op, &d->at);
  for (int i = 0; i < d->at.n_in; i++) {
    x[i] = d->in[i].fixed ? d->constant[i] : (reads & OP_READS_X) ? d->x_stored[i] : NULL;
    if (d->dx[i] && !(skip >> i & 1U)) dx[i] = calloc((size_t)driver_count(d, i), sizeof *dx[i]);
  }
  const struct op_bwd call = {.at = &d->at,
                              .x = x,
                              .y = (reads & OP_READS_Y) ? d->y_stored : NULL,
                              .aux = (reads & OP_READS_AUX) ? d->aux : NULL,
                              .work = d->work,
                              .dy = dy,
                              .dx = dx};
  for (int t = 0; t < times; t++) d->op->backward(&call);
  for (int i = 0; i < d->at.n_in; i++) {
    if (dx[i]) load(&d->in[i].shape, d->batch, dx[i], d->dx[i]);
    free(dx[i]);
  }
  free(dy);
}

void driver_backward_set(struct op_driver *d, bool in_place)
{
  const real *x[DRIVER_INPUTS] = {0};
  real *dx[DRIVER_INPUTS] = {0};
  bool set[DRIVER_INPUTS];
  real *dy = store(&d->at.ys, d->batch, d->dy);
  const unsigned reads = op_reads(d->op, &d->at);
  for (int i = 0; i < d->at.n_in; i++) {
    const size_t bytes = (size_t)driver_count(d, i) * sizeof(real);
    set[i] = true;
    x[i] = d->in[i].fixed ? d->constant[i] : (reads & OP_READS_X) ? d->x_stored[i] : NULL;
    if (d->dx[i]) dx[i] = in_place && i == 0 ? dy : rubbish(bytes);
  }
  const struct op_bwd call = {.at = &d->at,
                              .x = x,
                              .y = (reads & OP_READS_Y) ? d->y_stored : NULL,
                              .aux = (reads & OP_READS_AUX) ? d->aux : NULL,
                              .work = d->work,
                              .dy = dy,
                              .dx = dx,
                              .set = set};
  d->op->backward(&call);
  for (int i = 0; i < d->at.n_in; i++) {
    if (dx[i]) load(&d->in[i].shape, d->batch, dx[i], d->dx[i]);
    if (dx[i] != dy) free(dx[i]);
  }
  free(dy);
}

void driver_forward_in_place(struct op_driver *d)
{
  const real *x[DRIVER_INPUTS] = {0};
  real *both = store(&d->in[0].shape, d->batch, d->value[0]);
  x[0] = both;
  for (int i = 1; i < d->at.n_in; i++) x[i] = d->in[i].fixed ? d->constant[i] : d->x_stored[i];
  const struct op_fwd call = {&d->at, x, both, d->aux, d->work};
  d->op->forward(&call);
  load(&d->at.ys, d->batch, both, d->y);
  free(both);
}

static void change(double *v, int64_t n, int batch, int keep, double fill, uint64_t *state)
{
  const int64_t one = n / batch;
  for (int64_t i = 0; i < n; i++) {
    if (i / one != keep)
      v[i] = isnan(fill) ? (double)(driver_random(state, 1001) - 500) / 128.0 : fill;
  }
}

void driver_change_others(struct op_driver *d, int keep, double fill, uint64_t seed)
{
  uint64_t state = seed;
  for (int i = 0; i < d->at.n_in; i++)
    if (d->dx[i]) change(d->value[i], driver_count(d, i), d->batch, keep, fill, &state);
  change(d->dy, d->n_y, d->batch, keep, fill, &state);
}
