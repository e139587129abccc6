#pragma once
/* What relevance rules share: how relevance passes operators by their role.
 *
 * At y = W x + b a rule is a sum of groups, each a sum of terms (x_t, w_t), in which x and w are
 * modified: positive parts, squares, ...
 *
 *    R_x = sum over groups  c  sum over terms  s_t x_t * w_t' (R_y / stab(z)),
 *    z   = sum over terms  s_t (w_t x_t + b_t),   stab(z) = z + epsilon sign(z), sign(0) = 1
 *
 * b_t is the bias, modified as the weights are, in terms that carry it.  A group may hold only where y
 * is positive, or negative.  Where epsilon is 0, outputs with |z| <= 1e-20 hand nothing on.
 *
 * Convolutions are computed without Winograd here: quotients do not forgive its rounding.
 * Source: METHODS 0 (ability 4) and 5.15. */
#include "core/rule.h"

enum linear_input {
  LINEAR_X,
  LINEAR_X_POSITIVE,
  LINEAR_X_NEGATIVE,
  LINEAR_ONE,
  LINEAR_LOW, /* the smallest input there can be, channel by channel */
  LINEAR_HIGH
};

enum linear_weights {
  LINEAR_W,
  LINEAR_W_POSITIVE,
  LINEAR_W_NEGATIVE,
  LINEAR_W_SQUARE,
  LINEAR_W_ONE,
  LINEAR_W_RAISED,  /* w + gamma max(w, 0) */
  LINEAR_W_LOWERED, /* w + gamma min(w, 0) */
  N_LINEAR_WEIGHTS
};

enum linear_where { LINEAR_EVERYWHERE, LINEAR_Y_POSITIVE, LINEAR_Y_NEGATIVE };

struct linear_term {
  enum linear_input x;
  enum linear_weights w;
  bool bias;     /* it carries the bias */
  bool subtract; /* s_t = -1 */
};

enum { LINEAR_TERMS = 3, LINEAR_GROUPS = 2 };

struct linear_group {
  double c;
  enum linear_where where;
  int n;
  struct linear_term term[LINEAR_TERMS];
};

struct linear_rule {
  double epsilon, gamma;
  int n;
  struct linear_group group[LINEAR_GROUPS];
};

/** Overrides of every relevance rule that has `weighted`, for its list of overrides: operators with
 *  weights as it says; other linear ones by R_x = x * J' (R_y / stab(y)); activations hand R on;
 *  BatchNormalization hands it on; of two activations multiplied the larger tensor takes all, or both
 *  a half. */
extern const struct override relevance_overrides[];

/** The same for excitation backprop, but an activation of 0 hands nothing on, as in the gradient of a
 *  rectifier.  Only a BatchNormalization that is alone gives such an activation anything. */
extern const struct override excitation_overrides[];

/* The linear rules from which rules are put together. */
struct linear_rule relevance_epsilon(double epsilon);
struct linear_rule relevance_z_plus(double epsilon);
struct linear_rule relevance_alpha_beta(double alpha, double beta, double epsilon);
struct linear_rule relevance_gamma(double gamma, double epsilon);
struct linear_rule relevance_w_square(double epsilon);
struct linear_rule relevance_flat(double epsilon);
struct linear_rule relevance_z_box(double epsilon);

/** Whether a site is a convolution rather than a fully connected layer. */
bool relevance_is_conv(const struct rule_site *r);

/* The stabiliser where no other is given: zennit's. */
#define RELEVANCE_EPSILON 1e-6

/** The parameter `epsilon` of rules. */
#define RELEVANCE_EPSILON_PARAM \
  PARAM("epsilon", RELEVANCE_EPSILON, 0.0, 1e6, "added to the denominators, away from 0")
