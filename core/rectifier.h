#pragma once
/* The rectifiers that guided backpropagation and the deconvnet treat, one list for both rules:
 * operator type, name of its file.  They are those that pass positive numbers and hold back negative
 * ones; smooth gates (HardSwish, Gelu, x sigmoid(x), ...) keep their own backward, as everywhere in the
 * literature. */
#define RECTIFIER_LIST(R)                \
  R("Relu", relu)                        \
  R("Clip", clip)                        \
  R("LeakyRelu", leaky_relu)             \
  R("PRelu", p_relu)                     \
  R("ThresholdedRelu", thresholded_relu) \
  R("Elu", elu)                          \
  R("Celu", celu)                        \
  R("Selu", selu)
