/* Every named method: name, recipe, formula, source, whether it lives at the input alone, whether it is one
 * of the basic ones, and what it is known not to show.  One per line; expanded several times, so no include guard. */
ALIAS(
    "gradient", "gradient/bias/maxabs", "max_k |g_k|",
    "Simonyan, Vedaldi, Zisserman 2013, arXiv:1312.6034", false, true,
    "for or against the class; what acts only together with other pixels; a unit that is saturated")
ALIAS("gradient_sum", "gradient/bias/sum", "sum_k g_k",
      "Rebuffi et al. 2020, arXiv:2004.02866 (bias, sum)", false, true,
      "what cancels between channels; constant in front of a global average pool")
ALIAS("input_x_gradient", "gradient/scaling/sum", "sum_c x_c g_c at the input",
      "Shrikumar et al. 2016, arXiv:1605.01713", true, true,
      "dark parts, whatever they mean: where the input is 0 so is the map")
ALIAS("guided_backprop", "guided/bias/maxabs", "max_k |g_k| under the rule guided",
      "Springenberg et al. 2014, arXiv:1412.6806", false, true,
      "much of the class and of the later weights: it nearly restores the image's edges")
ALIAS("deconvnet", "deconvnet/bias/maxabs", "max_k |g_k| under the rule deconvnet",
      "Zeiler, Fergus 2013, arXiv:1311.2901", false, true,
      "the class and the weights: it nearly restores the image, whatever was forward")
ALIAS("rectgrad", "rectgrad(q=98)/scaling/sum",
      "sum_c x_c g_c at the input under the rule rectgrad", "Kim et al. 2019, arXiv:1902.04893",
      true, false, "dark parts: biased towards bright input; what falls below the percentile")
ALIAS("rectgrad_no_bias", "rectgrad(q=98)/bias/sum",
      "sum_c g_c under the rule rectgrad: not multiplied by the input",
      "Brocki, Chung 2020, arXiv:2011.05002", false, false,
      "what falls below the percentile of each layer")
ALIAS("grad_cam", "gradient/cam/relu_sum", "max(sum_k mean_v(g_k) a_k, 0)",
      "Selvaraju et al. 2017, arXiv:1610.02391", false, true,
      "detail below the layer's resolution; what speaks against the class; where signs change "
      "inside a channel")
ALIAS("grad_cam_signed", "gradient/cam/sum", "sum_k mean_v(g_k) a_k",
      "Selvaraju et al. 2017, arXiv:1610.02391, without the rectifier", false, false,
      "detail below the layer's resolution; where signs change inside a channel")
ALIAS("grad_cam_positive", "gradient/cam_positive/sum", "sum_k mean_v(max(g_k, 0)) a_k",
      "Khakzar et al. 2020, arXiv:2012.00362 (positive aggregation)", false, false,
      "much of the class: weights that are all positive leave the activations' energy")
ALIAS("grad_cam_absolute", "gradient/cam_absolute/sum", "sum_k mean_v(|g_k|) a_k",
      "control for Khakzar et al. 2020, arXiv:2012.00362", false, false,
      "for or against the class: all channels count, whatever their sign")
ALIAS("grad_cam_negative", "gradient/cam_negative/sum", "sum_k mean_v(min(g_k, 0)) a_k",
      "control for Khakzar et al. 2020, arXiv:2012.00362", false, false,
      "what speaks for the class")
ALIAS("energy", "gradient/activation/sum", "sum_k a_k: where the layer is active, whatever the class",
      "control for Khakzar et al. 2020, arXiv:2012.00362", false, false,
      "the class and the gradient: the same map for every target")
ALIAS("grad_cam_pp", "gradient/cam_pp/relu_sum", "max(sum_k (sum_v alpha_kv max(g_kv, 0)) a_k, 0)",
      "Chattopadhay et al. 2018, arXiv:1710.11063", false, false,
      "much of the class: its weights are positive; detail below the layer's resolution")
ALIAS("grad_cam_pp_signed", "gradient/cam_pp_signed/relu_sum",
      "max(sum_k (sum_v alpha_kv g_kv) a_k, 0)",
      "control for Khakzar et al. 2020, arXiv:2012.00362", false, false,
      "what speaks against the class; detail below the layer's resolution")
ALIAS("xgrad_cam", "gradient/cam_x/relu_sum", "max(sum_k (sum_v a_kv g_kv / sum_v a_kv) a_k, 0)",
      "Fu et al. 2020, arXiv:2008.02312", false, false,
      "what speaks against the class; detail below the layer's resolution")
ALIAS("hires_cam", "gradient/scaling/relu_sum", "max(sum_k a_k g_k, 0)",
      "Draelos, Carin 2020, arXiv:2011.08891", false, false,
      "what speaks against the class; detail below the layer's resolution")
ALIAS("elementwise_cam", "gradient/elementwise/sum", "sum_k max(a_k g_k, 0)",
      "pytorch-grad-cam, GradCAMElementWise", false, false,
      "what speaks against the class: it is dropped before channels are added up")
ALIAS("layer_cam", "gradient/layercam/sum", "sum_k max(g_k, 0) a_k",
      "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943", false, false,
      "much of the class at early layers: only positive gradients count")
ALIAS("linear_approx", "gradient/scaling/sum", "sum_k a_k g_k",
      "Rebuffi et al. 2020, arXiv:2004.02866 (scaling, sum)", false, true,
      "what acts only together with other positions; a tap of 0 has no share")
ALIAS("normgrad", "gradient/conv1x1/norm", "|a| |g| (Frobenius norm of a g')",
      "Rebuffi et al. 2020, arXiv:2004.02866, NormGrad", false, true,
      "for or against the class; much of the class where the activation is large")
ALIAS("normgrad_real", "gradient/real_conv/norm",
      "|X_u| |g_u|, X_u what the tap's own convolution read for u",
      "Rebuffi et al. 2020, arXiv:2004.02866, NormGrad at the layer itself", false, false,
      "for or against the class; much of the class where the input is large")
ALIAS("normgrad_selective", "gradient/scaling/filter_norm", "|max(a * g, 0)|",
      "Rebuffi et al. 2020, arXiv:2004.02866, selective NormGrad", false, true,
      "what speaks against the class")
ALIAS("excitation_backprop", "excitation/bias/sum", "sum_k p_k under the rule excitation",
      "Zhang et al. 2016, arXiv:1608.00507", false, false,
      "what speaks against the class; much of the class at early layers")
ALIAS("contrastive_excitation_backprop", "excitation_contrast/bias/relu_sum",
      "max(sum_k p_k, 0) under the rule excitation_contrast", "Zhang et al. 2016, arXiv:1608.00507",
      false, false, "what speaks against the class; early layers, which are noisy")
