/** @file
 *  Every method of one rule at one tap, for each sample of the unit. */
#include "core/tape_extract.h"

struct extraction {
  const struct plan_tap *tap;
  const struct plan_pass *pass;
  struct extract_call call;
  struct stats a, g, out;
  float *rows; /* of this sample and slot: [n_methods, positions] */
};

/** Every aggregate asked for of one extract of one sample. */
static void run_extract(const struct plan *p, struct extraction *x, const struct extract *extract)
{
  const int64_t positions = (int64_t)x->tap->height * x->tap->width;
  bool ready = false;
  for (int k = 0; k < x->tap->n_methods; k++) {
    const struct method *m = &p->methods[x->tap->methods[k]];
    if (m->rule != x->pass->rule || m->extract != extract) continue;
    if (!ready) extract->run(&x->call);
    ready = true;
    m->aggregate->run(&x->out, positions, x->rows + k * positions);
  }
}

/** Stats that the wanted extracts share, then each extract. */
static void extract_sample(const struct plan *p, struct extraction *x)
{
  const int64_t positions = (int64_t)x->tap->height * x->tap->width;
  const struct extract_site *s = &x->call.at;
  unsigned needs = 0;
  for (int k = 0; k < x->tap->n_methods; k++) {
    const struct method *m = &p->methods[x->tap->methods[k]];
    if (m->rule == x->pass->rule) needs |= m->extract->needs;
  }
  if (needs & EXTRACT_STATS_A) stats_of_channels(s->a, s->channels, positions, s->stride, &x->a);
  if (needs & EXTRACT_STATS_G) stats_of_channels(s->g, s->channels, positions, s->stride, &x->g);
  for (const struct extract *const *e = extract_all; *e; e++) run_extract(p, x, *e);
}

void tape_extract(const struct tape_tap *t)
{
  const struct plan *p = t->plan;
  const struct plan_tap *pt = &p->taps[t->tap];
  const int64_t positions = (int64_t)pt->height * pt->width;
  double *work = t->work;
  struct extraction x = {.tap = pt, .pass = t->pass};

  x.a = stats_at(work, positions);
  x.g = stats_at(work + 5 * positions, positions);
  x.out = stats_at(work + 10 * positions, positions);
  x.call =
      (struct extract_call){.a = &x.a, .g = &x.g, .out = &x.out, .work = work + 15 * positions};
  for (int b = 0; b < p->batch; b++) {
    x.call.at = (struct extract_site){pt->channels,
                                      pt->height,
                                      pt->width,
                                      positions * p->batch,
                                      t->a ? t->a + b * positions : NULL,
                                      t->g + b * positions};
    x.rows = t->rows + ((int64_t)b * p->n_targets + t->slot) * pt->n_methods * positions;
    extract_sample(p, &x);
  }
}
