/** @file
 *  The plan in figures. */
#include "jobs/classmap_dry.h"

#include "jobs/classmap_net.h"
#include "jobs/memory.h"
#include "pipeline/comm.h"
#include "pipeline/progress.h"
#include "pipeline/team.h"

#include <inttypes.h>
#include <stdio.h>

enum { HOUR = 3600 }; /* seconds */

static double mib(int64_t bytes)
{
  return (double)bytes / 1048576.0;
}

/** Seconds of an image forward and back, with drawing and adding up: the second of two blocks. */
static double measure(const struct classmap *c, struct classmap_net *n)
{
  struct class_map_settings one = c->set;
  struct class_map *m = NULL;
  double began = 0.0;
  const struct class_team alone = {.size = 1};
  one.samples = 2 * class_engine_batch(n->engine);
  if (class_map_make(n->engine, &c->scale, c->height, c->width, &one, &m)) return 0.0;
  class_map_begin(m, &c->variants[0].images, 0, c->classes[0], 0, NULL);
  for (int k = 0; k < 2; k++) {
    began = progress_clock();
    class_map_iterate(m, &alone);
  }
  class_map_free(&m);
  return (progress_clock() - began) / one.samples / one.inner;
}

static void print_plan(const struct classmap *c, const struct draft *s, double seconds)
{
  const int64_t maps = classmap_rows(c);
  const int64_t back = maps * c->iterations * c->set.samples * c->set.inner;
  const int64_t looks = c->n_steps + 2 + INT64_C(2) * CLASSMAP_FACTORS;
  const int64_t forward =
      back + maps * (looks * c->held_out + INT64_C(2) * CLASSMAP_FACTORS * c->n_images);
  const int team = team_ranks(maps, comm_size(), class_map_blocks(&c->set));
  const double all = seconds * ((double)back + 0.4 * (double)(forward - back));
  const bool long_run = all > 2.0 * HOUR;
  const double unit = long_run ? HOUR : 1.0; /* of time */
  (void)printf("maps     %" PRId64 ": %d classes in %d variants:", maps, c->n_classes,
               c->n_variants);
  for (int v = 0; v < c->n_variants; v++) (void)printf("%s %s", v ? "," : "", c->variants[v].name);
  (void)printf("\npasses   %" PRId64 " images forward, %" PRId64 " back\n", forward, back);
  (void)printf("memory   %.1f MiB per rank, of it arena %.1f, weights %.1f, transformed %.1f; a "
               "randomised network doubles these\n",
               mib(memory_now().peak), mib(c->setup->plan->arena_bytes),
               mib(c->setup->graph->weight_bytes), mib(c->setup->plan->prepared_bytes));
  (void)printf("file     %.1f MiB\n", mib(store_bytes(&s->schema)));
  (void)printf("time     about %.*f %s on one rank, %.*f on %d: %.2f ms an image forward and back, "
               "measured\n",
               long_run, all / unit, long_run ? "hours" : "s", long_run, all / comm_size() / unit,
               comm_size(), 1e3 * seconds);
  (void)printf("ranks    up to %" PRId64 " are of use; %d would share a map here\n",
               maps * class_map_blocks(&c->set), team);
}

err classmap_dry(const struct classmap *c, const struct draft *s)
{
  struct classmap_net net = {0};
  TRY(comm_agree(classmap_net_make(c, 0, &net)));
  const double seconds = measure(c, &net);
  if (!comm_rank()) print_plan(c, s, seconds);
  classmap_net_free(&net);
  return ERR_OK;
}
