/** @file
 *  Extracts by bands of rows: activation and signal of a band are read from memory once and then
 *  serve the stats of both and every extract from the cache. */
#include "core/extract_bands.h"

/* Positions of a band, about: with them the accumulators of an extract stay in the first-level cache,
 * and a few hundred channels of both fields in the second. */
enum { BAND_POSITIONS = 512, LEAST_ROWS = 6 };

struct bands {
  const struct extract_bands *b;
  unsigned wanted_a, wanted_g; /* STATS_* over channels of a and of g */
  struct stats a, g, out, input;
  struct extract_call call;
  double *weights; /* [extracts with weights][channels] */
  int a_rows;      /* rows of `a` that are there */
};

int extract_bands_rows(int height, int width)
{
  int rows = BAND_POSITIONS / width;
  if (rows < LEAST_ROWS) rows = LEAST_ROWS;
  const int bands = (height + rows - 1) / rows;
  return (height + bands - 1) / bands;
}

/** Extracts among the first n that have weights of channels. */
static size_t weighted(int n)
{
  size_t some = 0;
  for (int i = 0; i < n; i++) some += extract_all[i]->begin != NULL;
  return some;
}

size_t extract_bands_bytes(int channels, int height, int width, int rows, int64_t input)
{
  const size_t plane = (size_t)height * (size_t)width, band = (size_t)rows * (size_t)width;
  size_t own = 0;
  for (const struct extract *const *x = extract_all; *x; x++) {
    const size_t bytes = (*x)->work_bytes ? (*x)->work_bytes(width, rows) : 0;
    own = bytes > own ? bytes : own;
  }
  return (5 * (plane + (size_t)input) + 10 * band + (size_t)channels * weighted(N_EXTRACTS)) *
             sizeof(double) +
         own;
}

/** What an extract wants of the stats that it is made from: a product of extremes takes both, and so
 *  does a product of squares. */
static unsigned wanted_of_parts(const struct extract *x, unsigned wanted)
{
  if (x->needs != (EXTRACT_STATS_A | EXTRACT_STATS_G) && !x->reads_input) return wanted;
  if (wanted & STATS_EXTREMES) return STATS_ALL;
  return wanted & STATS_SQUARES ? wanted | STATS_SQUARES : wanted;
}

static struct bands make(const struct extract_bands *b)
{
  const int64_t plane = (int64_t)b->at.height * b->at.width;
  const int64_t band = (int64_t)b->rows * b->at.width;
  const struct extract_input *in = b->at.input;
  const int64_t input = in ? (int64_t)in->height * in->width : 0;
  double *memory = (double *)b->work + 5 * input; /* stats of the input come first */
  struct bands s = {.b = b,
                    .input = stats_at(b->work, input),
                    .a = stats_at(memory, plane),
                    .g = stats_at(memory + 5 * plane, band),
                    .out = stats_at(memory + 5 * plane + 5 * band, band)};
  s.weights = memory + 5 * plane + 10 * band;
  s.call = (struct extract_call){.at = b->at,
                                 .work = s.weights + (size_t)b->at.channels * weighted(N_EXTRACTS),
                                 .out = &s.out};
  for (int i = 0; i < N_EXTRACTS; i++) {
    const unsigned parts = wanted_of_parts(extract_all[i], b->wanted[i]);
    if (extract_all[i]->needs & EXTRACT_STATS_A) s.wanted_a |= parts;
    if (extract_all[i]->needs & EXTRACT_STATS_G) s.wanted_g |= parts;
  }
  return s;
}

/** Stats over channels of a, one row further than the band, and of g. */
static void shared_stats(struct bands *s)
{
  const struct extract_site *at = &s->call.at;
  const int width = at->width, end = s->call.row + s->call.rows;
  const int a_end = end < at->height ? end + 1 : end;
  if (s->wanted_a) {
    const int64_t first = (int64_t)s->a_rows * width;
    const struct stats out = stats_from(&s->a, first);
    stats_of_channels(at->a + first, at->channels, at->stride, (a_end - s->a_rows) * width,
                      s->wanted_a, &out);
    s->a_rows = a_end;
  }
  if (s->wanted_g) {
    stats_of_channels(at->g + (int64_t)s->call.row * width, at->channels, at->stride,
                      s->call.rows * width, s->wanted_g, &s->g);
  }
}

/** The weights of extract i, NULL where it has none. */
static double *weights_of(const struct bands *s, int i)
{
  if (!extract_all[i]->begin) return NULL;
  return s->weights + (size_t)s->call.at.channels * weighted(i);
}

static void run_band(struct bands *s)
{
  const struct extract_bands *b = s->b;
  const int width = b->at.width;
  shared_stats(s);
  for (int i = 0; i < N_EXTRACTS; i++) {
    if (!b->wanted[i]) continue;
    s->call.wanted = b->wanted[i];
    s->call.weights = weights_of(s, i);
    extract_all[i]->run(&s->call);
    b->take(b->who, i, (int64_t)s->call.row * width, s->call.rows * width, &s->out);
  }
}

/** Stats over the channels of the convolution's input, where an extract reads them. */
static void input_stats(struct bands *s)
{
  const struct extract_input *in = s->b->at.input;
  bool read = false;
  for (int i = 0; i < N_EXTRACTS; i++)
    read = read || (s->b->wanted[i] && extract_all[i]->reads_input);
  if (!read) return;
  stats_of_channels(in->x, in->channels, in->stride, in->height * in->width, STATS_ALL, &s->input);
}

void extract_bands_run(const struct extract_bands *b)
{
  struct bands s = make(b);
  s.call.input = &s.input;
  input_stats(&s);
  s.call.a = &s.a;
  s.call.g = &s.g;
  s.call.out = &s.out;
  for (int i = 0; i < N_EXTRACTS; i++) {
    if (!b->wanted[i] || !extract_all[i]->begin) continue;
    s.call.weights = weights_of(&s, i);
    extract_all[i]->begin(&s.call);
  }
  for (int row = 0; row < b->at.height; row += b->rows) {
    s.call.row = row;
    s.call.rows = b->at.height - row < b->rows ? b->at.height - row : b->rows;
    run_band(&s);
  }
}
