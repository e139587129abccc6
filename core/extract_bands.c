/** @file
 *  Extracts by bands of rows: activation and signal of a band are read from memory once and then
 *  serve the stats of both and every extract from the cache. */
#include "core/extract_bands.h"

#include "core/sums.h"

/* Positions of a band, about: with them the sums of an extract stay in the second-level cache,
 * and a few hundred channels of both fields in the second. */
enum { BAND_POSITIONS = 1024, LEAST_ROWS = 8 };

/* Positions of a plane up to which samples are handed together to the extracts that can take them: rows of
 * one would leave most lanes of a vector empty. */
enum { SMALL_PLANE = 128 };

/** Statistics that one reading of both fields made. */
struct flat {
  bool made, weighted;         /* products are there; sums of `cam` too */
  struct stats products, sums; /* [rows, width] */
};

struct bands {
  const struct extract_bands *b;
  int sample;
  unsigned wanted_a, wanted_g;   /* STATS_* over channels of a and of g */
  struct stats a, g, out, input; /* of this sample */
  struct stats together;         /* [samples, positions] of an extract that takes them all */
  struct flat flat;
  struct extract_input moved; /* the input of this sample */
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

/** Samples that an extract may take at once. */
static int samples_together(const struct extract_site *at, int samples, int rows)
{
  return at->height <= rows && at->height * at->width <= SMALL_PLANE ? samples : 1;
}

/** Doubles of the scratch: stats of planes and bands, and weights. */
static size_t doubles(const struct extract_site *at, int samples, int rows, int64_t input)
{
  const size_t plane = (size_t)at->height * (size_t)at->width;
  const size_t band = (size_t)rows * (size_t)at->width;
  const size_t together = plane * (size_t)samples_together(at, samples, rows);
  return 5 * (plane + (size_t)input + together) + 20 * band +
         (size_t)at->channels * weighted(N_EXTRACTS);
}

size_t extract_bands_bytes(const struct extract_site *at, int samples, int rows, int64_t input)
{
  size_t own = 0;
  for (const struct extract *const *x = extract_all; *x; x++) {
    const size_t bytes = (*x)->work_bytes ? (*x)->work_bytes(at->width, rows) : 0;
    own = bytes > own ? bytes : own;
  }
  return doubles(at, samples, rows, input) * sizeof(double) + own;
}

/** What an extract wants of the stats that it is made from: a product of extremes takes both, and so
 *  does a product of squares. */
static unsigned wanted_of_parts(const struct extract *x, unsigned wanted)
{
  if (x->needs != (EXTRACT_STATS_A | EXTRACT_STATS_G) && !x->reads_input) return wanted;
  if (wanted & STATS_EXTREMES) return STATS_ALL;
  return wanted & STATS_SQUARES ? wanted | STATS_SQUARES : wanted;
}

/** The next five planes of n doubles. */
static struct stats next_planes(double **memory, int64_t n)
{
  const struct stats s = stats_at(*memory, n);
  *memory += 5 * n;
  return s;
}

static struct bands make(const struct extract_bands *b)
{
  const int64_t plane = (int64_t)b->at.height * b->at.width;
  const int64_t band = (int64_t)b->rows * b->at.width;
  const struct extract_input *in = b->at.input;
  double *memory = b->work;
  struct bands s = {.b = b};
  s.input = next_planes(&memory, in ? (int64_t)in->height * in->width : 0);
  s.a = next_planes(&memory, plane);
  s.together = next_planes(&memory, plane * samples_together(&b->at, b->samples, b->rows));
  s.g = next_planes(&memory, band);
  s.out = next_planes(&memory, band);
  s.flat.products = next_planes(&memory, band);
  s.flat.sums = next_planes(&memory, band);
  s.weights = memory;
  s.call.work = memory + (size_t)b->at.channels * weighted(N_EXTRACTS);
  for (int i = 0; i < N_EXTRACTS; i++) {
    const unsigned parts = wanted_of_parts(extract_all[i], b->wanted[i]);
    if (extract_all[i]->needs & EXTRACT_STATS_A) s.wanted_a |= parts;
    if (extract_all[i]->needs & EXTRACT_STATS_G) s.wanted_g |= parts;
  }
  return s;
}

/** The weights of extract i, NULL where it has none. */
static double *weights_of(const struct bands *s, int i)
{
  if (!extract_all[i]->begin) return NULL;
  return s->weights + (size_t)s->call.at.channels * weighted(i);
}

/** Rows of `a` that are not there yet, up to `end`. */
static void stats_of_a(struct bands *s, int end)
{
  const struct extract_site *at = &s->call.at;
  const int64_t first = (int64_t)s->a_rows * at->width;
  const struct stats out = stats_from(&s->a, first);
  if (end <= s->a_rows) return;
  stats_of_channels(at->a + first, at->channels, at->stride, (end - s->a_rows) * at->width,
                    s->wanted_a, &out);
  s->a_rows = end;
}

/** Stats of a, of g, of their products and of weighted a from one reading, where all but the last are
 *  wanted. */
static void flat_stats(struct bands *s)
{
  const struct extract_site *at = &s->call.at;
  const int64_t first = (int64_t)s->call.row * at->width;
  const unsigned products = s->b->wanted[EXTRACT_scaling], sums = s->b->wanted[EXTRACT_cam];
  s->flat = (struct flat){.products = s->flat.products, .sums = s->flat.sums};
  if (!at->a || !s->wanted_a || !s->wanted_g || !products) return;
  s->flat.weighted = sums == STATS_SUM;
  const struct sums_flat x = {.channels = at->channels,
                              .n = s->call.rows * at->width,
                              .stride = at->stride,
                              .a = at->a + first,
                              .g = at->g + first,
                              .w = s->flat.weighted ? weights_of(s, EXTRACT_cam) : NULL,
                              .wanted_of_fields = s->wanted_a | s->wanted_g,
                              .wanted_of_products = products,
                              .of_a = stats_from(&s->a, first),
                              .of_g = s->g,
                              .of_product = s->flat.products,
                              .weighted_sum = s->flat.sums.sum};
  if (!sums_has_flat(&x)) return;
  sums_flat(&x);
  s->flat.made = true;
  if (s->a_rows < s->call.row + s->call.rows) s->a_rows = s->call.row + s->call.rows;
}

/** Stats over channels of a, one row further than the band, and of g. */
static void shared_stats(struct bands *s)
{
  const struct extract_site *at = &s->call.at;
  const int end = s->call.row + s->call.rows;
  flat_stats(s);
  if (s->wanted_a) stats_of_a(s, end < at->height ? end + 1 : end);
  if (s->wanted_g && !s->flat.made) {
    stats_of_channels(at->g + (int64_t)s->call.row * at->width, at->channels, at->stride,
                      s->call.rows * at->width, s->wanted_g, &s->g);
  }
}

/** Stats of extract i where another reading than its own makes them; else NULL. */
static const struct stats *made_before(const struct bands *s, int i)
{
  if (!s->flat.made) return NULL;
  if (i == EXTRACT_scaling) return &s->flat.products;
  return i == EXTRACT_cam && s->flat.weighted ? &s->flat.sums : NULL;
}

/** All samples at once, with the first one. */
static struct stats run_together(struct bands *s, int i)
{
  const int64_t plane = (int64_t)s->b->at.height * s->b->at.width;
  if (s->sample == 0) {
    struct extract_call call = s->call;
    call.samples = s->b->samples;
    call.out = &s->together;
    extract_all[i]->run(&call);
  }
  return stats_from(&s->together, s->sample * plane);
}

static struct stats run_one(struct bands *s, int i)
{
  const struct extract_bands *b = s->b;
  const struct stats *made = made_before(s, i);
  if (made) return *made;
  s->call.wanted = b->wanted[i];
  s->call.weights = weights_of(s, i);
  if (extract_all[i]->takes_samples && samples_together(&b->at, b->samples, b->rows) > 1)
    return run_together(s, i);
  extract_all[i]->run(&s->call);
  return s->out;
}

static void run_band(struct bands *s)
{
  const struct extract_bands *b = s->b;
  const int64_t width = b->at.width;
  shared_stats(s);
  for (int i = 0; i < N_EXTRACTS; i++) {
    if (!b->wanted[i]) continue;
    const struct stats out = run_one(s, i);
    b->take(b->who, s->sample, i, s->call.row * width, s->call.rows * (int)width, &out);
  }
}

/** Whether a wanted extract reads the convolution's input. */
static bool reads_input(const struct extract_bands *b)
{
  for (int i = 0; i < N_EXTRACTS; i++)
    if (b->wanted[i] && extract_all[i]->reads_input) return true;
  return false;
}

/** The input of this sample, and the stats over its channels where an extract reads them. */
static void move_input(struct bands *s)
{
  const struct extract_input *in = s->b->at.input;
  if (!in) return;
  s->moved = *in;
  if (in->x) s->moved.x = in->x + (int64_t)s->sample * in->height * in->width;
  s->call.at.input = &s->moved;
  if (!reads_input(s->b)) return;
  stats_of_channels(s->moved.x, in->channels, in->stride, in->height * in->width, STATS_ALL,
                    &s->input);
}

static void run_sample(struct bands *s)
{
  const struct extract_bands *b = s->b;
  s->call.at = extract_site_of(&b->at, s->sample);
  s->a_rows = 0;
  move_input(s);
  for (int i = 0; i < N_EXTRACTS; i++) {
    if (!b->wanted[i] || !extract_all[i]->begin) continue;
    s->call.weights = weights_of(s, i);
    extract_all[i]->begin(&s->call);
  }
  for (int row = 0; row < b->at.height; row += b->rows) {
    s->call.row = row;
    s->call.rows = b->at.height - row < b->rows ? b->at.height - row : b->rows;
    run_band(s);
  }
}

void extract_bands_run(const struct extract_bands *b)
{
  struct bands s = make(b);
  s.call.samples = 1;
  s.call.input = &s.input;
  s.call.a = &s.a;
  s.call.g = &s.g;
  s.call.out = &s.out;
  for (s.sample = 0; s.sample < b->samples; s.sample++) run_sample(&s);
}
