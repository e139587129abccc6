/* Every rule, one per line; expanded several times, so no include guard. */
RULE(gradient)
RULE(guided)
RULE(deconvnet)
