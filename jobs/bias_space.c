/** @file
 *  Maps in other input spaces. */
#include "jobs/bias_space.h"

#include "core/tape_extract.h"

#include <math.h>
#include <stdlib.h>

struct bias_spaces {
  const struct setup *setup;
  float *rows[BIAS_SPACES];
  real *a, *g; /* activation and signal in another space */
  bool on;     /* maps are taken in this pass */
};

/** From an input of the network to that with pixels in [0, 1] or [-1, 1]:  x = slope z + shift. */
static void affine(const struct recipe *r, int space, int c, double *slope, double *shift)
{
  *slope = 255.0 * r->scale / r->std[c];
  *shift = -r->mean[c] / r->std[c];
  if (space == BIAS_SYMMETRIC) {
    *slope *= 0.5;
    *shift += *slope;
  }
}

/** Activation z = (x - shift) / slope and signal slope g, as a network has them that begins with that
 *  multiplication and addition. */
static void enter(struct bias_spaces *s, const struct tape_tap *t, int space)
{
  const struct recipe *r = &s->setup->recipe;
  const int64_t n = (int64_t)s->setup->recipe.height * s->setup->recipe.width * t->samples;
  for (int c = 0; c < r->channels; c++) {
    double slope = 1.0, shift = 0.0;
    affine(r, space, c, &slope, &shift);
    for (int64_t i = c * n; i < (c + 1) * n; i++) {
      s->g[i] = (real)(slope * (double)t->g[i]);
      if (t->a) s->a[i] = (real)(((double)t->a[i] - shift) / slope);
    }
  }
}

/** The tape's watch: the same pass's maps in the other spaces, where signals go back as derivatives do. */
static void see(void *who, const struct tape_tap *t)
{
  struct bias_spaces *s = who;
  const struct rule *rule = t->pass->rule.rule;
  if (!s->on || t->average || rule->relevance || rule->differences) return;
  for (int k = 0; k < BIAS_SPACES; k++) {
    struct tape_tap other = *t;
    enter(s, t, k);
    other.g = s->g;
    other.a = t->a ? s->a : NULL;
    other.rows = s->rows[k];
    tape_extract(&other);
  }
}

void bias_spaces_free(struct bias_spaces **spaces)
{
  struct bias_spaces *s = *spaces;
  if (!s) return;
  for (int k = 0; k < BIAS_SPACES; k++) free(s->rows[k]);
  free(s->a);
  free(s->g);
  free(s);
  *spaces = NULL;
}

err bias_spaces_make(const struct setup *setup, struct tape *tape, struct bias_spaces **out)
{
  struct bias_spaces *s = calloc(1, sizeof *s);
  CHECK(s, ERR_MEMORY, "no memory for a unit");
  const size_t all = (size_t)plan_elements(setup->plan, setup->graph->input);
  bool there = true;
  s->setup = setup;
  for (int k = 0; k < BIAS_SPACES; k++) {
    s->rows[k] = calloc((size_t)setup->plan->rows_floats, sizeof *s->rows[k]);
    there = there && s->rows[k];
  }
  s->a = calloc(all, sizeof *s->a);
  s->g = calloc(all, sizeof *s->g);
  if (!there || !s->a || !s->g) {
    bias_spaces_free(&s);
    return FAIL(ERR_MEMORY, "no memory for a unit of %d samples; lower --unit", setup->unit);
  }
  tape_set_watch(tape, (struct tape_watch){.who = s, .see = see});
  *out = s;
  return ERR_OK;
}

void bias_spaces_begin(struct bias_spaces *s)
{
  s->on = true;
  for (int64_t i = 0; i < s->setup->plan->rows_floats; i++)
    for (int k = 0; k < BIAS_SPACES; k++) s->rows[k][i] = NAN;
}

void bias_spaces_end(struct bias_spaces *s)
{
  s->on = false;
}

const float *bias_spaces_rows(const struct bias_spaces *s, int space)
{
  return s->rows[space];
}
