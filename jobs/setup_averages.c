/** @file
 *  What averages over copies of the input want. */
#include "jobs/setup.h"
#include "pipeline/comm.h"

#include <stdio.h>
#include <stdlib.h>

/** Every rank holds them: a few images, not a data set. */
enum { MOST_BASELINES = 1000 };

static err load(struct setup *s, struct dataset *d)
{
  const struct shape *x = &s->graph->values[s->graph->input].is.shape;
  const int64_t n = dataset_count(d), each = shape_count(x);
  CHECK(n <= MOST_BASELINES, ERR_USAGE, "--baseline has %lld images, more than %d", (long long)n,
        MOST_BASELINES);
  s->baselines = calloc((size_t)(n * each), sizeof *s->baselines);
  CHECK(s->baselines, ERR_MEMORY, "no memory for %lld baselines", (long long)n);
  for (int64_t i = 0; i < n; i++) {
    int size[2];
    CHECK(dataset_load(d, i, &s->recipe, shape_inner(x), s->baselines + i * each, size) ==
              SAMPLE_DONE,
          ERR_INPUT, "--baseline: %s", err_message());
  }
  s->n_baselines = (int)n;
  (void)snprintf(s->baseline_sha256, sizeof s->baseline_sha256, "%s", dataset_sha256(d));
  return ERR_OK;
}

static err read_baselines(struct setup *s, const char *path)
{
  struct dataset *d = NULL;
  struct recipe plain = s->recipe; /* baselines are images, not mosaics, and nothing is painted */
  plain.view.mosaic = plain.view.masks = NULL;
  plain.view.blind = false;
  TRY(dataset_open(path, &plain, 0, &d));
  const err e = load(s, d);
  dataset_close(&d);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err setup_averages(struct setup *s, const struct options *o)
{
  const char *path = options_text(o, "baseline");
  s->seed = (uint64_t)options_int(o, "seed");
  TRY(comm_agree(path ? read_baselines(s, path) : ERR_OK));
  return ERR_OK;
}
