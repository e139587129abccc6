/* Every combination of maps at several taps, one per line; expanded several times, so no include guard. */
COMBINATION(fullgrad)
COMBINATION(guided_grad_cam)
COMBINATION(cameras)
COMBINATION(layers_sum)
COMBINATION(layers_product)
