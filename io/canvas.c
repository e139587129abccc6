/** @file
 *  Rectangles, pictures and single pixels on a canvas. */
#include "io/canvas.h"

#include <stdlib.h>
#include <string.h>

err canvas_make(int width, int height, struct color background, struct canvas *out)
{
  CHECK(width >= 1 && height >= 1 && width <= CANVAS_MAX_SIDE && height <= CANVAS_MAX_SIDE,
        ERR_USAGE,
        "a picture of %d x %d pixels is too large (at most %d a side): draw fewer or "
        "smaller cells",
        width, height, CANVAS_MAX_SIDE);
  struct canvas c = {width, height, malloc((size_t)width * (size_t)height * 3)};
  CHECK(c.rgb, ERR_MEMORY, "no memory for a picture of %d x %d pixels", width, height);
  canvas_fill(&c, 0, 0, width, height, background);
  *out = c;
  return ERR_OK;
}

void canvas_free(struct canvas *c)
{
  free(c->rgb);
  *c = (struct canvas){0};
}

static uint8_t *pixel(const struct canvas *c, int x, int y)
{
  return c->rgb + ((size_t)y * (size_t)c->width + (size_t)x) * 3;
}

static int clamp(int value, int most)
{
  return value < 0 ? 0 : value > most ? most : value;
}

void canvas_fill(struct canvas *c, int x, int y, int width, int height, struct color color)
{
  const int x0 = clamp(x, c->width), x1 = clamp(x + width, c->width);
  const int y0 = clamp(y, c->height), y1 = clamp(y + height, c->height);

  for (int v = y0; v < y1; v++) {
    uint8_t *p = pixel(c, 0, v) + (size_t)x0 * 3;
    for (int u = x0; u < x1; u++, p += 3) p[0] = color.r, p[1] = color.g, p[2] = color.b;
  }
}

void canvas_frame(struct canvas *c, int x, int y, int width, int height, struct color color)
{
  canvas_fill(c, x, y, width, 1, color);
  canvas_fill(c, x, y + height - 1, width, 1, color);
  canvas_fill(c, x, y, 1, height, color);
  canvas_fill(c, x + width - 1, y, 1, height, color);
}

void canvas_blit(struct canvas *c, int x, int y, int width, int height, const uint8_t *rgb)
{
  const int x0 = clamp(x, c->width), x1 = clamp(x + width, c->width);
  const int y0 = clamp(y, c->height), y1 = clamp(y + height, c->height);

  if (x0 >= x1) return;
  for (int v = y0; v < y1; v++) {
    const size_t from = (size_t)(v - y) * (size_t)width + (size_t)(x0 - x);
    memcpy(pixel(c, x0, v), rgb + from * 3, (size_t)(x1 - x0) * 3);
  }
}

/** below + (above - below) * coverage / 255, rounded. */
static uint8_t mix(int below, int above, int coverage)
{
  return (uint8_t)((below * (255 - coverage) + above * coverage + 127) / 255);
}

void canvas_blend(struct canvas *c, int x, int y, struct color color, int coverage)
{
  if (x < 0 || y < 0 || x >= c->width || y >= c->height) return;
  uint8_t *p = pixel(c, x, y);
  p[0] = mix(p[0], color.r, coverage);
  p[1] = mix(p[1], color.g, coverage);
  p[2] = mix(p[2], color.b, coverage);
}
