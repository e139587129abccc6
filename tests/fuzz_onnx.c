/** @file
 *  Any bytes as an ONNX model; the first one says which options it is read with. */
#include "io/limit.h"
#include "io/onnx.h"
#include "tests/fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
  struct graph *g = NULL;
  struct onnx_notes notes;
  struct onnx_options o = {.notes = &notes};
  if (n < 1) return 0;
  if (limit_set("onnx-work=10000000")) abort(); /* a second or so */
  if (bytes[0] & 1) o.height = o.width = 8;
  if (bytes[0] & 2) o.output = "p";
  if (!onnx_read(fuzz_file(".onnx", bytes + 1, n - 1), &o, &g)) {
    graph_free(&g);
    onnx_notes_free(&notes);
  }
  return 0;
}
