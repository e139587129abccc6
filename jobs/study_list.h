/* Every study, one per line; expanded several times, so no include guard. */
STUDY(normgrad_framework)
STUDY(layer_combination)
STUDY(class_sensitivity)
STUDY(meta_saliency)
STUDY(positive_aggregation)
STUDY(positive_propagation)
STUDY(input_bias)
