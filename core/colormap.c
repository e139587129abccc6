/** @file
 *  Colour maps by formula. */
#include "core/colormap.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/** OKLab to linear sRGB.  Source: Ottosson 2020, the inverse matrices. */
static void lab_to_linear(const double lab[3], double rgb[3])
{
  const double l = lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2];
  const double m = lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2];
  const double s = lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2];
  const double l3 = l * l * l, m3 = m * m * m, s3 = s * s * s;

  rgb[0] = 4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3;
  rgb[1] = -1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3;
  rgb[2] = -0.0041960863 * l3 - 0.7034186147 * m3 + 1.7076147010 * s3;
}

/** Linear light to the 8 bits of sRGB.  Source: IEC 61966-2-1. */
static uint8_t encode(double linear)
{
  const double c = linear < 0.0 ? 0.0 : linear > 1.0 ? 1.0 : linear;
  const double v = c <= 0.0031308 ? 12.92 * c : 1.055 * pow(c, 1.0 / 2.4) - 0.055;

  return (uint8_t)lround(v * 255.0);
}

static void encode_all(struct colormap *map)
{
  for (int i = 0; i < COLORMAP_SIZE; i++) {
    double linear[3];
    lab_to_linear(map->lab[i], linear);
    for (int c = 0; c < 3; c++) map->rgb[i][c] = encode(linear[c]);
  }
}

static void sequential_curve(double t, double lab[3])
{
  const double chroma = 0.072 + 0.09 * sin(pi * t * t * t * t);
  const double hue = (285.0 - 180.0 * t) * pi / 180.0;

  lab[0] = 0.17 + 0.78 * t;
  lab[1] = chroma * cos(hue);
  lab[2] = chroma * sin(hue);
}

static double distance(const double a[3], const double b[3])
{
  const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
  return sqrt(x * x + y * y + z * z);
}

void colormap_sequential(struct colormap *map)
{
  enum { FINE = 8192 };
  double at[3], before[3], length = 0.0, walked = 0.0;
  int entry = 0;

  sequential_curve(0.0, before);
  for (int i = 1; i <= FINE; i++) {
    sequential_curve((double)i / FINE, at);
    length += distance(before, at);
    memcpy(before, at, sizeof before);
  }
  sequential_curve(0.0, before);
  for (int i = 1; i <= FINE; i++) {
    sequential_curve((double)i / FINE, at);
    const double step = distance(before, at);
    for (; entry < COLORMAP_SIZE; entry++) {
      const double part = (length * entry / (COLORMAP_SIZE - 1) - walked) / step;
      if (part > 1.0 && i < FINE) break;
      sequential_curve(((double)i - 1.0 + (part > 1.0 ? 1.0 : part)) / FINE, map->lab[entry]);
    }
    walked += step;
    memcpy(before, at, sizeof before);
  }
  encode_all(map);
}

void colormap_diverging(struct colormap *map)
{
  static const double middle[3] = {0.97, 0.0, 0.0};
  static const double lightness = 0.45, chroma = 0.18, hue[2] = {260.0, 27.0};

  for (int i = 0; i < COLORMAP_SIZE; i++) {
    const double s = 2.0 * i / (COLORMAP_SIZE - 1) - 1.0;
    const double h = hue[s > 0.0] * pi / 180.0;
    const double end[3] = {lightness, chroma * cos(h), chroma * sin(h)};
    for (int c = 0; c < 3; c++) map->lab[i][c] = middle[c] + fabs(s) * (end[c] - middle[c]);
  }
  encode_all(map);
}

const uint8_t *colormap_at(const struct colormap *map, double t)
{
  if (!(t > 0.0)) return map->rgb[0];
  if (t >= 1.0) return map->rgb[COLORMAP_SIZE - 1];
  return map->rgb[lround(t * (COLORMAP_SIZE - 1))];
}
