/* Patterns, one per line, in the order they are tried; expanded several times, so no include guard.
 * PATTERN(operator of the last node, operator that stands for all, function) */
PATTERN(Mul, Gelu, gelu_erf)
PATTERN(Mul, Gelu, gelu_tanh)
PATTERN(Div, Gelu, gelu_erf)
PATTERN(Mul, HardSwish, hard_swish)
PATTERN(Div, HardSwish, hard_swish)
PATTERN(Mul, Swish, swish)
PATTERN(Add, LayerNormalization, layer_normalization)
