/** @file
 *  Computing a map, iteration by iteration. */
#include "jobs/classmap_unit.h"

#include "io/dataset.h"
#include "jobs/classmap_measure.h"
#include "jobs/classmap_net.h"
#include "jobs/classmap_old.h"
#include "jobs/classmap_rows.h"
#include "jobs/classmap_summary.h"
#include "pipeline/comm.h"
#include "pipeline/progress.h"

#include <jansson.h>
#include <stdlib.h>

struct classmap_unit {
  const struct classmap *c;
  struct classmap_old *old;
  struct classmap_net net;
  struct classmap_rows rows;
  struct classmap_measure measure;
  int64_t forward, backward; /* images, of networks that are gone */
};

void classmap_unit_free(struct classmap_unit **unit)
{
  struct classmap_unit *u = *unit;
  if (!u) return;
  classmap_old_close(&u->old);
  classmap_net_free(&u->net);
  classmap_rows_free(&u->rows);
  classmap_measure_free(&u->measure);
  free(u);
  *unit = NULL;
}

err classmap_unit_make(const struct classmap *c, const char *old, struct classmap_unit **out)
{
  struct classmap_unit *u = calloc(1, sizeof *u);
  CHECK(u, ERR_MEMORY, "no memory for a map");
  u->c = c;
  err e = classmap_rows_make(c, &u->rows);
  if (!e) e = classmap_measure_make(c, &u->rows, &u->measure);
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
  return classmap_rows_find(&u->rows, s);
}

static err take_net(struct classmap_unit *u, int stages)
{
  int64_t forward = 0, backward = 0;
  if (u->net.engine && u->net.stages != stages) {
    class_engine_passes(u->net.engine, &forward, &backward);
    u->forward += forward;
    u->backward += backward;
  }
  TRY(classmap_net_make(u->c, stages, &u->net));
  u->measure.map = u->net.map;
  return ERR_OK;
}

/** Where to begin: this file's last committed iteration, or where an earlier study ended. */
static err read_start(struct classmap_unit *u, struct store *s, int64_t row, int64_t *iteration)
{
  struct store *old = NULL;
  classmap_rows_clear(&u->rows);
  TRY(classmap_rows_read(&u->rows, s, row, iteration));
  const int64_t there = *iteration ? -1 : classmap_old_row(u->old, u->c, row, &old);
  if (there >= 0) {
    TRY(classmap_rows_read(&u->rows, old, there, iteration));
    u->rows.next = 0;
  }
  return ERR_OK;
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
    if (stop || progress_clock() - u->rows.committed >= every)
      *failed = classmap_rows_commit(&u->rows, s, unit->first, u->net.map);
    word = *failed ? FAILED : stop ? STOP : GO_ON;
  }
  team_share(unit->team, &word, sizeof word);
  return (enum word)word;
}

/** The iterations of a map; *word STOP where it was left in the midst. */
static err iterate(struct classmap_unit *u, struct store *s, const struct study_unit *unit,
                   const struct class_team *team, enum word *word)
{
  const int class = classmap_class_of(u->c, unit->first);
  err failed = ERR_OK;
  *word = GO_ON;
  u->rows.committed = progress_clock();
  if (!class_map_iteration(u->net.map)) classmap_measure_step(&u->measure, team, class);
  while (*word == GO_ON && class_map_iteration(u->net.map) < u->c->iterations) {
    if (team->size == 1) comm_leave();
    class_map_iterate(u->net.map, team);
    classmap_measure_step(&u->measure, team, class);
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
  if (iteration)
    team_share(unit->team, u->rows.state, u->rows.slots.floats * (int64_t)sizeof *u->rows.state);
  class_map_begin(u->net.map, &v->images, class, class, iteration,
                  iteration ? u->rows.state : NULL);
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
  classmap_measure_end(&u->measure, &team, classmap_class_of(u->c, unit->first));
  if (team.size == 1) comm_enter();
  if (!team.rank) TRY(classmap_rows_write(&u->rows, s, unit->first, u->net.map));
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
