/** @file
 *  Methods over a set of taps: their maps from those that the passes have left. */
#include "core/tape_impl.h"

#include <math.h>
#include <stdlib.h>

struct tape_combination {
  float *parts;                 /* [part_floats] */
  float *up;                    /* [positions of the input] */
  double *sum;                  /* the same */
  struct combination_input *in; /* [most parts of one] */
  float *sums;                  /* [n_combinations][n_targets][batch] */
};

void tape_combination_free(struct tape_combination **combination)
{
  struct tape_combination *c = *combination;
  if (!c) return;
  free(c->parts);
  free(c->up);
  free(c->sum);
  free(c->in);
  free(c->sums);
  free(c);
  *combination = NULL;
}

err tape_combination_make(const struct plan *p, struct tape_combination **out)
{
  *out = NULL;
  if (!p->n_combinations) return ERR_OK;
  struct tape_combination *c = calloc(1, sizeof *c);
  CHECK(c, ERR_MEMORY, "no memory for methods over a set of layers");
  const struct plan_tap *place = &p->taps[p->n_taps];
  const size_t positions = (size_t)place->height * (size_t)place->width;
  int most = 1;
  for (int i = 0; i < p->n_combinations; i++)
    most = p->combinations[i].n > most ? p->combinations[i].n : most;
  c->parts = calloc((size_t)p->part_floats + 1, sizeof *c->parts);
  c->up = calloc(positions, sizeof *c->up);
  c->sum = calloc(positions, sizeof *c->sum);
  c->in = calloc((size_t)most, sizeof *c->in);
  c->sums = calloc((size_t)p->n_combinations * (size_t)(p->n_targets * p->batch), sizeof *c->sums);
  if (!c->parts || !c->up || !c->sum || !c->in || !c->sums) {
    tape_combination_free(&c);
    return FAIL(ERR_MEMORY,
                "no memory for methods over a set of layers: %.1f MiB; lower --unit or choose "
                "fewer layers",
                (double)p->part_floats * sizeof(float) / 1048576.0);
  }
  *out = c;
  return ERR_OK;
}

float *tape_part_rows(const struct tape *t, int i)
{
  return t->combination ? t->combination->parts + t->plan->taps[i].part_rows : NULL;
}

const float *tape_sums_of_parts(const struct tape *t)
{
  return t->combination ? t->combination->sums : NULL;
}

/** The i-th combination of sample b; returns what its parts add up to. */
static double combine(struct tape *t, int i, int slot, int b)
{
  const struct plan *p = t->plan;
  const struct plan_combination *c = &p->combinations[i];
  const struct plan_tap *place = &p->taps[p->n_taps];
  const int64_t row = (int64_t)b * p->n_targets + slot,
                positions = (int64_t)place->height * place->width;
  struct tape_combination *s = t->combination;
  for (int k = 0; k < c->n; k++) {
    const struct plan_part *part = &c->part[k];
    const struct plan_tap *tap = &p->taps[part->tap];
    s->in[k] =
        (struct combination_input){.map = tape_part_rows(t, part->tap) +
                                          (row * tap->n_parts + part->k) * plan_part_floats(tap),
                                   .height = tap->height,
                                   .width = tap->width,
                                   .weight = part->weight};
  }
  const struct combination_use *use = &p->methods[c->method].combination;
  return use->combination->run(&(struct combination_call){
      .with = &use->with,
      .n = c->n,
      .in = s->in,
      .height = place->height,
      .width = place->width,
      .up = s->up,
      .sum = s->sum,
      .out = tape_rows(t, p->n_taps) + (row * place->n_methods + i) * positions});
}

void tape_combine(struct tape *t)
{
  const struct plan *p = t->plan;
  float *sums = t->combination->sums;
  for (int i = 0; i < p->n_combinations; i++) {
    for (int slot = 0; slot < p->n_targets; slot++) {
      for (int b = 0; b < p->batch; b++) {
        const struct method *m = &p->methods[p->combinations[i].method];
        if (m->meta.on || m->combination.combination->sizes) { /* its rows come from other tapes */
          *sums++ = NAN;
          continue;
        }
        const double sum = combine(t, i, slot, b);
        *sums++ = plan_is_complete(p, i) ? (float)sum : NAN;
      }
    }
  }
}
