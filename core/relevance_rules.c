/** @file
 *  The linear rules from which relevance rules are put together.  Source: METHODS 5.15. */
#include "core/relevance.h"

#include <string.h>

/* Positive and negative parts of x with weights of their own sign, and crosswise. */
#define ALIKE                                          \
  {LINEAR_X_POSITIVE, LINEAR_W_POSITIVE, true, false}, \
  {                                                    \
    LINEAR_X_NEGATIVE, LINEAR_W_NEGATIVE               \
  }
#define CROSSED                                        \
  {LINEAR_X_POSITIVE, LINEAR_W_NEGATIVE, true, false}, \
  {                                                    \
    LINEAR_X_NEGATIVE, LINEAR_W_POSITIVE               \
  }

bool relevance_is_conv(const struct rule_site *r)
{
  return strstr(r->op->name, "Conv") != NULL;
}

struct linear_rule relevance_epsilon(double epsilon)
{
  return (struct linear_rule){
      .epsilon = epsilon, .n = 1, .group = {{1.0, .n = 1, .term = {{LINEAR_X, LINEAR_W, true}}}}};
}

struct linear_rule relevance_z_plus(double epsilon)
{
  return (struct linear_rule){
      .epsilon = epsilon, .n = 1, .group = {{1.0, .n = 2, .term = {ALIKE}}}};
}

struct linear_rule relevance_alpha_beta(double alpha, double beta, double epsilon)
{
  return (struct linear_rule){
      .epsilon = epsilon,
      .n = beta == 0.0 ? 1 : 2,
      .group = {{alpha, .n = 2, .term = {ALIKE}}, {-beta, .n = 2, .term = {CROSSED}}}};
}

struct linear_rule relevance_gamma(double gamma, double epsilon)
{
  return (struct linear_rule){
      .epsilon = epsilon,
      .gamma = gamma,
      .n = 2,
      .group = {
          {1.0,
           LINEAR_Y_POSITIVE,
           2,
           {{LINEAR_X_POSITIVE, LINEAR_W_RAISED, true}, {LINEAR_X_NEGATIVE, LINEAR_W_LOWERED}}},
          {1.0,
           LINEAR_Y_NEGATIVE,
           2,
           {{LINEAR_X_POSITIVE, LINEAR_W_LOWERED, true}, {LINEAR_X_NEGATIVE, LINEAR_W_RAISED}}}}};
}

struct linear_rule relevance_w_square(double epsilon)
{
  return (struct linear_rule){.epsilon = epsilon,
                              .n = 1,
                              .group = {{1.0, .n = 1, .term = {{LINEAR_ONE, LINEAR_W_SQUARE}}}}};
}

struct linear_rule relevance_flat(double epsilon)
{
  return (struct linear_rule){
      .epsilon = epsilon, .n = 1, .group = {{1.0, .n = 1, .term = {{LINEAR_ONE, LINEAR_W_ONE}}}}};
}

struct linear_rule relevance_z_box(double epsilon)
{
  return (struct linear_rule){.epsilon = epsilon,
                              .n = 1,
                              .group = {{1.0, .n = 3,
                                         .term = {{LINEAR_X, LINEAR_W, true, false},
                                                  {LINEAR_LOW, LINEAR_W_POSITIVE, true, true},
                                                  {LINEAR_HIGH, LINEAR_W_NEGATIVE, true, true}}}}};
}
