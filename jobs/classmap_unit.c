/** @file
 *  Computing a map, iteration by iteration, and writing its rows. */
#include "jobs/classmap_unit.h"

#include "io/dataset.h"
#include "jobs/classmap_net.h"
#include "jobs/classmap_old.h"
#include "jobs/classmap_slots.h"
#include "jobs/classmap_summary.h"
#include "pipeline/comm.h"
#include "pipeline/progress.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Variables with a row for each map that are written at its end. */
enum {
  GAIN,
  BASE_LOGIT,
  BASE_RATE,
  LOGIT,
  RATE,
  REFINED_LOGIT,
  REFINED_RATE,
  HALVES,
  MAP,
  REFINED,
  ITERATE,
  STEP_LOGIT,
  STEP_RATE,
  ALWAYS, /* the others are there with images alone */
  IMAGE_RATE = ALWAYS,
  REFINED_IMAGE_RATE,
  VARIABLES
};
static const char *const paths[VARIABLES] = {
    "samples/gain",         "samples/base_logit",    "samples/base_rate",
    "samples/logit",        "samples/rate",          "samples/refined_logit",
    "samples/refined_rate", "samples/halves_cosine", "maps/map",
    "maps/refined",         "maps/iterate",          "maps/step_logit",
    "maps/step_rate",       "samples/image_rate",    "samples/refined_image_rate"};

struct classmap_unit {
  const struct classmap *c;
  struct classmap_old *old;
  struct classmap_net net;
  struct classmap_slots slots;
  int var[VARIABLES];
  real *row[VARIABLES]; /* of the map at hand */
  real *state;          /* [floats of a slot] */
  real *logits, *base;  /* [most images looked at][classes] */
  int next;             /* slot */
  double committed;
  int64_t forward, backward; /* images, of networks that are gone */
};

void classmap_unit_free(struct classmap_unit **unit)
{
  struct classmap_unit *u = *unit;
  if (!u) return;
  classmap_old_close(&u->old);
  classmap_net_free(&u->net);
  for (int k = 0; k < VARIABLES; k++) free(u->row[k]);
  free(u->state);
  free(u->logits);
  free(u->base);
  free(u);
  *unit = NULL;
}

/** Numbers of a row of each variable. */
static int64_t row_count(const struct classmap *c, int k)
{
  const int64_t count[VARIABLES] = {[GAIN] = c->setup->graph->classes,
                                    [BASE_LOGIT] = 1,
                                    [BASE_RATE] = 1,
                                    [LOGIT] = CLASSMAP_FACTORS,
                                    [RATE] = CLASSMAP_FACTORS,
                                    [REFINED_LOGIT] = CLASSMAP_FACTORS,
                                    [REFINED_RATE] = CLASSMAP_FACTORS,
                                    [HALVES] = 1,
                                    [MAP] = c->pixels,
                                    [REFINED] = c->pixels,
                                    [ITERATE] = c->n_steps * c->pixels,
                                    [STEP_LOGIT] = c->n_steps,
                                    [STEP_RATE] = c->n_steps,
                                    [IMAGE_RATE] = CLASSMAP_FACTORS,
                                    [REFINED_IMAGE_RATE] = CLASSMAP_FACTORS};
  return count[k];
}

static int variables(const struct classmap *c)
{
  return c->images ? VARIABLES : ALWAYS;
}

static err allocate(struct classmap_unit *u)
{
  const struct classmap *c = u->c;
  const int64_t looked = c->n_images > c->held_out ? c->n_images : c->held_out;
  const size_t logits = (size_t)looked * (size_t)c->setup->graph->classes;
  bool all = true;
  for (int k = 0; k < variables(c); k++) {
    u->row[k] = calloc((size_t)row_count(c, k), sizeof *u->row[k]);
    all = all && u->row[k];
  }
  u->state = calloc((size_t)class_map_planes(&c->set) * (size_t)c->pixels, sizeof *u->state);
  u->logits = calloc(logits, sizeof *u->logits);
  u->base = calloc(logits, sizeof *u->base);
  CHECK(all && u->state && u->logits && u->base, ERR_MEMORY,
        "no memory for a map of %lld numbers and %d kept steps", (long long)c->pixels, c->n_steps);
  return ERR_OK;
}

err classmap_unit_make(const struct classmap *c, const char *old, struct classmap_unit **out)
{
  struct classmap_unit *u = calloc(1, sizeof *u);
  CHECK(u, ERR_MEMORY, "no memory for a map");
  u->c = c;
  err e = allocate(u);
  if (!e && old) e = classmap_old_open(old, c, &u->old);
  if (!e) e = classmap_net_make(c, 0, &u->net);
  if (e) {
    classmap_unit_free(&u);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = u;
  return ERR_OK;
}

err classmap_unit_begin(void *who, struct store *s, const struct study_unit *first)
{
  struct classmap_unit *u = who;
  (void)first;
  for (int k = 0; k < variables(u->c); k++) TRY(store_find(s, paths[k], &u->var[k]));
  TRY(classmap_slots_find(s, &u->slots));
  return ERR_OK;
}

static err take_net(struct classmap_unit *u, int stages)
{
  int64_t forward = 0, backward = 0;
  if (u->net.engine && u->net.stages != stages) {
    class_engine_passes(u->net.engine, &forward, &backward);
    u->forward += forward;
    u->backward += backward;
  }
  return classmap_net_make(u->c, stages, &u->net);
}

/** What a file holds of a map that was begun: state, curves and iterates. */
static err read_begun(struct classmap_unit *u, struct store *s, int64_t row, int64_t *iteration)
{
  static const int curves[] = {ITERATE, STEP_LOGIT, STEP_RATE};
  struct classmap_slots slots;
  TRY(classmap_slots_find(s, &slots));
  TRY(classmap_slots_read(s, &slots, row, u->state, iteration, &u->next));
  for (int k = 0; *iteration && k < 3; k++) {
    int var = 0, n_dims = 0;
    int64_t first[STORE_MAX_DIMS] = {row}, count[STORE_MAX_DIMS];
    TRY(store_find(s, paths[curves[k]], &var));
    store_extent(s, var, &n_dims, count);
    count[0] = 1;
    if (count[1] > u->c->n_steps) count[1] = u->c->n_steps;
    TRY(store_read_box(s, var, first, count, u->row[curves[k]]));
  }
  return ERR_OK;
}

/** Where to begin: this file's last committed iteration, or where an earlier study ended. */
static err read_start(struct classmap_unit *u, struct store *s, int64_t row, int64_t *iteration)
{
  struct store *old = NULL;
  for (int k = 0; k < variables(u->c); k++)
    memset(u->row[k], 0, (size_t)row_count(u->c, k) * sizeof *u->row[k]);
  TRY(read_begun(u, s, row, iteration));
  const int64_t there = *iteration ? -1 : classmap_old_row(u->old, u->c, row, &old);
  if (there >= 0) {
    TRY(read_begun(u, old, there, iteration));
    u->next = 0;
  }
  return ERR_OK;
}

/** The state and what was measured so far, durable. */
static err commit(struct classmap_unit *u, struct store *s, int64_t row)
{
  TRY(store_write(s, u->var[ITERATE], row, 1, u->row[ITERATE]));
  TRY(store_write(s, u->var[STEP_LOGIT], row, 1, u->row[STEP_LOGIT]));
  TRY(store_write(s, u->var[STEP_RATE], row, 1, u->row[STEP_RATE]));
  TRY(classmap_slots_write(s, &u->slots, row, u->next, class_map_state(u->net.map),
                           class_map_iteration(u->net.map)));
  u->next = 1 - u->next;
  u->committed = progress_clock();
  return ERR_OK;
}

/** Mean logit of a class over n images, and the share of them that the model gives it. */
static void measure(const struct classmap_unit *u, int n, int class, real *logit, real *rate)
{
  const int classes = u->c->setup->graph->classes;
  double sum = 0.0;
  int hits = 0;
  for (int i = 0; i < n; i++) {
    const real *l = u->logits + (int64_t)i * classes;
    sum += (double)l[class];
    hits += class_largest(l, classes, -1) == class;
  }
  if (logit) *logit = (real)(sum / n);
  *rate = (real)((double)hits / n);
}

/** Logits of the held-out samples with a map added; the same samples for every class and variant. */
static void look(struct classmap_unit *u, const struct class_team *team, const real *map,
                 double factor)
{
  const struct class_look held_out = {.images = &u->c->variants[0].images,
                                      .first = class_map_held_out,
                                      .n = u->c->held_out,
                                      .map = map,
                                      .factor = factor};
  class_map_look(u->net.map, &held_out, team, u->logits);
}

/** Keep the map where it is due. */
static void keep(struct classmap_unit *u, const struct class_team *team, int class)
{
  const struct classmap *c = u->c;
  const int64_t t = class_map_iteration(u->net.map);
  const real *p = class_map_state(u->net.map);
  if (t % c->every) return;
  const int64_t k = t / c->every;
  memcpy(u->row[ITERATE] + k * c->pixels, p, (size_t)c->pixels * sizeof *p);
  look(u, team, p, 1.0);
  measure(u, c->held_out, class, &u->row[STEP_LOGIT][k], &u->row[STEP_RATE][k]);
}

enum word { GO_ON, STOP, FAILED };

/** After an iteration: commit when it is time; whether to go on, as the team's rank 0 says. */
static enum word after(struct classmap_unit *u, struct store *s, const struct study_unit *unit,
                       err *failed)
{
  int64_t word = GO_ON;
  if (!unit->team->rank) {
    const bool stop = comm_signal() || comm_stop_asked();
    const double every = options_real(u->c->options, "commit-every");
    if (stop || progress_clock() - u->committed >= every) *failed = commit(u, s, unit->first);
    word = *failed ? FAILED : stop ? STOP : GO_ON;
  }
  team_share(unit->team, &word, sizeof word);
  return (enum word)word;
}

/** Logits and rates with multiples of a map. */
static void measure_factors(struct classmap_unit *u, const struct class_team *team, int class,
                            const real *map, int logit, int rate, int image_rate)
{
  const struct classmap *c = u->c;
  const struct class_images given = {.given = c->images, .n_given = c->n_images};
  for (int k = 0; k < CLASSMAP_FACTORS; k++) {
    look(u, team, map, classmap_factors[k]);
    measure(u, c->held_out, class, &u->row[logit][k], &u->row[rate][k]);
    if (!c->images) continue;
    const struct class_look all = {.images = &given,
                                   .numbered = CLASS_MAP_IN_ORDER,
                                   .n = (int)c->n_images,
                                   .map = map,
                                   .factor = classmap_factors[k]};
    class_map_look(u->net.map, &all, team, u->logits);
    measure(u, (int)c->n_images, class, NULL, &u->row[image_rate][k]);
  }
}

/** Mean gain of every logit. */
static void measure_gain(struct classmap_unit *u, const struct class_team *team, int class)
{
  const struct classmap *c = u->c;
  const int classes = c->setup->graph->classes;
  look(u, team, NULL, 0.0);
  measure(u, c->held_out, class, u->row[BASE_LOGIT], u->row[BASE_RATE]);
  memcpy(u->base, u->logits, (size_t)c->held_out * (size_t)classes * sizeof *u->base);
  look(u, team, class_map_state(u->net.map), 1.0);
  for (int k = 0; k < classes; k++) {
    double sum = 0.0;
    for (int i = 0; i < c->held_out; i++) {
      const int64_t at = (int64_t)i * classes + k;
      sum += (double)u->logits[at] - (double)u->base[at];
    }
    u->row[GAIN][k] = (real)(sum / c->held_out);
  }
}

/** Everything about a map that is done. */
static void describe(struct classmap_unit *u, const struct class_team *team, int class)
{
  const struct classmap *c = u->c;
  const real *state = class_map_state(u->net.map);
  memcpy(u->row[MAP], state, (size_t)c->pixels * sizeof *state);
  class_map_refine(u->net.map, u->row[REFINED]);
  u->row[HALVES][0] = (real)classmap_cosine(state + CLASS_MAP_EVEN * c->pixels,
                                            state + CLASS_MAP_ODD * c->pixels, c->pixels);
  measure_gain(u, team, class);
  measure_factors(u, team, class, state, LOGIT, RATE, IMAGE_RATE);
  measure_factors(u, team, class, u->row[REFINED], REFINED_LOGIT, REFINED_RATE, REFINED_IMAGE_RATE);
}

/** The final state in both slots, then all rows. */
static err write_rows(struct classmap_unit *u, struct store *s, int64_t row)
{
  TRY(commit(u, s, row));
  TRY(commit(u, s, row));
  for (int k = 0; k < variables(u->c); k++) TRY(store_write(s, u->var[k], row, 1, u->row[k]));
  return ERR_OK;
}

/** The iterations of a map; *word STOP where it was left in the midst. */
static err iterate(struct classmap_unit *u, struct store *s, const struct study_unit *unit,
                   const struct class_team *team, enum word *word)
{
  const int class = classmap_class_of(u->c, unit->first);
  err failed = ERR_OK;
  *word = GO_ON;
  u->committed = progress_clock();
  if (!class_map_iteration(u->net.map)) keep(u, team, class);
  while (*word == GO_ON && class_map_iteration(u->net.map) < u->c->iterations) {
    if (team->size == 1) comm_leave();
    class_map_iterate(u->net.map, team);
    keep(u, team, class);
    if (team->size == 1) comm_enter();
    *word = after(u, s, unit, &failed);
  }
  if (failed) return failed;
  CHECK(*word != FAILED, ERR_PEER, "a peer rank failed; see its own report");
  return ERR_OK;
}

/** Everybody of the team begins from the same state. */
static err begin_map(struct classmap_unit *u, struct store *s, const struct study_unit *unit)
{
  const struct classmap_variant *v = classmap_variant_of(u->c, unit->first);
  const int class = classmap_class_of(u->c, unit->first);
  int64_t iteration = 0;
  TRY(team_agree(unit->team, take_net(u, v->stages)));
  TRY(team_agree(unit->team,
                 unit->team->rank ? ERR_OK : read_start(u, s, unit->first, &iteration)));
  team_share(unit->team, &iteration, sizeof iteration);
  if (iteration) team_share(unit->team, u->state, u->slots.floats * (int64_t)sizeof *u->state);
  class_map_begin(u->net.map, &v->images, class, class, iteration, iteration ? u->state : NULL);
  return ERR_OK;
}

err classmap_unit_compute(void *who, struct store *s, const struct study_unit *unit,
                          uint8_t *status)
{
  struct classmap_unit *u = who;
  enum word word = GO_ON;
  const struct class_team team = {.size = unit->team->size,
                                  .rank = unit->team->rank,
                                  .gather = team_gather,
                                  .who = (void *)unit->team};
  TRY(begin_map(u, s, unit));
  TRY(iterate(u, s, unit, &team, &word));
  if (word == STOP) return ERR_OK;
  if (team.size == 1) comm_leave();
  describe(u, &team, classmap_class_of(u->c, unit->first));
  if (team.size == 1) comm_enter();
  if (!team.rank) TRY(write_rows(u, s, unit->first));
  status[0] = SAMPLE_DONE;
  return ERR_OK;
}

err classmap_unit_finish(void *who, struct store *s)
{
  const struct classmap_unit *u = who;
  return comm_rank() ? ERR_OK : classmap_summary_write(u->c, s);
}

char *classmap_unit_account(void *who)
{
  struct classmap_unit *u = who;
  int64_t forward = 0, backward = 0;
  if (u->net.engine) class_engine_passes(u->net.engine, &forward, &backward);
  const json_int_t all[] = {u->forward + forward, u->backward + backward};
  json_t *o = json_pack("{s:I, s:I}", "images_forward", all[0], "images_backward", all[1]);
  char *text = json_dumps(o, JSON_COMPACT);
  json_decref(o);
  return text;
}
