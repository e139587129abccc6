/** @file
 *  Every method of one rule at one tap, for each sample of the unit. */
#include "core/tape_extract.h"

#include "core/conv.h"
#include "core/curve.h"
#include "core/extract_bands.h"

struct taker {
  const struct tape_tap *t;
};

static const struct plan_tap *tap_of(const struct tape_tap *t)
{
  return &t->plan->taps[t->tap];
}

/** Where the k-th map of a sample goes. */
static float *row_of(const struct tape_tap *t, int sample, int k)
{
  const struct plan_tap *pt = tap_of(t);
  const int64_t row = (int64_t)(t->first + sample) * t->plan->n_targets + t->slot;
  const int64_t positions = (int64_t)pt->height * pt->width;
  if (k < pt->n_methods) return t->rows + (row * pt->n_methods + k) * positions;
  return t->part_rows + (row * pt->n_parts + k - pt->n_methods) * plan_part_floats(pt);
}

/** The k-th method of the tap; NULL when it is of another pass or average. */
static const struct method *method_of(const struct tape_tap *t, int k)
{
  const int m = tap_of(t)->methods[k];
  const struct method *method = &t->plan->methods[m];
  const bool taken = t->plan->pass_of[m] == (int)(t->pass - t->plan->passes);
  return taken && method->average.average == t->average ? method : NULL;
}

/** What the aggregates asked for read of each extract: wanted [N_EXTRACTS] overwritten. */
static void collect(const struct tape_tap *t, unsigned *wanted)
{
  for (int i = 0; i < N_EXTRACTS; i++) {
    wanted[i] = 0;
    for (int k = 0; k < plan_tap_all(tap_of(t)); k++) {
      const struct method *m = method_of(t, k);
      if (m && m->extract == extract_all[i]) wanted[i] |= m->aggregate->reads;
    }
  }
}

/** Every aggregate asked for of one extract, in one band. */
static void take(void *who, int sample, int extract, int64_t first, int n, const struct stats *s)
{
  const struct tape_tap *t = ((const struct taker *)who)->t;
  for (int k = 0; k < plan_tap_all(tap_of(t)); k++) {
    const struct method *m = method_of(t, k);
    if (m && m->extract == extract_all[extract])
      m->aggregate->run(s, n, row_of(t, sample, k) + first);
  }
}

/** The extracts read what the tap's convolution read. */
static bool has_window(const struct tape_tap *t)
{
  return t->input && plan_reads_window(t->plan, t->tap);
}

/** Geometry of that. */
static struct extract_input input_of(const struct tape_tap *t)
{
  if (!has_window(t)) return (struct extract_input){0};
  const struct shape *s = &t->node->in[CONV_X].shape;
  const int64_t positions = shape_inner(s);
  return (struct extract_input){.x = t->input,
                                .channels = shape_channels(s),
                                .height = shape_height(s),
                                .width = shape_width(s),
                                .stride = positions * t->samples,
                                .window = &((const struct conv *)t->node->attr)->window};
}

/** Implicit biases of the node that makes the tap, of one sample, [channels][positions]. */
static const real *curve_of_sample(const struct tape_tap *t, int sample,
                                   const struct extract_site *at)
{
  const int64_t positions = (int64_t)at->height * at->width;
  const struct curve_call c = {.op = t->op,
                               .at = t->node,
                               .channels = at->channels,
                               .positions = positions,
                               .stride = at->stride,
                               .x = t->input ? t->input + sample * positions : NULL,
                               .y = at->a,
                               .work =
                                   (unsigned char *)t->work + plan_bands_bytes(t->plan, t->tap)};
  return curve_biases(&c);
}

/** What combinations take of one sample by themselves; at: its site. */
static void take_parts(const struct tape_tap *t, int sample, const struct extract_site *at)
{
  const struct plan_tap *pt = tap_of(t);
  for (int k = pt->n_methods; k < plan_tap_all(pt); k++) {
    const struct method *m = method_of(t, k);
    if (!m || !m->take) continue;
    const bool curve = m->take->reads_curve;
    const int64_t n = (int64_t)at->height * at->width;
    m->take->run(
        &(struct combination_site){.with = &m->combination.with,
                                   .at = *at,
                                   .bias = curve ? curve_of_sample(t, sample, at) : pt->bias,
                                   .bias_channel = curve ? n : pt->bias_channel,
                                   .bias_step = curve ? 1 : pt->bias_step,
                                   .work = t->work,
                                   .out = row_of(t, sample, k)});
  }
}

void tape_extract(const struct tape_tap *t)
{
  const struct plan_tap *pt = tap_of(t);
  const int64_t positions = (int64_t)pt->height * pt->width;
  unsigned wanted[N_EXTRACTS];
  struct extract_input input = input_of(t);
  struct taker taker = {t};
  struct extract_bands b = {.at = {pt->channels, pt->height, pt->width, positions * t->samples,
                                   t->a, t->g, has_window(t) ? &input : NULL},
                            .samples = t->samples,
                            .rows = extract_bands_rows(pt->height, pt->width),
                            .wanted = wanted,
                            .work = t->work,
                            .who = &taker,
                            .take = take};
  collect(t, wanted);
  extract_bands_run(&b);
  for (int i = 0; i < t->samples; i++) {
    const struct extract_site at = extract_site_of(&b.at, i);
    take_parts(t, i, &at);
  }
}
