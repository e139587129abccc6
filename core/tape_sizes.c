/** @file
 *  Methods that look at the image in several sizes, sample by sample. */
#include "core/arena.h"
#include "core/bicubic.h"
#include "core/tape_impl.h"

#include <stdlib.h>
#include <string.h>

struct tape_sizes {
  void *arena;   /* of all tapes, one after the other */
  real *kept;    /* [kept_reals] of the sample under way */
  int *class_at; /* [n_sizes] what the network predicts there */
  double *work;
  /* Of the pass under way. */
  const struct plan *plan;
  int size, slot;
};

void tape_sizes_free(struct tape_sizes **sizes)
{
  struct tape_sizes *s = *sizes;
  if (!s) return;
  free(s->arena);
  free(s->kept);
  free(s->class_at);
  free(s->work);
  free(s);
  *sizes = NULL;
}

/** Keep the activation, of the first target, and the signal at a tap that is looked at. */
static void keep_seen(void *who, const struct tape_tap *t)
{
  const struct tape_sizes *s = who;
  const struct plan *p = s->plan;
  const struct plan_size *z = &p->sizes[s->size];
  const int64_t n = plan_elements(z->plan, z->plan->taps[t->tap].value);
  for (int i = 0; i < p->n_seen; i++) {
    if (p->seen[i] != z->plan->taps[t->tap].tap) continue;
    real *to = s->kept + z->kept[i];
    if (!s->slot) memcpy(to, t->a, (size_t)n * sizeof *to);
    memcpy(to + n * (1 + s->slot), t->g, (size_t)n * sizeof *to);
  }
}

static err make_all(const struct plan *p, struct tape **tape, struct tape_sizes *s)
{
  const struct shape *x = &p->graph->values[p->graph->input].is.shape;
  const int own[2] = {shape_height(x), shape_width(x)};
  size_t arena = 1;
  for (int i = 0; i < p->n_sizes; i++) {
    const size_t bytes = (size_t)p->sizes[i].plan->arena_bytes;
    arena = bytes > arena ? bytes : arena;
  }
  s->plan = p;
  s->arena = arena_alloc(arena);
  s->kept = calloc((size_t)p->kept_reals + 1, sizeof *s->kept);
  s->class_at = calloc((size_t)p->n_sizes, sizeof *s->class_at);
  s->work = calloc((size_t)plan_sizes_work(p, own), sizeof *s->work);
  CHECK(s->arena && s->kept && s->class_at && s->work, ERR_MEMORY,
        "no memory for images in %d sizes: %.1f MiB; choose fewer or smaller ones", p->n_sizes,
        (double)p->sizes_bytes / 1048576.0);
  for (int i = 0; i < p->n_sizes; i++) {
    TRY(tape_make_on(p->sizes[i].plan, s->arena, &tape[i]));
    tape_set_watch(tape[i], (struct tape_watch){.who = s, .see = keep_seen});
    tape[i]->only_watched = true;
  }
  return ERR_OK;
}

err tape_sizes_make(const struct plan *p, struct tape **tape, struct tape_sizes **out)
{
  *out = calloc(1, sizeof **out);
  CHECK(*out, ERR_MEMORY, "no memory for images in several sizes");
  return make_all(p, tape, *out);
}

/** Sample b in size i. */
static void give_input(const struct tape *t, int i, int b)
{
  const struct plan *p = t->plan;
  const struct plan_size *z = &p->sizes[i];
  const struct shape *x = &p->graph->values[p->graph->input].is.shape;
  const int own[2] = {shape_height(x), shape_width(x)};
  const int64_t plane = shape_inner(x), larger = (int64_t)z->extent[0] * z->extent[1];
  for (int c = 0; c < shape_channels(x); c++) {
    bicubic(t->inner.x + ((int64_t)c * p->batch + b) * plane, own,
            tape_input(t->inner.tape[i]) + c * larger, z->extent, t->sizes->work);
  }
}

/** The first of the largest. */
static int largest(const real *x, int n)
{
  int at = 0;
  for (int i = 1; i < n; i++)
    if (x[i] > x[at]) at = i;
  return at;
}

/** Everything that is looked at of sample b. */
static void look(struct tape *t, const int *classes, int b)
{
  const struct plan *p = t->plan;
  struct tape_sizes *s = t->sizes;
  for (s->size = 0; s->size < p->n_sizes; s->size++) {
    struct tape *at = t->inner.tape[s->size];
    give_input(t, s->size, b);
    tape_forward(at);
    s->class_at[s->size] = largest(tape_logits(at), p->graph->classes);
    for (s->slot = 0; s->slot < p->n_targets; s->slot++)
      tape_backward(at, 0, 0, classes + (int64_t)s->slot * p->batch + b);
  }
}

/** Where the rows of a method are at the place of methods over a set of layers. */
static float *row_of(struct tape *t, int method, int slot, int b)
{
  const struct plan *p = t->plan;
  const struct plan_tap *place = &p->taps[p->n_taps];
  int k = 0;
  while (place->methods[k] != method) k++;
  return tape_rows(t, p->n_taps) + (((int64_t)b * p->n_targets + slot) * place->n_methods + k) *
                                       ((int64_t)place->height * place->width);
}

/** The map of one method, sample and target. */
static void combine(struct tape *t, const struct plan_sized *m, int class, int slot, int b)
{
  const struct plan *p = t->plan;
  const struct tape_sizes *s = t->sizes;
  const struct plan_tap *place = &p->taps[p->n_taps];
  const int first = s->class_at[m->size[0]];
  struct combination_seen seen[COMBINATION_SIZES];
  for (int i = 0; i < m->n; i++) {
    const struct plan_size *z = &p->sizes[m->size[i]];
    const int value = z->graph->taps[p->seen[m->seen]];
    const struct shape *shape = &z->graph->values[value].is.shape;
    const real *a = s->kept + z->kept[m->seen];
    seen[i] = (struct combination_seen){.a = a,
                                        .g = a + shape_count(shape) * (1 + slot),
                                        .channels = shape_channels(shape),
                                        .height = shape_height(shape),
                                        .width = shape_width(shape),
                                        .agrees = s->class_at[m->size[i]] == first};
  }
  const struct combination_use *use = &p->methods[m->method].combination;
  use->combination->run_sizes(
      &(struct combination_sizes_call){.with = &use->with,
                                       .n = m->n,
                                       .seen = seen,
                                       .predicted = class == first,
                                       .height = place->height,
                                       .width = place->width,
                                       .work = s->work,
                                       .out = row_of(t, m->method, slot, b)});
}

void tape_sizes_run(struct tape *t, const int *classes)
{
  const struct plan *p = t->plan;
  for (int b = 0; b < p->batch; b++) {
    look(t, classes, b);
    for (int i = 0; i < p->n_sized; i++) {
      for (int slot = 0; slot < p->n_targets; slot++)
        combine(t, &p->sized[i], classes[(int64_t)slot * p->batch + b], slot, b);
    }
  }
}
