/** @file
 *  What averages over copies of the input keep from copy to copy. */
#include "core/plan_impl.h"

#include <stdlib.h>

/** Some method of an average at this tap reads the activation of the input itself. */
static bool reads_clean(const struct plan *p, int tap)
{
  for (int k = 0; k < plan_tap_all(&p->taps[tap]); k++) {
    const struct method *m = &p->methods[p->taps[tap].methods[k]];
    if (!m->meta.on && m->average.average && m->extract->reads_activation) return true;
  }
  return false;
}

/** Sums of one pass at one tap: for every element, target and thing that is kept. */
static int64_t sums_of(const struct plan *p, int pass, int tap)
{
  if (!p->passes[pass].source || !p->passes[pass].tapped[tap]) return 0;
  return plan_elements(p, p->taps[tap].value) * p->n_targets *
         average_planes(p->passes[pass].keeps);
}

static err check_baselines(const struct plan *p)
{
  for (int i = 0; i < p->n_sources; i++) {
    const struct average_use *u = &p->sources[i].average;
    CHECK(p->n_baselines || !u->average || !average_wants_baselines(u), ERR_USAGE,
          "%s wants images to begin from: give --baseline PATH", u->with.text);
  }
  return ERR_OK;
}

static void count_passes(struct plan *p)
{
  for (int i = 0; i < p->n_sources; i++) p->n_forward += p->sources[i].copies;
  p->n_forward += p->weigh_pass >= 0;
  for (int i = 0; i < p->n_passes; i++)
    p->n_backward += p->sources[p->passes[i].source].copies * p->n_targets;
  p->n_forward *= 1 + p->n_references;
}

/** What tape_average_make and tape_reference_make take. */
static void count_bytes(struct plan *p)
{
  const struct shape *x = &p->graph->values[p->graph->input].is.shape;
  const int64_t input = plan_elements(p, p->graph->input), tap = plan_largest_tap(p);
  const int64_t work = average_work_bytes(shape_height(x), shape_width(x));
  if (p->n_references) {
    p->average_bytes +=
        (p->reference_reals + input + tap) * (int64_t)sizeof(real) + p->reference_aux + work;
  }
  if (p->n_sources > 1) {
    p->average_bytes += p->sums_doubles * (int64_t)sizeof(double) +
                        (p->clean_reals + tap + 2 * input) * (int64_t)sizeof(real) + work;
  }
}

err plan_averages(struct plan_storage *s)
{
  struct plan *p = &s->plan;
  TRY(check_baselines(p));
  s->sums = calloc((size_t)p->n_passes * (size_t)p->n_taps + 1, sizeof *s->sums);
  s->clean = calloc((size_t)p->n_taps + 1, sizeof *s->clean);
  CHECK(s->sums && s->clean, ERR_MEMORY, "no memory to plan %d passes", p->n_passes);
  p->sums = s->sums;
  p->clean = s->clean;
  for (int t = 0; t < p->n_taps; t++) {
    for (int i = 0; i < p->n_passes; i++) {
      const int64_t n = sums_of(p, i, t);
      s->sums[i * p->n_taps + t] = n ? p->sums_doubles : -1;
      p->sums_doubles += n;
    }
    s->clean[t] = reads_clean(p, t) ? p->clean_reals : -1;
    if (s->clean[t] >= 0) p->clean_reals += plan_elements(p, p->taps[t].value);
  }
  count_passes(p);
  count_bytes(p);
  return ERR_OK;
}
