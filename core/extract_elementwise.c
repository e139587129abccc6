/** @file
 *  Element-wise Grad-CAM:  gamma_u = max(a_u * g_u, 0), element by element. */
#include "core/gated_products.h"

GATED_PRODUCTS((double)a *(double)g < 0.0 ? 0.0 : (double)a * (double)g)

const struct extract extract_elementwise = {
    .name = "elementwise",
    .formula = "gamma_u = max(a_u * g_u, 0) (element by element)",
    .source = "pytorch-grad-cam, GradCAMElementWise",
    .reads_activation = true,
    .run = run,
};
