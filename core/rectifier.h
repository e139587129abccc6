#pragma once
/* The rectifiers that guided backpropagation and its kin treat, one list of operator types for all
 * rules.  They are those that pass positive numbers and hold back negative ones; smooth gates (HardSwish,
 * Gelu, x sigmoid(x), ...) keep their own backward, as everywhere in the literature. */
#define RECTIFIER_LIST(R) \
  R("Relu")               \
  R("Clip")               \
  R("LeakyRelu")          \
  R("PRelu")              \
  R("ThresholdedRelu")    \
  R("Elu")                \
  R("Celu")               \
  R("Selu")
