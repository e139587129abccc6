#pragma once
/* What combinations of one method's maps over the layers share: for layers i with weights w_i
 *
 *    m_i = mm(up(s_i)),   mm(s) = (s - min) / (max - min),   v_i = w_i / sum w
 *
 *  up is bilinear to the input's size.  Source: METHODS 1.3; Rebuffi et al. 2020, arXiv:2004.02866. */
#include "core/combination.h"

extern const struct param combination_layers_params[];

/** The method at every layer asked for at which it lives and that has positions. */
MUST_CHECK err combination_layers_parts(struct combination_parts *p, const struct use *with);

/** m_i of part i into c->up; returns v_i. */
double combination_layers_map(const struct combination_call *c, int i);

/** Never. */
bool combination_layers_signed(const struct use *with);
