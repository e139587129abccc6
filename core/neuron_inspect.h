#pragma once
/* NeuronInspect: how sparse, smooth and persistent the saliency of an output is over images.  Huang et al.
 * 2019, arXiv:1911.07399, with the weights of the Trojanzoo port; clean images, since a scanner has no others.
 *
 *   s_i = sum over channels |d f_c / dx_i|
 *   feature = 1e-5 median |s_i|_1 + 1e-5 median |laplacian3 * s_i|_1 + |XOR over i of (s_i > median(s_i))|_1
 *
 * The backdoored class has an unusually small one. */
#include "core/scan_lab.h"

struct inspect;
MUST_CHECK err inspect_make(const struct scan_lab *l, int images, struct inspect **out);
void inspect_free(struct inspect **i);

/** images [n][pixels], n as in inspect_make.  Returns the feature.  Cannot fail. */
double inspect_run(struct inspect *r, struct scan_lab *l, const real *images, int n, int target);
