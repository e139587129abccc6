/** @file
 *  Gradients of an iteration's samples, block by block. */
#include "core/class_map.h"

#include "core/class_map_impl.h"
#include "core/random.h"
#include "core/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const uint64_t class_map_held_out = UINT64_C(1) << 39;

int class_map_blocks(const struct class_map_settings *s)
{
  return (s->samples + CLASS_MAP_BLOCK - 1) / CLASS_MAP_BLOCK;
}

int class_map_planes(const struct class_map_settings *s)
{
  return CLASS_MAP_FIRST + (int)s->moment;
}

void class_map_free(struct class_map **map)
{
  struct class_map *m = *map;
  if (!m) return;
  free(m->state);
  free(m->sums);
  free(m->mean);
  free(m->z);
  free(m->own);
  free(m->targets);
  free(m->shift);
  free(m->draw);
  free(m->factor);
  free(m->seen);
  free(m);
  *map = NULL;
}

static err allocate(struct class_map *m)
{
  const size_t batch = (size_t)class_engine_batch(m->engine), pixels = (size_t)m->pixels;
  int h = 0, w = 0;
  const bool sees = class_engine_attention(m->engine, &h, &w) != NULL;
  m->state = calloc((size_t)class_map_planes(m->set) * pixels, sizeof *m->state);
  m->sums = calloc((size_t)m->blocks * pixels, sizeof *m->sums);
  m->mean = calloc(pixels, sizeof *m->mean);
  m->z = calloc(batch * pixels, sizeof *m->z);
  m->own = calloc(batch * pixels, sizeof *m->own);
  m->targets = calloc(batch, sizeof *m->targets);
  m->shift = calloc(batch, sizeof *m->shift);
  m->draw = malloc((size_t)synthetic_work_bytes(m->height, m->width));
  m->factor = calloc((size_t)m->plane, sizeof *m->factor);
  m->seen = calloc(sees ? (size_t)(h * w) : 1, sizeof *m->seen);
  CHECK(m->state && m->sums && m->mean && m->z && m->own && m->targets && m->shift && m->draw &&
            m->factor && m->seen,
        ERR_MEMORY, "no memory for a class map of %lld numbers and %d blocks of samples",
        (long long)m->pixels, m->blocks);
  return ERR_OK;
}

err class_map_make(struct class_engine *e, const struct pixel_scale *scale, int height, int width,
                   const struct class_map_settings *settings, struct class_map **out)
{
  struct class_map *m = calloc(1, sizeof *m);
  CHECK(m, ERR_MEMORY, "no memory for a class map");
  m->engine = e;
  m->set = settings;
  m->scale = scale;
  m->height = height;
  m->width = width;
  m->plane = (int64_t)height * width;
  m->pixels = m->plane * scale->channels;
  m->blocks = class_map_blocks(settings);
  const err failed = allocate(m);
  if (failed) {
    class_map_free(&m);
    return err_trace(failed, __FILE__, __LINE__);
  }
  *out = m;
  return ERR_OK;
}

void class_map_begin(struct class_map *m, const struct class_images *images, int numbered,
                     int target, int64_t iteration, const real *state)
{
  const size_t bytes = (size_t)class_map_planes(m->set) * (size_t)m->pixels * sizeof *m->state;
  m->images = images;
  m->numbered = numbered;
  m->target = target;
  m->iteration = state ? iteration : 0;
  if (state) {
    memcpy(m->state, state, bytes);
  } else {
    memset(m->state, 0, bytes);
  }
  for (int b = 0; b < class_engine_batch(m->engine); b++) m->targets[b] = target;
}

int64_t class_map_iteration(const struct class_map *m)
{
  return m->iteration;
}

const real *class_map_state(const struct class_map *m)
{
  return m->state;
}

static void random_numbers(const struct class_images *from, int stream, int numbered,
                           uint64_t sample, int n, double *u)
{
  const struct random_place at = {
      .seed = from->seed, .stream = (uint32_t)stream, .copy = (uint32_t)numbered, .sample = sample};
  random_uniform(&at, n, u);
}

/** Image `sample` of a class, as it is drawn. */
static void draw(struct class_map *m, const struct class_images *from, int numbered,
                 uint64_t sample, real *x)
{
  if (from->given) {
    double u = 0.0;
    if (numbered != CLASS_MAP_IN_ORDER)
      random_numbers(from, RANDOM_CHOICE, numbered, sample, 1, &u);
    const int64_t k =
        numbered == CLASS_MAP_IN_ORDER ? (int64_t)sample : (int64_t)(u * (double)from->n_given);
    memcpy(x, from->given + k * m->pixels, (size_t)m->pixels * sizeof *x);
    return;
  }
  synthetic_make(&from->from,
                 (struct synthetic_site){.scale = m->scale,
                                         .height = m->height,
                                         .width = m->width,
                                         .seed = from->seed,
                                         .class = (uint32_t)numbered,
                                         .sample = sample,
                                         .work = m->draw},
                 x);
}

/** x = clip(x + by p). */
static void add_map(const struct class_map *m, const real *p, double by, real *x)
{
  for (int64_t u = 0; u < m->pixels; u++) x[u] = synthetic_clip((double)x[u] + by * (double)p[u]);
}

/** to = x with row r at row r + by.y and so on, around the edges. */
static void turn(const struct class_map *m, const real *x, struct class_shift by, real *to)
{
  const int h = m->height, w = m->width;
  for (int c = 0; c < m->scale->channels; c++) {
    for (int y = 0; y < h; y++) {
      const real *row = x + c * m->plane + (int64_t)y * w;
      real *out = to + c * m->plane + (int64_t)((y + by.y + h) % h) * w;
      for (int k = 0; k < w; k++) out[(k + by.x + w) % w] = row[k];
    }
  }
}

/** A whole number, uniform in -most .. most. */
static int shift_of(double u, int most)
{
  return (int)(u * (2 * most + 1)) - most;
}

/** Samples [first, first + n) of the iteration into z. */
static void draw_samples(struct class_map *m, int first, int n)
{
  const int most = m->set->jitter;
  for (int k = 0; k < n; k++) {
    const uint64_t sample =
        (uint64_t)m->iteration * (uint64_t)m->set->samples + (uint64_t)(first + k);
    real *z = m->z + k * m->pixels;
    draw(m, m->images, m->numbered, sample, z);
    add_map(m, m->state, 1.0, z);
    if (!most) continue;
    double u[2];
    random_numbers(m->images, RANDOM_SHIFT, m->numbered, sample, 2, u);
    m->shift[k] = (struct class_shift){shift_of(u[0], most), shift_of(u[1], most)};
    memcpy(m->mean, z, (size_t)m->pixels * sizeof *z);
    turn(m, m->mean, m->shift[k], z);
  }
}

SIMD static double length(const real *g, int64_t n)
{
  double squares;
  ROWS_SUM(n, (double)g[i] * (double)g[i], squares);
  return sqrt(squares);
}

/** sum += by g. */
SIMD static void add_scaled(const real *restrict g, double by, int64_t n, double *restrict sum)
{
  for (int64_t i = 0; i < n; i++) sum[i] += by * (double)g[i];
}

/** One inner step of n samples in z: their normalised descent directions are added to `own`, and they walk
 *  on where a step follows. */
static void nudge(struct class_map *m, int n, bool walks)
{
  const double walk = m->set->inner_step * sqrt((double)m->pixels);
  (void)class_engine_forward(m->engine, n, m->z);
  const real *g = class_engine_backward(m->engine, m->set->loss, m->targets, NULL);
  for (int k = 0; k < n; k++) {
    const real *gk = g + k * m->pixels;
    const double size = length(gk, m->pixels), by = size > 0.0 ? -1.0 / size : 0.0;
    add_scaled(gk, by, m->pixels, m->own + k * m->pixels);
    real *z = m->z + k * m->pixels;
    for (int64_t u = 0; walks && u < m->pixels; u++)
      z[u] = synthetic_clip((double)z[u] + walk * by * (double)gk[u]);
  }
}

/** The sum of a sample, shifted back, into its block's. */
static void add_sample(struct class_map *m, int k, double *sum)
{
  const double *own = m->own + k * m->pixels;
  const int h = m->height, w = m->width;
  const struct class_shift by = m->set->jitter ? m->shift[k] : (struct class_shift){0, 0};
  for (int c = 0; c < m->scale->channels; c++) {
    for (int y = 0; y < h; y++) {
      const double *row = own + c * m->plane + (int64_t)((y + by.y + h) % h) * w;
      double *to = sum + c * m->plane + (int64_t)y * w;
      for (int x = 0; x < w; x++) to[x] += row[(x + by.x + w) % w];
    }
  }
}

/** Sums of blocks [first, end). */
static void sum_blocks(struct class_map *m, int first, int end)
{
  const int batch = class_engine_batch(m->engine), all = m->set->samples;
  const int last = end * CLASS_MAP_BLOCK < all ? end * CLASS_MAP_BLOCK : all;
  if (end > first) {
    memset(m->sums + first * m->pixels, 0,
           (size_t)(end - first) * (size_t)m->pixels * sizeof *m->sums);
  }
  for (int i = first * CLASS_MAP_BLOCK; i < last; i += batch) {
    const int n = last - i < batch ? last - i : batch;
    draw_samples(m, i, n);
    memset(m->own, 0, (size_t)n * (size_t)m->pixels * sizeof *m->own);
    for (int j = 0; j < m->set->inner; j++) nudge(m, n, j + 1 < m->set->inner);
    for (int k = 0; k < n; k++) add_sample(m, k, m->sums + (i + k) / CLASS_MAP_BLOCK * m->pixels);
  }
}

void class_map_iterate(struct class_map *m, const struct class_team *team)
{
  sum_blocks(m, class_team_first(m->blocks, team->size, team->rank),
             class_team_first(m->blocks, team->size, team->rank + 1));
  if (team->size > 1)
    team->gather(team->who, m->sums, m->pixels * (int64_t)sizeof *m->sums, m->blocks);
  class_map_step(m);
}

void class_map_look(struct class_map *m, const struct class_look *look,
                    const struct class_team *team, real *logits)
{
  const int batch = class_engine_batch(m->engine), classes = class_engine_classes(m->engine);
  const int begin = class_team_first(look->n, team->size, team->rank);
  const int end = class_team_first(look->n, team->size, team->rank + 1);
  for (int i = begin; i < end; i += batch) {
    const int count = end - i < batch ? end - i : batch;
    for (int k = 0; k < count; k++) {
      real *z = m->z + k * m->pixels;
      draw(m, look->images, look->numbered, look->first + (uint64_t)(i + k), z);
      if (look->map) add_map(m, look->map, look->factor, z);
    }
    memcpy(logits + (int64_t)i * classes, class_engine_forward(m->engine, count, m->z),
           (size_t)count * (size_t)classes * sizeof *logits);
  }
  if (team->size > 1) team->gather(team->who, logits, classes * (int64_t)sizeof *logits, look->n);
}
