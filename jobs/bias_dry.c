/** @file
 *  Figures of a study of input bias. */
#include "jobs/bias_dry.h"

#include "jobs/bias_unit.h"
#include "jobs/memory.h"
#include "pipeline/comm.h"
#include "pipeline/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static double mib(int64_t bytes)
{
  return (double)bytes / 1048576.0;
}

/** Seconds of one unit, with all its views. */
static err measure(const struct bias *b, struct bias_unit *u, double *seconds)
{
  const struct setup *s = &b->setup;
  const struct study_unit first = {.count = (int)(s->count < s->unit ? s->count : s->unit)};
  uint8_t *status = calloc((size_t)s->unit, 1);
  CHECK(status, ERR_MEMORY, "no memory for a unit");
  err e = bias_unit_begin(u, NULL, &first);
  const double began = progress_clock();
  if (!e && first.count) e = bias_unit_compute(u, NULL, &first, status);
  *seconds = progress_clock() - began;
  free(status);
  return e;
}

static void print(const struct bias *b, struct bias_unit *u, const struct store_schema *schema,
                  double seconds)
{
  const struct setup *s = &b->setup;
  const int64_t units = (s->count + s->unit - 1) / s->unit;
  const int64_t each = (units + comm_size() - 1) / comm_size();
  int64_t forward = 0, backward = 0;
  bias_unit_passes(u, &forward, &backward);
  (void)printf("samples %" PRId64 ", unit %d, units %" PRId64 ", methods %d\n", s->count, s->unit,
               units, s->n_methods);
  (void)printf("passes  forward %" PRId64 ", backward %" PRId64
               " (images as they are, inverted, and painted in two ways)\n",
               units * forward, units * backward);
  (void)printf("memory  %.1f MiB per rank: arena %.1f; weights %.1f once for the ranks of a node\n",
               mib(memory_now().peak), mib(s->plan->arena_bytes), mib(s->graph->weight_bytes));
  (void)printf("file    %.2f MiB\n", mib(store_bytes(schema)));
  (void)printf("time    %.3f s per unit, about %.0f s on %d rank%s (one unit measured, without "
               "writing and intervals)\n",
               seconds, seconds * (double)each, comm_size(), comm_size() > 1 ? "s" : "");
}

err bias_dry(const struct bias *b, const struct store_schema *schema)
{
  struct bias_unit *u = NULL;
  double seconds = 0.0;
  TRY(comm_agree(bias_unit_make(b, &u)));
  const err e = comm_agree(measure(b, u, &seconds));
  if (!e && comm_rank() == 0) print(b, u, schema, seconds);
  bias_unit_free(&u);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
