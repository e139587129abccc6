/** @file
 *  Mutations of images; after most of them the checksums of a PNG's chunks are set right again, so
 *  that what they hold is looked at. */
#include "tests/fuzz_file.h"

#include <string.h>
#include <zlib.h>

static uint32_t big_endian(const uint8_t *at)
{
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/** A chunk is its length, four letters, its data and a CRC-32 of letters and data. */
static void mend(uint8_t *png, size_t n)
{
  enum { SIGNATURE = 8, AROUND = 12 };
  if (n < SIGNATURE || memcmp(png, "\x89PNG", 4) != 0) return;
  for (size_t at = SIGNATURE; at + AROUND <= n;) {
    const uint32_t length = big_endian(png + at);
    if (length > n - at - AROUND) return;
    const uint32_t sum = (uint32_t)crc32(0, png + at + 4, length + 4);
    for (int k = 0; k < 4; k++) png[at + 8 + length + (size_t)k] = (uint8_t)(sum >> (24 - 8 * k));
    at += AROUND + length;
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
  size = LLVMFuzzerMutate(data, size, max);
  if (size > 1 && seed % 8) mend(data + 1, size - 1);
  return size;
}
