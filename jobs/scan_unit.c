/** @file
 *  Rows of a scan. */
#include "jobs/scan_unit.h"

#include "core/neural_cleanse.h"
#include "core/neuron_inspect.h"
#include "core/scan_decide.h"
#include "io/dataset.h"
#include "pipeline/comm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Variables of /samples that a row fills. */
#define VARIABLES(E) \
  E(class_) E(part) E(gain) E(rate) E(clean_rate) E(window) E(baseline) E(converged)
enum {
#define E(name) VAR_##name,
  VARIABLES(E)
#undef E
      VARS
};

struct scan_unit {
  const struct scan_job *job;
  struct scan_lab *lab;
  struct scan_pool *pool, *clean; /* clean: NULL without clean images */
  struct scan_room *room;
  struct cleanse *cleanse;
  struct inspect *inspect;
  real *patch; /* [pixels] */
  int *slot;   /* [slots] */
  int var[VARS], map_var, blend_var, patch_var;
};

/** One row as the file has it. */
struct row {
  int32_t class_, part, window[SCAN_TESTS][3];
  double gain[SCAN_TESTS], rate[SCAN_TESTS], clean_rate[SCAN_TESTS], baseline;
  uint8_t converged;
};

void scan_unit_free(struct scan_unit **unit)
{
  struct scan_unit *u = *unit;
  if (!u) return;
  scan_room_free(&u->room);
  cleanse_free(&u->cleanse);
  inspect_free(&u->inspect);
  scan_pool_free(&u->clean);
  scan_pool_free(&u->pool);
  scan_lab_free(&u->lab);
  free(u->patch);
  free(u->slot);
  free(u);
  *unit = NULL;
}

/** Clean images as a pool: each belongs to the class that the model sees in it. */
static err take_clean(struct scan_unit *u)
{
  const struct scan_job *j = u->job;
  struct scan_lab *l = u->lab;
  TRY(scan_pool_make(l, j->n_clean, &u->clean));
  u->clean->least = -(double)INFINITY;
  memcpy(u->clean->images, j->clean, (size_t)j->n_clean * (size_t)l->pixels * sizeof(real));
  scan_pool_look(l, 0, j->n_clean, u->clean);
  for (int i = 0; i < j->n_clean; i++) {
    u->clean->classes[i] =
        class_largest(u->clean->logits + (int64_t)i * l->classes, l->classes, -1);
  }
  return ERR_OK;
}

/** Images that the baselines work on: the clean ones, or the pool. */
static const struct scan_pool *baseline_images(const struct scan_unit *u)
{
  return u->clean ? u->clean : u->pool;
}

static err fill(struct scan_unit *u)
{
  const struct scan_job *j = u->job;
  TRY(scan_lab_make(j->setup->plan, &j->scale, &u->lab));
  TRY(scan_pool_make(u->lab, j->pool.n, &u->pool));
  u->pool->least = j->pool.margin;
  if (j->n_clean) TRY(take_clean(u));
  const int images = j->pool.n > j->n_clean ? j->pool.n : j->n_clean;
  const int windows = j->fine.patch.windows > j->coarse.patch.windows ? j->fine.patch.windows
                                                                      : j->coarse.patch.windows;
  TRY(scan_room_make(u->lab, images, windows, &u->room));
  if (j->scores[SCAN_CLEANSE]) TRY(cleanse_make(u->lab, &u->cleanse));
  if (j->scores[SCAN_INSPECT]) TRY(inspect_make(u->lab, images, &u->inspect));
  u->patch = calloc((size_t)u->lab->pixels, sizeof *u->patch);
  u->slot = malloc((size_t)j->slots * sizeof *u->slot);
  CHECK(u->patch && u->slot, ERR_MEMORY, "no memory for a scan");
  for (int s = 0; s < j->slots; s++) u->slot[s] = -1;
  return ERR_OK;
}

/** Each rank makes its part of the pool, then all have all of it: an image has the same bits in any batch. */
static void fill_pool(struct scan_unit *u)
{
  struct scan_pool *p = u->pool;
  const size_t pixels = (size_t)u->lab->pixels, classes = (size_t)u->lab->classes;
  const int ranks = comm_size(), rank = comm_rank();
  int first = 0;
  for (int r = 0; r < ranks; r++) {
    const int end = first + p->n / ranks + (r < p->n % ranks);
    if (r == rank) scan_pool_fill(&u->job->pool, u->lab, first, end, p);
    first = end;
  }
  first = 0;
  for (int r = 0; r < ranks; r++) {
    const int end = first + p->n / ranks + (r < p->n % ranks);
    const size_t n = (size_t)(end - first), at = (size_t)first;
    comm_share_from(r, p->images + at * pixels, (int64_t)(n * pixels * sizeof(real)));
    comm_share_from(r, p->logits + at * classes, (int64_t)(n * classes * sizeof(real)));
    comm_share_from(r, p->margins + at, (int64_t)(n * sizeof(double)));
    first = end;
  }
}

err scan_unit_make(const struct scan_job *j, struct scan_unit **out)
{
  struct scan_unit *u = calloc(1, sizeof *u);
  err e = u ? ERR_OK : FAIL(ERR_MEMORY, "no memory for a scan");
  if (!e) {
    u->job = j;
    e = fill(u);
  }
  e = comm_agree(e);
  if (e || !u) {
    scan_unit_free(&u);
    return err_trace(e, __FILE__, __LINE__);
  }
  fill_pool(u);
  *out = u;
  return ERR_OK;
}

const struct scan_pool *scan_unit_pool(const struct scan_unit *u)
{
  return u->pool;
}

/** How many classes have a larger gain by the test, -1 where the class has none. */
static int place_of(const double *gain, int classes, int test, int c)
{
  int above = 0;
  const double mine = gain[c * SCAN_TESTS + test];
  if (isnan(mine)) return -1;
  for (int k = 0; k < classes; k++) {
    const double other = gain[k * SCAN_TESTS + test];
    above += other > mine || (other == mine && k < c);
  }
  return above;
}

/** The class at a place of a test; -1 where there is none. */
static int class_at(const double *gain, int classes, int test, int place)
{
  for (int c = 0; c < classes; c++)
    if (place_of(gain, classes, test, c) == place) return c;
  return -1;
}

static bool is_among(const int *list, int n, int c)
{
  for (int k = 0; k < n; k++)
    if (list[k] == c) return true;
  return false;
}

/** Fill the slots round by round: of each test the best class, then the second best, ... */
static void choose(struct scan_unit *u, const double *gain)
{
  const int classes = u->job->classes;
  int n = 0;
  for (int place = 0; place < classes && n < u->job->slots; place++) {
    for (int t = SCAN_TESTS - 1; t >= 0 && n < u->job->slots; t--) {
      const int c = class_at(gain, classes, t, place);
      if (c >= 0 && !is_among(u->slot, n, c)) u->slot[n++] = c;
    }
  }
}

err scan_unit_choose(struct scan_unit *u, const char *path)
{
  struct store *f = NULL;
  int var = 0;
  err e = ERR_OK;
  double *gain = malloc((size_t)u->job->classes * SCAN_TESTS * sizeof *gain);
  CHECK(gain, ERR_MEMORY, "no memory for the gains of %d classes", u->job->classes);
  TRY_DONE(store_open_read(path, &f));
  TRY_DONE(store_find(f, "samples/gain", &var));
  TRY_DONE(store_read(f, var, scan_first(u->job, SCAN_COARSE), u->job->classes, gain));
  choose(u, gain);
done:
  store_close(&f);
  free(gain);
  return e;
}

err scan_unit_begin(void *who, struct store *f, const struct study_unit *first)
{
  static const char *const names[VARS] = {
      "samples/class",      "samples/part",   "samples/gain",     "samples/rate",
      "samples/clean_rate", "samples/window", "samples/baseline", "samples/converged"};
  struct scan_unit *u = who;
  (void)first;
  for (int v = 0; v < VARS; v++) TRY(store_find(f, names[v], &u->var[v]));
  if (!u->job->scores[SCAN_FINE]) return ERR_OK;
  TRY(store_find(f, "signature/map", &u->map_var));
  TRY(store_find(f, "signature/blend", &u->blend_var));
  return store_find(f, "signature/patch", &u->patch_var);
}

static void clear(struct row *r)
{
  memset(r, 0, sizeof *r);
  r->class_ = -1;
  r->baseline = (double)NAN;
  for (int t = 0; t < SCAN_TESTS; t++) {
    r->gain[t] = r->rate[t] = r->clean_rate[t] = (double)NAN;
    for (int k = 0; k < 3; k++) r->window[t][k] = -1;
  }
}

static void measure(struct scan_unit *u, const struct scan_class_settings *s, bool fine,
                    struct row *r)
{
  const struct scan_part part = {fine ? r->part % SCAN_NOISES : -1,
                                 fine ? r->part / SCAN_NOISES : 0, u->job->replicates};
  struct scan_scores scores;
  scan_class(s, u->lab, u->pool, u->clean, r->class_, part, u->room, &scores);
  r->converged = 1;
  for (int t = 0; t < SCAN_TESTS; t++) {
    r->gain[t] = scores.gain[t];
    r->rate[t] = scores.rate[t];
    r->clean_rate[t] = scores.clean_rate[t];
    for (int k = 0; k < 3; k++) r->window[t][k] = scores.window[t][k];
    if (s->tests[t] && !isfinite(r->gain[t])) r->converged = 0;
  }
}

static void baseline(struct scan_unit *u, enum scan_kind kind, struct row *r)
{
  const struct scan_pool *x = baseline_images(u);
  const struct cleanse_settings s = {u->job->cleanse.steps, u->job->cleanse.batches,
                                     u->job->cleanse.batch, u->job->pool.seed};
  struct cleanse_result c;
  if (kind == SCAN_INSPECT) {
    r->baseline = inspect_run(u->inspect, u->lab, x->images, x->n, r->class_);
    r->converged = isfinite(r->baseline) != 0;
    return;
  }
  cleanse_run(u->cleanse, &s, u->lab, x->images, x->n, r->class_, &c);
  r->baseline = c.norm;
  r->rate[SCAN_BLEND] = c.rate;
  r->converged = c.reached;
}

static void compute(struct scan_unit *u, struct scan_row at, struct row *r)
{
  clear(r);
  r->class_ = at.kind == SCAN_FINE ? u->slot[at.item] : at.item;
  r->part = at.part;
  if (at.kind == SCAN_COARSE) {
    measure(u, &u->job->coarse, false, r);
  } else if (at.kind == SCAN_FINE) {
    if (r->class_ >= 0) measure(u, &u->job->fine, true, r);
  } else {
    baseline(u, at.kind, r);
  }
}

static err write_row(const struct scan_unit *u, struct store *f, int64_t at, const struct row *r)
{
  const void *const from[VARS] = {&r->class_,    &r->part,  r->gain,      r->rate,
                                  r->clean_rate, r->window, &r->baseline, &r->converged};
  for (int v = 0; v < VARS; v++) TRY(store_write(f, u->var[v], at, 1, from[v]));
  return ERR_OK;
}

err scan_unit_compute(void *who, struct store *f, const struct study_unit *unit, uint8_t *status)
{
  struct scan_unit *u = who;
  for (int i = 0; i < unit->count; i++) {
    const struct scan_row at = scan_row_of(u->job, unit->first + i);
    struct row row;
    comm_leave();
    compute(u, at, &row);
    if (at.kind == SCAN_FINE) scan_room_patch(u->room, u->lab, SCAN_PATCH, u->patch);
    comm_enter();
    TRY(write_row(u, f, unit->first + i, &row));
    if (at.kind == SCAN_FINE) {
      const int64_t fine = unit->first + i - scan_first(u->job, SCAN_FINE);
      TRY(store_write(f, u->map_var, fine, 1, scan_room_map(u->room)));
      TRY(store_write(f, u->blend_var, fine, 1, scan_room_blend(u->room)));
      TRY(store_write(f, u->patch_var, fine, 1, u->patch));
    }
    status[i] = SAMPLE_DONE;
  }
  return ERR_OK;
}

char *scan_unit_account(void *who)
{
  const struct scan_unit *u = who;
  int64_t forward = 0, backward = 0;
  char *text = NULL;
  class_engine_passes(u->lab->engine, &forward, &backward);
  if (asprintf(&text, "{\"images_forward\":%lld,\"images_backward\":%lld}", (long long)forward,
               (long long)backward) < 0)
    return NULL;
  return text;
}
