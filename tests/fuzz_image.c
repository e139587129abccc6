/** @file
 *  Any bytes as an image; the first one says what it is decoded to, and whether within the usual limit
 *  of pixels: a few bytes can ask for a GiB, which takes the time of a thousand small images. */
#include "io/image.h"
#include "io/limit.h"
#include "tests/fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
  struct image im = {0};
  if (n < 1) return 0;
  if (limit_set(bytes[0] < 252 ? "image-pixels=200000" : "image-pixels=178956970")) abort();
  if (!image_decode(bytes + 1, n - 1, bytes[0] & 1 ? 1 : 3, bytes[0] & 2, &im)) {
    uint64_t sum = 0;
    const int64_t count = (int64_t)im.height * im.width * im.channels;
    for (int64_t i = 0; i < count; i++) sum += im.pixel[i]; /* every pixel is there */
    if (sum > (uint64_t)count * 255) abort();
  }
  image_free(&im);
  return 0;
}
