#pragma once
/* The rectifiers that guided backpropagation and the deconvnet treat, one list for both rules:
 * operator type, name of its file. */
#define RECTIFIER_LIST(R)    \
  R("Relu", relu)            \
  R("Clip", clip)            \
  R("LeakyRelu", leaky_relu) \
  R("Elu", elu)
