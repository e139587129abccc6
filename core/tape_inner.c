/** @file
 *  Tapes that run the network again on a sample alone. */
#include "core/tape_impl.h"

#include <stdlib.h>
#include <string.h>

err tape_inner_make(struct tape *t)
{
  const struct plan *p = t->plan;
  const int n = p->n_sizes + p->n_metas;
  if (!n) return ERR_OK;
  t->inner.tape = (struct tape **)calloc((size_t)n, sizeof(struct tape *));
  t->inner.x = calloc((size_t)plan_elements(p, p->graph->input), sizeof *t->inner.x);
  CHECK(t->inner.tape && t->inner.x, ERR_MEMORY, "no memory for inner tapes of %d samples",
        p->batch);
  t->inner.n = n;
  if (p->n_sizes) TRY(tape_sizes_make(p, t->inner.tape, &t->sizes));
  if (p->n_metas) TRY(tape_metas_make(p, t->inner.tape + p->n_sizes, &t->metas));
  return ERR_OK;
}

void tape_inner_free(struct tape *t)
{
  for (int i = 0; i < t->inner.n; i++) tape_free(&t->inner.tape[i]);
  free((void *)t->inner.tape);
  free(t->inner.x);
  tape_sizes_free(&t->sizes);
  tape_metas_free(&t->metas, t->plan->n_metas);
}

void tape_inner_keep(struct tape *t)
{
  const struct plan *p = t->plan;
  memcpy(t->inner.x, tape_input(t), (size_t)plan_elements(p, p->graph->input) * sizeof(real));
}

void tape_inner_passes(const struct tape *t, int64_t *forward, int64_t *backward)
{
  for (int i = 0; i < t->inner.n; i++) {
    int64_t f = 0, b = 0;
    tape_passes(t->inner.tape[i], &f, &b);
    *forward += f;
    *backward += b;
  }
}
