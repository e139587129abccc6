/** @file
 *  Comparing maps of random networks with those of the trained one. */
#include "jobs/sanity_compare.h"

#include "core/upsample.h"

#include <stdlib.h>
#include <string.h>

struct sanity_compare {
  const struct sanity *sanity;
  struct tape *tape;
  float *trained;  /* rows of all taps, of the trained network */
  float **ready;   /* [n places] the same prepared, [maps][measures that are][positions] */
  float *alike[2]; /* two maps of the input's size, where they are compared so */
  double *work;    /* of the measures */
  float **values;  /* [n places] as in the file */
};

/** Networks that a unit is looked at with, beside the trained one. */
int64_t sanity_compare_networks(const struct sanity *s)
{
  return (int64_t)s->n_orders * s->n_chosen;
}

/** Values of one sample at a tap: [targets][orders][stages][methods][measures]. */
static int64_t values_of(const struct sanity *s, int tap)
{
  return s->setup.n_targets * sanity_compare_networks(s) *
         plan_place(s->setup.plan, tap)->n_methods * s->n_measures;
}

/** The size at which maps of a tap are compared. */
static void compared_size(const struct sanity *s, int tap, int *height, int *width)
{
  const struct shape *x = &s->setup.graph->values[s->setup.graph->input].is.shape;
  *height = s->at_input ? shape_height(x) : plan_place(s->setup.plan, tap)->height;
  *width = s->at_input ? shape_width(x) : plan_place(s->setup.plan, tap)->width;
}

/** Measures of which the trained network's half is computed once. */
static int n_prepared(const struct sanity *s)
{
  int n = 0;
  for (int m = 0; m < s->n_measures; m++) n += s->measures[m]->prepare != NULL;
  return n;
}

static int64_t compared_plane(const struct sanity *s, int tap)
{
  int h = 0, w = 0;
  compared_size(s, tap, &h, &w);
  return (int64_t)h * w;
}

/** Maps of a unit at a tap. */
static int64_t maps_of(const struct sanity *s, int tap)
{
  return (int64_t)s->setup.unit * s->setup.n_targets * plan_place(s->setup.plan, tap)->n_methods;
}

static int64_t ready_of(const struct sanity *s, int tap)
{
  return maps_of(s, tap) * n_prepared(s) * compared_plane(s, tap);
}

static size_t most_work(const struct sanity *s)
{
  size_t most = 1;
  for (int t = 0; t < s->setup.plan->n_places; t++) {
    int h = 0, w = 0;
    compared_size(s, t, &h, &w);
    for (int m = 0; m < s->n_measures; m++) {
      const size_t n = s->measures[m]->work_doubles(h, w);
      most = n > most ? n : most;
    }
  }
  return most;
}

static int64_t input_plane(const struct sanity *s)
{
  return shape_inner(&s->setup.graph->values[s->setup.graph->input].is.shape);
}

int64_t sanity_compare_bytes(const struct sanity *s)
{
  const struct plan *p = s->setup.plan;
  int64_t floats = p->rows_floats;
  for (int t = 0; t < p->n_places; t++) floats += values_of(s, t) * p->batch + ready_of(s, t);
  if (s->at_input) floats += 2 * input_plane(s);
  return floats * 4 + (int64_t)most_work(s) * 8;
}

void sanity_compare_free(struct sanity_compare **compare)
{
  struct sanity_compare *c = *compare;
  if (!c) return;
  const int n = c->sanity->setup.plan->n_places;
  for (int t = 0; c->values && t < n; t++) free(c->values[t]);
  for (int t = 0; c->ready && t < n; t++) free(c->ready[t]);
  free((void *)c->values);
  free((void *)c->ready);
  free(c->trained);
  free(c->alike[0]);
  free(c->alike[1]);
  free(c->work);
  free(c);
  *compare = NULL;
}

static err allocate(struct sanity_compare *c)
{
  const struct sanity *s = c->sanity;
  const struct plan *p = s->setup.plan;
  const size_t n = (size_t)p->batch;
  c->trained = calloc((size_t)p->rows_floats + 1, sizeof *c->trained);
  c->work = calloc(most_work(s), sizeof *c->work);
  c->values = calloc((size_t)p->n_places, sizeof *c->values);
  c->ready = calloc((size_t)p->n_places, sizeof *c->ready);
  bool all = c->trained && c->work && c->values && c->ready;
  for (int t = 0; all && t < p->n_places; t++) {
    c->ready[t] = calloc((size_t)ready_of(s, t) + 1, sizeof *c->ready[t]);
    c->values[t] = calloc(n * (size_t)values_of(s, t), sizeof *c->values[t]);
    all = c->ready[t] && c->values[t];
  }
  for (int k = 0; k < 2 && s->at_input; k++) {
    c->alike[k] = calloc((size_t)input_plane(s), sizeof *c->alike[k]);
    all = all && c->alike[k];
  }
  CHECK(all, ERR_MEMORY, "no memory for a unit of %d samples: %.1f MiB of maps and values",
        p->batch, (double)sanity_compare_bytes(s) / 1048576.0);
  return ERR_OK;
}

err sanity_compare_make(const struct sanity *s, struct tape *tape, struct sanity_compare **out)
{
  struct sanity_compare *c = calloc(1, sizeof *c);
  CHECK(c, ERR_MEMORY, "no memory for a unit");
  c->sanity = s;
  c->tape = tape;
  const err e = allocate(c);
  if (e) {
    sanity_compare_free(&c);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = c;
  return ERR_OK;
}

const float *sanity_compare_values(const struct sanity_compare *c, int place)
{
  return c->values[place];
}

/** A map as it is compared: itself, or made as large as the input. */
static const float *compared(struct sanity_compare *c, int tap, const float *map, int which)
{
  const struct plan_tap *t = plan_place(c->sanity->setup.plan, tap);
  int h = 0, w = 0;
  if (!c->sanity->at_input) return map;
  compared_size(c->sanity, tap, &h, &w);
  upsample_bilinear(map, t->height, t->width, c->alike[which], h, w);
  return c->alike[which];
}

/** What of the k-th map of the trained network at a tap is computed once. */
static void prepare(struct sanity_compare *c, int tap, int64_t k)
{
  const struct sanity *s = c->sanity;
  const struct plan_tap *at = plan_place(s->setup.plan, tap);
  const int64_t plane = compared_plane(s, tap);
  float *ready = c->ready[tap] + k * n_prepared(s) * plane;
  int h = 0, w = 0;
  compared_size(s, tap, &h, &w);
  const float *x = compared(c, tap, c->trained + at->rows + k * (int64_t)at->height * at->width, 0);
  for (int m = 0; m < s->n_measures; m++) {
    if (!s->measures[m]->prepare) continue;
    similarity_prepare(s->measures[m], x, h, w, ready, c->work);
    ready += plane;
  }
}

/** All measures of the k-th map at a tap, of the trained network and of the one that the tape has. */
static void compare(struct sanity_compare *c, int tap, int64_t k, float *out)
{
  const struct sanity *s = c->sanity;
  const struct plan_tap *at = plan_place(s->setup.plan, tap);
  const int64_t own = (int64_t)at->height * at->width, plane = compared_plane(s, tap);
  const float *ready = c->ready[tap] + k * n_prepared(s) * plane;
  int h = 0, w = 0;
  compared_size(s, tap, &h, &w);
  const float *x =
      n_prepared(s) == s->n_measures ? NULL : compared(c, tap, c->trained + at->rows + k * own, 0);
  const float *y = compared(c, tap, tape_rows(c->tape, s->setup.plan->places[tap]) + k * own, 1);
  for (int m = 0; m < s->n_measures; m++) {
    const bool prepared = s->measures[m]->prepare;
    out[m] = (float)(prepared ? similarity_of_prepared(s->measures[m], ready, y, h, w, c->work)
                              : similarity_of(s->measures[m], x, y, h, w, c->work));
    ready += prepared ? plane : 0;
  }
}

/** Keep the trained network's maps. */
void sanity_compare_keep(struct sanity_compare *c, int count)
{
  const struct sanity *s = c->sanity;
  const struct plan *p = s->setup.plan;
  memcpy(c->trained, tape_rows(c->tape, 0), (size_t)p->rows_floats * sizeof *c->trained);
  for (int t = 0; t < p->n_places; t++)
    for (int64_t k = 0; k < count * maps_of(s, t) / s->setup.unit; k++) prepare(c, t, k);
}

/** The maps of a random network, the i-th of all, against those of the trained one; count samples. */
void sanity_compare_take(struct sanity_compare *c, int64_t i, int count)
{
  const struct sanity *s = c->sanity;
  for (int t = 0; t < s->setup.plan->n_places; t++) {
    const int64_t maps = plan_place(s->setup.plan, t)->n_methods;
    for (int64_t k = 0; k < count * maps_of(s, t) / s->setup.unit; k++) {
      const int64_t row = k / maps, map = k % maps;
      compare(c, t, k,
              c->values[t] + ((row * sanity_compare_networks(s) + i) * maps + map) * s->n_measures);
    }
  }
}
