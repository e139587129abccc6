/** @file
 *  Correlations of histograms of oriented gradients. */
#include "core/similarity.h"

#include <math.h>
#include <string.h>

enum { CELL_VALUES = HOG_ORIENTATIONS, BLOCK_VALUES = HOG_BLOCK * HOG_BLOCK * HOG_ORIENTATIONS };

static int64_t blocks(int extent)
{
  const int n = extent / HOG_CELL - HOG_BLOCK + 1;
  return n > 0 ? n : 0;
}

int64_t similarity_hog_length(int height, int width)
{
  return blocks(height) * blocks(width) * BLOCK_VALUES;
}

size_t similarity_hog_work(int height, int width)
{
  return (size_t)(height / HOG_CELL) * (size_t)(width / HOG_CELL) * CELL_VALUES;
}

/** The orientation of a gradient: which of nine parts of [0, 180) degrees.  Comparing with the parts'
 *  borders instead of taking the angle, because the mathematics library shall have no say in the bits. */
static int orientation(double row, double column)
{
  static const double border[][2] = {/* cosine and sine of 20, 40, ... 160 degrees */
                                     {0.93969262078590838405, 0.34202014332566873304},
                                     {0.76604444311897803520, 0.64278760968653932632},
                                     {0.5, 0.86602540378443864676},
                                     {0.17364817766693034885, 0.98480775301220805937},
                                     {-0.17364817766693034885, 0.98480775301220805937},
                                     {-0.5, 0.86602540378443864676},
                                     {-0.76604444311897803520, 0.64278760968653932632},
                                     {-0.93969262078590838405, 0.34202014332566873304}};
  if (row == 0.0) return 0;
  if (row < 0.0) {
    row = -row;
    column = -column;
  }
  int part = 0;
  while (part < HOG_ORIENTATIONS - 1 && border[part][0] * row >= border[part][1] * column) part++;
  return part;
}

/** Mean magnitude by orientation in each cell: cell [cells down, cells across, 9]. */
static void histograms(const float *map, int height, int width, double *cell)
{
  const int down = height / HOG_CELL, across = width / HOG_CELL;
  memset(cell, 0, similarity_hog_work(height, width) * sizeof *cell);
  for (int y = 0; y < down * HOG_CELL; y++) {
    for (int x = 0; x < across * HOG_CELL; x++) {
      const float *at = map + (int64_t)y * width + x;
      const double row = y > 0 && y < height - 1 ? (double)at[width] - (double)at[-width] : 0.0;
      const double column = x > 0 && x < width - 1 ? (double)at[1] - (double)at[-1] : 0.0;
      double *h = cell + ((int64_t)(y / HOG_CELL) * across + x / HOG_CELL) * CELL_VALUES;
      h[orientation(row, column)] += sqrt(row * row + column * column);
    }
  }
  for (int64_t i = 0; i < (int64_t)down * across * CELL_VALUES; i++) cell[i] /= HOG_CELL * HOG_CELL;
}

/** Divide by the norm, where it is not tiny. */
static void normalise(double *v)
{
  double sum = 0.0;
  for (int i = 0; i < BLOCK_VALUES; i++) sum += v[i] * v[i];
  const double norm = sqrt(sum + 1e-5 * 1e-5);
  for (int i = 0; i < BLOCK_VALUES; i++) v[i] /= norm;
}

void similarity_hog_of(const float *map, int height, int width, double *feature, double *work)
{
  const int across = width / HOG_CELL;
  if (!similarity_hog_length(height, width)) return;
  histograms(map, height, width, work);
  for (int64_t r = 0; r < blocks(height); r++) {
    for (int64_t c = 0; c < blocks(width); c++) {
      for (int k = 0; k < HOG_BLOCK; k++) {
        memcpy(feature + (int64_t)k * HOG_BLOCK * CELL_VALUES,
               work + ((r + k) * across + c) * CELL_VALUES,
               (size_t)HOG_BLOCK * CELL_VALUES * sizeof *feature);
      }
      normalise(feature);
      for (int i = 0; i < BLOCK_VALUES; i++)
        if (feature[i] > 0.2) feature[i] = 0.2;
      normalise(feature);
      for (int i = 0; i < BLOCK_VALUES; i++) feature[i] = nearbyint(feature[i] * 0x1p40) * 0x1p-40;
      feature += BLOCK_VALUES;
    }
  }
}

static size_t work_doubles(int height, int width)
{
  const int64_t n = similarity_hog_length(height, width);
  const size_t pixels = (size_t)height * (size_t)width;
  return (size_t)(2 * n) + pixels + similarity_hog_work(height, width) +
         similarity_spearman_work(n);
}

/** Features of a map divided by its largest |value|: what is small in a block depends on the scale. */
static void scaled_features(const float *map, int height, int width, double *feature, double *work)
{
  const int64_t n = (int64_t)height * width;
  float *scaled = (float *)work, largest = 0.0F;
  for (int64_t i = 0; i < n; i++)
    if (fabsf(map[i]) > largest) largest = fabsf(map[i]);
  for (int64_t i = 0; i < n; i++) scaled[i] = largest > 0.0F ? map[i] / largest : 0.0F;
  similarity_hog_of(scaled, height, width, feature, work + n);
}

static double run(const float *a, const float *b, int height, int width, double *work)
{
  const int64_t n = similarity_hog_length(height, width);
  if (!n) return NAN;
  scaled_features(a, height, width, work, work + 2 * n);
  scaled_features(b, height, width, work + n, work + 2 * n);
  return similarity_pearson_of(work, work + n, n);
}

static double run_spearman(const float *a, const float *b, int height, int width, double *work)
{
  const int64_t n = similarity_hog_length(height, width);
  if (!n) return NAN;
  scaled_features(a, height, width, work, work + 2 * n);
  scaled_features(b, height, width, work + n, work + 2 * n);
  return similarity_spearman_of(work, work + n, n, work + 2 * n);
}

const struct similarity similarity_hog_pearson = {
    .name = "hog_pearson",
    .formula =
        "pearson of histograms of oriented gradients (9 orientations, cells of 16 x 16, blocks of "
        "3 x 3, L2-Hys)",
    .range = "-1 to 1; 1: equal histograms",
    .undefined = "the maps are smaller than 48 x 48, or one has no gradient",
    .source = "sanity checks of CAMP-eXplain-AI/PathwayGrad",
    .work_doubles = work_doubles,
    .run = run,
};

const struct similarity similarity_hog_spearman = {
    .name = "hog_spearman",
    .formula = "spearman of the same histograms",
    .range = "-1 to 1; 1: the same order of the histograms' entries",
    .undefined = "the maps are smaller than 48 x 48, or one has no gradient",
    .source = "Adebayo et al. 2018, arXiv:1810.03292",
    .work_doubles = work_doubles,
    .run = run_spearman,
};
