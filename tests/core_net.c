/** @file
 *  The network of the engine's tests, built through the public interface of the graph. */
#include "core_net.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

double net_random(uint64_t *state, double lo, double hi)
{
  *state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t z = *state;
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  z ^= z >> 31;
  return lo + (hi - lo) * ((double)(z >> 11) / 9007199254740992.0);
}

double *net_inputs(uint64_t seed, int64_t n, double lo, double hi)
{
  double *x = malloc((size_t)n * sizeof *x);
  assert_non_null(x);
  for (int64_t i = 0; i < n; i++) x[i] = (double)(float)net_random(&seed, lo, hi);
  return x;
}

/** A network under construction. */
struct maker {
  struct graph_builder *b;
  const struct net_spec *spec;
  struct net *net;
  uint64_t state;
};

/** A constant of the given shape, random in [lo, hi) and rounded to float so that both builds have
 *  the same network; lo where lo = hi, which draws nothing.  *data: its numbers, unless NULL. */
static int constant(struct maker *m, struct shape shape, double lo, double hi, real **data)
{
  static const char *const name = "constant";
  int id;
  real *w = malloc((size_t)shape_count(&shape) * sizeof *w);
  assert_non_null(w);
  for (int64_t i = 0; i < shape_count(&shape); i++)
    w[i] = (real)(float)(lo < hi ? net_random(&m->state, lo, hi) : lo);
  assert_int_equal(graph_add_floats(m->b, name, &shape, w, &id), ERR_OK);
  if (data) *data = w;
  return id;
}

static int weights(struct maker *m, struct shape shape)
{
  return constant(m, shape, m->spec->positive ? 0.05 : -0.5, m->spec->positive ? 0.3 : 0.5, NULL);
}

static int plain_node(struct maker *m, const char *op, const char *out, struct attr_list attrs,
                      int n_in, const int *in)
{
  const struct graph_node_spec spec = {
      .op = op_find(op), .attrs = attrs, .n_in = n_in, .in = in, .out_name = out};
  int id;
  assert_non_null(spec.op);
  if (graph_add_node(m->b, &spec, &id)) fail_msg("%s: %s", out, err_message());
  return id;
}

static struct attr ints(const char *name, int n, const int64_t *v)
{
  return (struct attr){.name = name, .kind = ATTR_INTS, .n = n, .ints = v};
}

/** y + probe. */
static int add_probe(struct maker *m, int y, const char *name)
{
  struct net_probe *p = &m->net->probe[m->net->n_probes++];
  assert_true(m->net->n_probes <= NET_PROBES);
  const struct shape shape = *graph_builder_shape(m->b, y);
  const int zero = constant(m, shape, 0.0, 0.0, &p->data);
  const int in[] = {y, zero};
  p->of = name;
  p->n = shape_count(&shape);
  return plain_node(m, "Add", "probed", (struct attr_list){0}, 2, in);
}

/** Weights of an identity convolution [K, K or 1, side, side]. */
static int identity_weights(struct maker *m, int k, bool depthwise, int side)
{
  const int inner = depthwise ? 1 : k;
  const struct shape shape = {4, {k, inner, side, side}};
  const int id = constant(m, shape, 0.0, 0.0, &m->net->theta);
  m->net->n_theta = shape_count(&shape);
  for (int i = 0; i < k; i++) {
    const int row = i * inner + (depthwise ? 0 : i);
    m->net->theta[row * side * side + side * side / 2] = REAL(1.0);
  }
  return id;
}

/** A bias of zeros or a scaling by ones. */
static int add_vector(struct maker *m, int y, bool scaling)
{
  const struct shape shape = {3, {graph_builder_shape(m->b, y)->dim[1], 1, 1}};
  const double one = scaling ? 1.0 : 0.0;
  const int in[] = {y, constant(m, shape, one, one, &m->net->theta)};
  m->net->n_theta = shape_count(&shape);
  return plain_node(m, scaling ? "Mul" : "Add", "virtual", (struct attr_list){0}, 2, in);
}

static int add_layer(struct maker *m, int y)
{
  static const int64_t pads[] = {1, 1, 1, 1};
  const enum net_layer layer = m->spec->layer;
  const bool depthwise = layer == NET_CONV3X3_DEPTHWISE;
  const int k = graph_builder_shape(m->b, y)->dim[1], side = layer == NET_CONV1X1 ? 1 : 3;
  if (layer == NET_BIAS || layer == NET_SCALING) return add_vector(m, y, layer == NET_SCALING);
  const struct attr attrs[] = {
      {.name = "group", .kind = ATTR_INT, .i = depthwise ? k : 1},
      ints("pads", 4, pads),
  };
  const int in[] = {y, identity_weights(m, k, depthwise, side)};
  return plain_node(m, "Conv", "virtual", (struct attr_list){side > 1 ? 2 : 1, attrs}, 2, in);
}

/** What a value's readers read: itself, or what the spec puts behind it. */
static int behind(struct maker *m, int y, const char *name)
{
  if (m->spec->behind && !strcmp(m->spec->behind, name)) y = add_layer(m, y);
  return m->spec->probes ? add_probe(m, y, name) : y;
}

static int node(struct maker *m, const char *op, const char *out, struct attr_list attrs, int n_in,
                const int *in)
{
  return behind(m, plain_node(m, op, out, attrs, n_in, in), out);
}

static int unary(struct maker *m, const char *op, const char *out, int x)
{
  return node(m, op, out, (struct attr_list){0}, 1, &x);
}

/** A convolution to `outputs` channels with a bias, padded to keep the size at stride 1. */
static int conv(struct maker *m, const char *out, int x, int outputs, int side, int64_t stride)
{
  const int64_t pad = side / 2, pads[] = {pad, pad, pad, pad}, strides[] = {stride, stride};
  const int channels = graph_builder_shape(m->b, x)->dim[1];
  const int in[] = {x, weights(m, (struct shape){4, {outputs, channels, side, side}}),
                    weights(m, (struct shape){1, {outputs}})};
  const struct attr attrs[] = {ints("pads", 4, pads), ints("strides", 2, strides)};
  return node(m, "Conv", out, (struct attr_list){2, attrs}, 3, in);
}

static int batch_norm(struct maker *m, const char *out, int x)
{
  const struct shape k = {1, {graph_builder_shape(m->b, x)->dim[1]}};
  const int scale = constant(m, k, 0.5, 1.5, NULL);
  const int bias = constant(m, k, m->spec->positive ? 0.2 : -0.2, 0.3, NULL);
  const int mean = constant(m, k, -0.2, m->spec->positive ? -0.1 : 0.2, NULL);
  const int in[] = {x, scale, bias, mean, constant(m, k, 0.5, 2.0, NULL)};
  return node(m, "BatchNormalization", out, (struct attr_list){0}, 5, in);
}

static int pool(struct maker *m, const char *op, const char *out, int x)
{
  static const int64_t two[] = {2, 2};
  const struct attr attrs[] = {ints("kernel_shape", 2, two), ints("strides", 2, two)};
  return node(m, op, out, (struct attr_list){2, attrs}, 1, &x);
}

static int clip(struct maker *m, const char *out, int x)
{
  const double hi = m->spec->positive ? 1e6 : 0.4;
  const int in[] = {x, constant(m, (struct shape){0}, 0.0, 0.0, NULL),
                    constant(m, (struct shape){0}, hi, hi, NULL)};
  return node(m, "Clip", out, (struct attr_list){0}, 3, in);
}

static int concat(struct maker *m, const char *out, int a, int b)
{
  const struct attr axis = {.name = "axis", .kind = ATTR_INT, .i = 1};
  const int in[] = {a, b};
  return node(m, "Concat", out, (struct attr_list){1, &axis}, 2, in);
}

/** GlobalAveragePool, Flatten, Gemm. */
static int head(struct maker *m, int x)
{
  const struct attr transposed = {.name = "transB", .kind = ATTR_INT, .i = 1};
  const int flat = unary(m, "Flatten", "flat", unary(m, "GlobalAveragePool", "pooled", x));
  const int features = graph_builder_shape(m->b, flat)->dim[1];
  const int in[] = {flat, weights(m, (struct shape){2, {NET_CLASSES, features}}),
                    weights(m, (struct shape){1, {NET_CLASSES}})};
  return node(m, "Gemm", "logits", (struct attr_list){1, &transposed}, 3, in);
}

static int residual_part(struct maker *m, int x)
{
  const int norm = batch_norm(m, "norm1", conv(m, "conv1", x, 4, 3, 1));
  const int relu = unary(m, "Relu", "relu1", norm);
  const int in[] = {conv(m, "conv2", relu, 4, 1, 1), relu};
  const int add = node(m, "Add", "add1", (struct attr_list){0}, 2, in);
  const int max = pool(m, "MaxPool", "max1", unary(m, "LeakyRelu", "leaky1", add));
  return concat(m, "joined", max, pool(m, "AveragePool", "average1", relu));
}

static int begin(struct maker *m, const struct net_spec *spec, struct net *out)
{
  const struct shape image = {4, {1, NET_CHANNELS, NET_SIDE, NET_SIDE}};
  int x;
  *out = (struct net){0};
  *m = (struct maker){.spec = spec, .net = out, .state = spec->seed};
  assert_int_equal(graph_builder_make(13, &m->b), ERR_OK);
  assert_int_equal(graph_add_input(m->b, "x", &image, &x), ERR_OK);
  return behind(m, x, "x");
}

void net_make(const struct net_spec *spec, struct net *out)
{
  struct maker m;
  const int joined = residual_part(&m, begin(&m, spec, out));
  const int conv3 = conv(&m, "conv3", joined, 6, 3, 1), clipped = clip(&m, "clip1", conv3);
  const int conv4 = conv(&m, "conv4", clipped, 5, 3, 1);
  const int wide = concat(&m, "wide", conv4, unary(&m, "LeakyRelu", "leaky2", conv3));
  const int elu = unary(&m, "Elu", "elu1", conv(&m, "conv5", wide, 5, 3, 2));
  const int logits = head(&m, unary(&m, "Relu", "relu2", conv(&m, "conv6", elu, 5, 1, 1)));
  if (graph_finish(&m.b, logits, &out->graph)) fail_msg("%s", err_message());
}

/** A node whose weights are remembered. */
static int chain_conv(struct maker *m, const char *out, int x, struct shape shape,
                      const real **weights_of)
{
  const int64_t pad = shape.dim[2] / 2, pads[] = {pad, pad, pad, pad};
  const struct attr attrs = ints("pads", 4, pads);
  real *w;
  const int in[] = {x, constant(m, shape, -0.5, 0.5, &w)};
  *weights_of = w;
  return plain_node(m, "Conv", out, (struct attr_list){1, &attrs}, 2, in);
}

void net_chain(uint64_t seed, const real *weights_of[3], struct net *out)
{
  const struct net_spec spec = {.seed = seed};
  struct maker m;
  int y = chain_conv(&m, "conv1", begin(&m, &spec, out), (struct shape){4, {4, 3, 3, 3}},
                     &weights_of[0]);
  y = unary(&m, "Relu", "relu1", y);
  y = chain_conv(&m, "conv2", y, (struct shape){4, {5, 4, 1, 1}}, &weights_of[1]);
  y = unary(&m, "Flatten", "flat",
            unary(&m, "GlobalAveragePool", "pooled", unary(&m, "LeakyRelu", "leaky1", y)));
  real *w;
  const int in[] = {y, constant(&m, (struct shape){2, {5, NET_CLASSES}}, -0.5, 0.5, &w)};
  weights_of[2] = w;
  y = plain_node(&m, "Gemm", "logits", (struct attr_list){0}, 2, in);
  if (graph_finish(&m.b, y, &out->graph)) fail_msg("%s", err_message());
}

void net_free(struct net *n)
{
  graph_free(&n->graph);
  *n = (struct net){0};
}
