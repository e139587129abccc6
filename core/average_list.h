/* Every average over copies of the input, one per line; expanded several times, so no include guard. */
AVERAGE(smoothgrad)
AVERAGE(smoothgrad_squared)
AVERAGE(vargrad)
AVERAGE(integrated_gradients)
AVERAGE(expected_gradients)
