/** @file
 *  LayerCAM:  gamma_u = max(g_u, 0) * a_u, element by element. */
#include "core/gated_products.h"

GATED_PRODUCTS((g < REAL(0.0) ? 0.0 : (double)g) * (double)a)

const struct extract extract_layercam = {
    .name = "layercam",
    .formula = "gamma_u = max(g_u, 0) * a_u (element by element)",
    .source = "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943, eq. 5",
    .reads_activation = true,
    .run = run,
};
