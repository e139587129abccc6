#pragma once
/* For tests: image files of a few bytes, made without the libraries that read them. */
#include <stdint.h>
#include <string.h>

enum { TINY_MAX = 8192 };

struct tiny {
  size_t n;
  uint8_t bytes[TINY_MAX];
};

static inline void tiny_u32(uint8_t *at, uint32_t v)
{
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(v >> (24 - 8 * i));
}

/** CRC-32 as PNG wants it.  Source: PNG specification, annex D. */
static inline uint32_t tiny_crc(const uint8_t *p, size_t n)
{
  uint32_t c = 0xFFFFFFFFU;
  for (size_t i = 0; i < n; i++) {
    c ^= p[i];
    for (int k = 0; k < 8; k++) c = c & 1U ? 0xEDB88320U ^ (c >> 1) : c >> 1;
  }
  return ~c;
}

static inline void tiny_chunk(struct tiny *t, const char *kind, const uint8_t *data, size_t n)
{
  uint8_t *at = t->bytes + t->n;
  tiny_u32(at, (uint32_t)n);
  memcpy(at + 4, kind, 4);
  if (n) memcpy(at + 8, data, n);
  tiny_u32(at + 8 + n, tiny_crc(at + 4, n + 4));
  t->n += n + 12;
}

static inline void tiny_png_start(struct tiny *t, uint32_t height, uint32_t width, int colour,
                                  int depth)
{
  static const uint8_t start[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  uint8_t head[13] = {0};
  memcpy(t->bytes, start, 8);
  t->n = 8;
  tiny_u32(head, width);
  tiny_u32(head + 4, height);
  head[8] = (uint8_t)depth;
  head[9] = (uint8_t)colour;
  tiny_chunk(t, "IHDR", head, sizeof head);
}

/** One stored deflate block of rows that each start with filter 0; at most 4000 bytes. */
static inline void tiny_png_rows(struct tiny *t, const uint8_t *pixel, int rows, int row_bytes)
{
  uint8_t data[4200] = {0x78, 0x01, 0x01};
  const int n = rows * (row_bytes + 1);
  uint8_t *at = data + 7;
  uint32_t a = 1, b = 0;
  data[3] = (uint8_t)(n & 255);
  data[4] = (uint8_t)(n >> 8);
  data[5] = (uint8_t)~data[3];
  data[6] = (uint8_t)~data[4];
  for (int y = 0; y < rows; y++) {
    *at++ = 0;
    memcpy(at, pixel + (size_t)y * (size_t)row_bytes, (size_t)row_bytes);
    at += row_bytes;
  }
  for (int i = 0; i < n; i++) {
    a = (a + data[7 + i]) % 65521U;
    b = (b + a) % 65521U;
  }
  tiny_u32(at, b << 16 | a);
  tiny_chunk(t, "IDAT", data, (size_t)n + 11);
  tiny_chunk(t, "IEND", NULL, 0);
}

/** A PNG of 8-bit samples [height, width, channels 1 or 3]. */
static inline void tiny_png(struct tiny *t, int height, int width, int channels,
                            const uint8_t *pixel)
{
  tiny_png_start(t, (uint32_t)height, (uint32_t)width, channels == 3 ? 2 : 0, 8);
  tiny_png_rows(t, pixel, height, width * channels);
}

/** A grey JPEG of 16 x 16 pixels; its size stands at byte TINY_JPEG_SIZE. */
enum { TINY_JPEG_SIZE = 94 };

static inline void tiny_jpeg(struct tiny *t)
{
  static const uint8_t file[] = {
      0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10, 0x4A, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00,
      0x01, 0x00, 0x01, 0x00, 0x00, 0xFF, 0xDB, 0x00, 0x43, 0x00, 0x10, 0x0B, 0x0C, 0x0E, 0x0C,
      0x0A, 0x10, 0x0E, 0x0D, 0x0E, 0x12, 0x11, 0x10, 0x13, 0x18, 0x28, 0x1A, 0x18, 0x16, 0x16,
      0x18, 0x31, 0x23, 0x25, 0x1D, 0x28, 0x3A, 0x33, 0x3D, 0x3C, 0x39, 0x33, 0x38, 0x37, 0x40,
      0x48, 0x5C, 0x4E, 0x40, 0x44, 0x57, 0x45, 0x37, 0x38, 0x50, 0x6D, 0x51, 0x57, 0x5F, 0x62,
      0x67, 0x68, 0x67, 0x3E, 0x4D, 0x71, 0x79, 0x70, 0x64, 0x78, 0x5C, 0x65, 0x67, 0x63, 0xFF,
      0xC0, 0x00, 0x0B, 0x08, 0x00, 0x10, 0x00, 0x10, 0x01, 0x01, 0x11, 0x00, 0xFF, 0xC4, 0x00,
      0x15, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x03, 0x06, 0xFF, 0xC4, 0x00, 0x17, 0x10, 0x00, 0x03, 0x01, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x05, 0x62,
      0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3F, 0x00, 0x9D, 0x58, 0xF9, 0x11, 0x63,
      0xE4, 0xBC, 0x58, 0xF9, 0x11, 0x63, 0xE4, 0xFF, 0xD9,
  };
  memcpy(t->bytes, file, sizeof file);
  t->n = sizeof file;
}
