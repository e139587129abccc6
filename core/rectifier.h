#pragma once
/* The rectifiers that guided backpropagation and the deconvnet treat, one list for both rules:
 * operator type, name of its file, what its own backward reads. */
#define RECTIFIER_LIST(R)                \
  R("Relu", relu, OP_READS_Y)            \
  R("Clip", clip, OP_READS_Y)            \
  R("LeakyRelu", leaky_relu, OP_READS_X) \
  R("Elu", elu, OP_READS_X)
