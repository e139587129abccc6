/** @file
 *  Figures of a study of parameter randomisation. */
#include "jobs/sanity_dry.h"

#include "jobs/memory.h"
#include "jobs/sanity_unit.h"
#include "pipeline/comm.h"
#include "pipeline/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static double mib(int64_t bytes)
{
  return (double)bytes / 1048576.0;
}

/** Numbers that are learned, of a stage. */
static void print_stages(const struct sanity *s)
{
  const struct graph *g = s->setup.graph;
  (void)printf("%5s  %-40s %s\n", "index", "stage, from the logits back", "operator");
  for (int k = 0; k < s->n_chosen; k++) {
    const struct stage *at = &s->stages[s->chosen[k]];
    (void)printf("%5d  %-40s %s%s\n", at->tap, sanity_stage_name(s, k), g->nodes[at->node].op->name,
                 at->norm < 0 ? "" : " with BatchNormalization");
  }
}

/** Seconds of one unit. */
static err measure(const struct sanity *s, struct sanity_unit *u, double *seconds)
{
  const int count = (int)(s->setup.count < s->setup.unit ? s->setup.count : s->setup.unit);
  const struct study_unit first = {.count = count};
  uint8_t *status = calloc((size_t)s->setup.unit, 1);
  CHECK(status, ERR_MEMORY, "no memory for a unit");
  err e = sanity_unit_begin(u, NULL, &first);
  const double began = progress_clock();
  if (!e && count) e = sanity_unit_compute(u, NULL, &first, status);
  *seconds = progress_clock() - began;
  free(status);
  return e;
}

static void print_memory(const struct sanity *s)
{
  const struct plan *p = s->setup.plan;
  (void)printf(
      "memory  %.1f MiB per rank: arena %.1f, maps of a unit %.1f, maps of the trained network "
      "and values %.1f;\n        weights %.1f and fresh weights %.1f, transformed %.1f and "
      "%.1f, once for the %d rank%s of this node\n",
      mib(memory_now().peak), mib(p->arena_bytes), mib(p->rows_floats * 4),
      mib(sanity_unit_bytes(s)), mib(s->setup.graph->weight_bytes),
      mib(s->twin.graph->weight_bytes), mib(p->prepared_bytes), mib(s->twin.plan->prepared_bytes),
      shared_ranks(s->twin.weights), shared_ranks(s->twin.weights) > 1 ? "s" : "");
}

static void print_all(const struct sanity *s, const struct attribute_schema *a, double seconds)
{
  const struct plan *p = s->setup.plan;
  const int64_t units = (s->setup.count + s->setup.unit - 1) / s->setup.unit;
  const int64_t networks = 1 + (int64_t)s->n_orders * s->n_chosen;
  const int64_t each = (units + comm_size() - 1) / comm_size();
  print_stages(s);
  (void)printf("\nsamples %" PRId64 ", unit %d, units %" PRId64
               ", methods %d, layers %d, random networks %" PRId64 "\n",
               s->setup.count, s->setup.unit, units, s->setup.n_methods, p->n_taps, networks - 1);
  (void)printf(
      "passes  forward %" PRId64 " (%s), backward %" PRId64 "\n", units * networks * p->n_forward,
      sanity_reuses(s) ? "all but the first of a unit begin at the stage" : "each from the input",
      units * networks * p->n_backward);
  print_memory(s);
  (void)printf("file    %.2f MiB\n", mib(store_bytes(attribute_schema_of(a))));
  (void)printf(
      "time    %.3f s per unit, about %.0f s on %d rank%s (one unit measured, without writing "
      "and intervals)\n",
      seconds, seconds * (double)each, comm_size(), comm_size() > 1 ? "s" : "");
}

err sanity_dry(const struct sanity *s, const struct attribute_schema *a)
{
  struct sanity_unit *u = NULL;
  double seconds = 0.0;
  TRY(comm_agree(sanity_unit_make(s, a, &u)));
  const err e = comm_agree(measure(s, u, &seconds));
  if (!e && comm_rank() == 0) print_all(s, a, seconds);
  sanity_unit_free(&u);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
