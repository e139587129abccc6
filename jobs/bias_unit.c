/** @file
 *  Computing a unit of input bias. */
#include "jobs/bias_unit.h"

#include "core/tape.h"
#include "jobs/bias_measure.h"
#include "jobs/bias_space.h"
#include "jobs/intake.h"
#include "pipeline/comm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct bias_unit {
  const struct bias *bias;
  struct intake *intake;
  struct tape *tape;
  float *x;    /* the unit's pixels as the network has them */
  float *maps; /* rows of the images as they are */
  struct bias_spaces *spaces;
  bool *region;      /* [unit][pixels] */
  int32_t *best;     /* [unit] predicted class of the images as they are */
  float *curve;      /* [unit][methods][bins] */
  float *value;      /* [unit][methods][measures] */
  float *scores;     /* [unit][3]: inverted, painted, occluded */
  int32_t *inverted; /* [unit] predicted class of the inverted image */
  double *work;
  int curve_var, value_var, score_var, inverted_var;
};

enum { INVERTED, PAINTED, OCCLUDED, VIEWS };

void bias_unit_free(struct bias_unit **unit)
{
  struct bias_unit *u = *unit;
  if (!u) return;
  intake_free(&u->intake);
  tape_free(&u->tape);
  free(u->x);
  free(u->maps);
  bias_spaces_free(&u->spaces);
  free(u->region);
  free(u->best);
  free(u->curve);
  free(u->value);
  free(u->scores);
  free(u->inverted);
  free(u->work);
  free(u);
  *unit = NULL;
}

static int64_t pixels(const struct bias_unit *u)
{
  const struct graph *g = u->bias->setup.graph;
  return shape_inner(&g->values[g->input].is.shape);
}

static int64_t numbers(const struct bias_unit *u)
{
  return plan_elements(u->bias->setup.plan, u->bias->setup.graph->input);
}

static int n_methods(const struct bias_unit *u)
{
  return u->bias->setup.plan->taps[0].n_methods;
}

static err allocate(struct bias_unit *u)
{
  const struct setup *s = &u->bias->setup;
  const size_t n = (size_t)s->unit, rows = (size_t)s->plan->rows_floats;
  const size_t methods = (size_t)n_methods(u), all = (size_t)numbers(u);
  u->x = calloc(all, sizeof *u->x);
  u->maps = calloc(rows, sizeof *u->maps);
  u->region = calloc(n * (size_t)pixels(u), sizeof *u->region);
  u->best = calloc(n, sizeof *u->best);
  u->curve = calloc(n * methods * BIAS_BINS, sizeof *u->curve);
  u->value = calloc(n * methods * BIASES, sizeof *u->value);
  u->scores = calloc(n * VIEWS, sizeof *u->scores);
  u->inverted = calloc(n, sizeof *u->inverted);
  u->work = calloc(bias_work_doubles(pixels(u)), sizeof *u->work);
  CHECK(u->x && u->maps && u->region && u->best && u->curve && u->value && u->scores &&
            u->inverted && u->work,
        ERR_MEMORY, "no memory for a unit of %d samples; lower --unit", s->unit);
  TRY(tape_make(s->plan, &u->tape));
  TRY(intake_make(s, &u->intake));
  return bias_spaces_make(s, u->tape, &u->spaces);
}

err bias_unit_make(const struct bias *b, struct bias_unit **out)
{
  struct bias_unit *u = calloc(1, sizeof *u);
  CHECK(u, ERR_MEMORY, "no memory for a unit");
  u->bias = b;
  const err e = allocate(u);
  if (e) {
    bias_unit_free(&u);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = u;
  return ERR_OK;
}

err bias_unit_begin(void *who, struct store *f, const struct study_unit *first)
{
  struct bias_unit *u = who;
  intake_begin(u->intake, first);
  if (!f) return ERR_OK;
  TRY(intake_find(u->intake, f));
  TRY(store_find(f, "bias/curve", &u->curve_var));
  TRY(store_find(f, "bias/value", &u->value_var));
  TRY(store_find(f, "views/score", &u->score_var));
  TRY(store_find(f, "views/predicted_inverted", &u->inverted_var));
  return ERR_OK;
}

/** Map of sample b under method m among rows. */
static const float *map_of(const struct bias_unit *u, const float *rows, int b, int m)
{
  return rows + ((int64_t)b * n_methods(u) + m) * pixels(u);
}

static float *value_of(const struct bias_unit *u, int b, int m)
{
  return u->value + ((int64_t)b * n_methods(u) + m) * BIASES;
}

/** The class with the largest logit of each sample, and the score of the target. */
static void judge(struct bias_unit *u, int count, int32_t *best, int view)
{
  const struct setup *s = &u->bias->setup;
  const struct target largest = {.kind = TARGET_RANK};
  const struct sample none = {0};
  const int *classes = intake_classes(u->intake);
  const real *logits = tape_logits(u->tape);
  for (int b = 0; b < count; b++) {
    const bool there = intake_good(u->intake, b) && classes[b] >= 0;
    if (best)
      best[b] = there ? target_class(&largest, &none, logits + b, s->graph->classes, s->unit) : -1;
    if (view < VIEWS)
      u->scores[b * VIEWS + view] = there ? logits[(int64_t)classes[b] * s->unit + b] : NAN;
  }
}

/** The same of what the tape's input holds. */
static void look(struct bias_unit *u, int count, int32_t *best, int view)
{
  tape_forward(u->tape);
  judge(u, count, best, view);
}

static void go_back(struct bias_unit *u, int64_t first)
{
  tape_backward_all(u->tape, intake_classes(u->intake), u->bias->setup.first + first);
}

/** E1 and E3, and what of E4 is of the image as it is. */
static void measure_plain(struct bias_unit *u, int b)
{
  const struct setup *s = &u->bias->setup;
  const int64_t n = pixels(u);
  const struct bias_image image = {&s->recipe, u->x + b * n, n * s->unit, n};
  bool *region = u->region + b * n;
  bias_region(map_of(u, u->maps, b, u->bias->reference), n, u->bias->region, region, u->work);
  for (int m = 0; m < n_methods(u); m++) {
    const float *map = map_of(u, u->maps, b, m);
    const float *unit = map_of(u, bias_spaces_rows(u->spaces, BIAS_UNIT), b, m);
    float *value = value_of(u, b, m);
    bias_curve(&image, map, u->curve + ((int64_t)b * n_methods(u) + m) * BIAS_BINS);
    value[BIAS_value_rank] = (float)bias_value_rank(&image, map, u->work);
    value[BIAS_dip] = (float)bias_dip(&image, map);
    value[BIAS_moved_symmetric] =
        (float)bias_moved(unit, map_of(u, bias_spaces_rows(u->spaces, BIAS_SYMMETRIC), b, m), n);
    value[BIAS_moved_own] = (float)bias_moved(unit, map, n);
    value[BIAS_seen] = (float)bias_density(map, region, n);
  }
}

/** x of the inverted image: 255 less each pixel. */
static void invert(struct bias_unit *u)
{
  const struct recipe *r = &u->bias->setup.recipe;
  const int64_t n = pixels(u) * u->bias->setup.unit;
  float *to = tape_input(u->tape);
  for (int c = 0; c < r->channels; c++) {
    for (int64_t i = c * n; i < (c + 1) * n; i++) {
      const double pixel = 255.0 - bias_pixel(r, c, u->x[i]);
      to[i] = (float)((pixel * r->scale - r->mean[c]) / r->std[c]);
    }
  }
}

/** E2. */
static void measure_inverted(struct bias_unit *u, int b)
{
  const int64_t n = pixels(u);
  const bool alike = u->inverted[b] == u->best[b];
  for (int m = 0; m < n_methods(u); m++) {
    const float *map = map_of(u, u->maps, b, m);
    const float *other = map_of(u, tape_rows(u->tape, 0), b, m);
    float *value = value_of(u, b, m);
    value[BIAS_inversion] = alike ? (float)bias_rank(map, other, n, false, u->work) : NAN;
    value[BIAS_inversion_absolute] = alike ? (float)bias_rank(map, other, n, true, u->work) : NAN;
  }
}

/** Mean of the rest of the image. */
static float rest_of(const float *x, const bool *region, int64_t n)
{
  double sum = 0.0;
  int64_t count = 0;
  for (int64_t u = 0; u < n; u++) {
    sum += region[u] ? 0.0 : (double)x[u];
    count += !region[u];
  }
  return count ? (float)(sum / (double)count) : 0.0F;
}

/** The region in the blind colour, 0, or in the mean colour of the rest. */
static void paint(struct bias_unit *u, bool blind)
{
  const struct setup *s = &u->bias->setup;
  const int64_t n = pixels(u);
  float *to = tape_input(u->tape);
  memcpy(to, u->x, (size_t)numbers(u) * sizeof *to);
  for (int c = 0; c < s->recipe.channels; c++) {
    for (int b = 0; b < s->unit; b++) {
      float *plane = to + ((int64_t)c * s->unit + b) * n;
      const bool *region = u->region + b * n;
      const float colour = blind ? 0.0F : rest_of(plane, region, n);
      for (int64_t i = 0; i < n; i++)
        if (region[i]) plane[i] = colour;
    }
  }
}

/** Nothing is known of samples without pixels or target. */
static void blank(struct bias_unit *u, int count)
{
  const int *classes = intake_classes(u->intake);
  const int64_t values = (int64_t)n_methods(u) * BIASES, curve = (int64_t)n_methods(u) * BIAS_BINS;
  for (int b = 0; b < count; b++) {
    if (classes[b] >= 0) continue;
    for (int64_t i = 0; i < values; i++) u->value[b * values + i] = NAN;
    for (int64_t i = 0; i < curve; i++) u->curve[b * curve + i] = NAN;
  }
}

/** Neither MPI nor HDF5. */
static void compute(struct bias_unit *u, const struct study_unit *unit, uint8_t *status)
{
  const int64_t rows = u->bias->setup.plan->rows_floats;
  memcpy(u->x, tape_input(u->tape), (size_t)numbers(u) * sizeof *u->x);
  tape_forward(u->tape);
  intake_describe(u->intake, unit, tape_logits(u->tape), status);
  judge(u, unit->count, u->best, VIEWS);
  bias_spaces_begin(u->spaces);
  go_back(u, unit->first);
  bias_spaces_end(u->spaces);
  memcpy(u->maps, tape_rows(u->tape, 0), (size_t)rows * sizeof *u->maps);
  for (int b = 0; b < unit->count; b++) measure_plain(u, b);
  invert(u);
  look(u, unit->count, u->inverted, INVERTED);
  go_back(u, unit->first);
  for (int b = 0; b < unit->count; b++) measure_inverted(u, b);
  paint(u, false);
  look(u, unit->count, NULL, OCCLUDED);
  paint(u, true);
  look(u, unit->count, NULL, PAINTED);
  go_back(u, unit->first);
  for (int b = 0; b < unit->count; b++) {
    for (int m = 0; m < n_methods(u); m++) {
      value_of(u, b, m)[BIAS_painted] = (float)bias_density(map_of(u, tape_rows(u->tape, 0), b, m),
                                                            u->region + b * pixels(u), pixels(u));
    }
  }
  blank(u, unit->count);
}

err bias_unit_compute(void *who, struct store *f, const struct study_unit *unit, uint8_t *status)
{
  struct bias_unit *u = who;
  const int64_t row = unit->first, n = unit->count;
  intake_take(u->intake, unit, tape_input(u->tape));
  comm_leave();
  compute(u, unit, status);
  comm_enter();
  if (!f) return ERR_OK;
  TRY(intake_write(u->intake, f, row, n));
  TRY(store_write(f, u->curve_var, row, n, u->curve));
  TRY(store_write(f, u->value_var, row, n, u->value));
  TRY(store_write(f, u->score_var, row, n, u->scores));
  TRY(store_write(f, u->inverted_var, row, n, u->inverted));
  return ERR_OK;
}

char *bias_unit_account(void *who)
{
  struct bias_unit *u = who;
  return intake_account(u->intake, u->tape);
}

void bias_unit_passes(const struct bias_unit *u, int64_t *forward, int64_t *backward)
{
  tape_passes(u->tape, forward, backward);
}
