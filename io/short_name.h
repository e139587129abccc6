#pragma once
/* Names of ONNX values where there is little room. */
#include <stddef.h>

/** The name of an ONNX value without what many share: the first '/', components that the next one says
 *  again, the end "_output_0", and a last component that only repeats the operator (`op`; may be NULL).
 *
 *    /layer1/layer1.0/relu/Relu_output_0  ->  layer1.0/relu
 *
 *  out: at least one byte. */
void short_name(const char *name, const char *op, char *out, size_t bytes);
