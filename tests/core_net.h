#pragma once
/* A small residual network with seeded weights that the tests of the engine share.  Everything here
 * asserts instead of returning errors. */
#include "core/graph.h"

#include <stdbool.h>
#include <stdint.h>

enum { NET_CHANNELS = 3, NET_SIDE = 8, NET_INPUT = NET_CHANNELS * NET_SIDE * NET_SIDE };
enum { NET_CLASSES = 4, NET_PROBES = 32 };

/** A number in [lo, hi), and the next state. */
double net_random(uint64_t *state, double lo, double hi);

/* A virtual identity layer made real; its parameters are theta. */
enum net_layer { NET_BIAS, NET_SCALING, NET_CONV1X1, NET_CONV3X3, NET_CONV3X3_DEPTHWISE };

struct net_spec {
  uint64_t seed;
  bool positive;      /* all weights positive: with a positive input no gate closes */
  bool probes;        /* y becomes y + probe, a constant of zeros, behind every value y */
  const char *behind; /* the value behind which `layer` is; NULL: none */
  enum net_layer layer;
};

/** A constant that the test may change between two passes. */
struct net_probe {
  const char *of; /* name of the value */
  real *data;
  int64_t n;
};

struct net {
  struct graph *graph;
  int n_probes;
  struct net_probe probe[NET_PROBES];
  real *theta; /* [n_theta] of the layer */
  int64_t n_theta;
};

/** x [3, 8, 8] -> conv1 -> norm1 -> relu1, read by three nodes:
 *    conv2 (1x1), add1 = conv2 + relu1, average1;
 *  leaky1 = LeakyRelu(add1), max1 and average1 halve, joined = Concat(max1, average1),
 *  conv3 -> clip1 -> conv4, wide = Concat(conv4, LeakyRelu(conv3)) -> conv5 (stride 2) -> elu1
 *  -> conv6 -> relu2 -> pooled -> flat -> logits [4]. */
void net_make(const struct net_spec *spec, struct net *out);

/** x [3, 8, 8] -> conv1 (3x3) -> relu1 -> conv2 (1x1) -> leaky1 -> pooled -> flat -> logits [4].
 *  No biases.  *weights: of conv1 [4, 3, 3, 3], of conv2 [5, 4, 1, 1] and of the Gemm [5, 4]. */
void net_chain(uint64_t seed, const real *weights[3], struct net *out);
void net_free(struct net *n);

/** Numbers for `n` inputs, in [lo, hi); new memory. */
double *net_inputs(uint64_t seed, int64_t n, double lo, double hi);
