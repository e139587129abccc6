/** @file
 *  An operator's attributes and inputs from texts. */
#include "op_driver_impl.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void driver_fill(double *v, int64_t n, bool positive, enum driver_values how, uint64_t *state)
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
    driver_fill(v, n, kind == 'q', how, state);
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
    driver_fill(d->value[i], n, *word == 'p', how, state);
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

void driver_read(struct op_driver *d, const struct op_case *c, enum driver_values how,
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
