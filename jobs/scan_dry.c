/** @file
 *  What a scan would take. */
#include "jobs/scan_dry.h"

#include "jobs/scan_schema.h"
#include "pipeline/comm.h"
#include "pipeline/progress.h"

#include <stdio.h>

/** Images that go forward and back for one class. */
static double images_of(const struct scan_class_settings *s)
{
  const struct scan_patch_settings *p = &s->patch;
  const int early = p->early < p->steps ? p->early : p->steps;
  double n = (double)s->locate.steps * s->locate.samples;
  if (s->tests[SCAN_BLEND]) n += (double)s->blend.steps * s->blend.samples;
  for (int t = SCAN_PATCH; t < SCAN_TESTS; t++) {
    if (s->tests[t])
      n += (double)p->backgrounds * (p->windows * early + p->kept * (p->steps - early));
  }
  return n;
}

/** Seconds of one image, forward and back, measured on this rank. */
static err seconds_of_image(const struct scan_job *j, double *seconds)
{
  struct scan_lab *l = NULL;
  TRY(scan_lab_make(j->setup->plan, &j->scale, &l));
  (void)scan_descend(l, l->batch, 0, NULL);
  const double began = progress_clock();
  int n = 0;
  do {
    (void)scan_descend(l, l->batch, 0, NULL);
    n += l->batch;
  } while (progress_clock() - began < 0.5);
  *seconds = (progress_clock() - began) / n;
  scan_lab_free(&l);
  return ERR_OK;
}

static void line(const char *what, int64_t rows, double images, double each)
{
  printf("  %-16s %8lld rows %14.0f images %10.0f s on one core\n", what, (long long)rows, images,
         images * each);
}

static void print(const struct scan_job *j, const struct options *o, double each, int64_t bytes)
{
  const int64_t k = j->classes;
  double total = (double)j->pool.n * j->pool.steps, n = total;
  (void)o;
  printf("scan of %s: %d classes, one image forward and back %.2f ms\n", j->setup->model_path,
         j->classes, 1e3 * each);
  line("pool", 0, n, each);
  if (j->scores[SCAN_COARSE]) {
    line("coarse", k, n = (double)k * images_of(&j->coarse), each);
    total += n;
  }
  if (j->scores[SCAN_CLEANSE]) {
    n = (double)k * j->cleanse.steps * j->cleanse.batches * j->cleanse.batch;
    line("neural_cleanse", k, n, each);
    total += n;
  }
  if (j->scores[SCAN_INSPECT]) {
    line("neuron_inspect", k, n = (double)k * (j->n_clean ? j->n_clean : j->pool.n), each);
    total += n;
  }
  if (j->scores[SCAN_FINE]) {
    const int64_t rows = (int64_t)j->slots * j->parts;
    line("fine", rows, n = (double)rows * images_of(&j->fine), each);
    total += n;
    printf("  the coarse pass drops %d of %d classes\n", j->classes - j->slots, j->classes);
  }
  printf("in all %.0f images, %.0f s on one core, about %.0f s on %d ranks\n", total, total * each,
         total * each / comm_size(), comm_size());
  printf("memory of a rank %.0f MB, file %.1f MB\n",
         (double)(j->setup->plan->arena_bytes + j->setup->graph->weight_bytes) / 1e6 +
             (double)j->pool.n *
                 (double)shape_count(&j->setup->graph->values[j->setup->graph->input].is.shape) *
                 sizeof(real) / 1e6,
         (double)bytes / 1e6);
}

err scan_dry(const struct scan_job *j, const struct options *o)
{
  struct draft *schema = NULL;
  double each = 0.0;
  TRY(comm_agree(scan_schema_make(j, o, &schema)));
  const err e = comm_agree(seconds_of_image(j, &each));
  if (!e && comm_rank() == 0) print(j, o, each, store_bytes(&schema->schema));
  draft_free(&schema);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
