/** @file
 *  Float constants in memory that is not the graph's own. */
#include "core/arena.h"
#include "core/graph.h"
#include "core/graph_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/** Bytes of a float constant, up to where the next one begins; 0 for other values. */
static int64_t room_of(const struct value *v)
{
  if (!v->is.data) return 0;
  const int64_t bytes = shape_count(&v->is.shape) * (int64_t)sizeof(real);
  return (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

int64_t graph_weight_room(const struct graph *g)
{
  int64_t bytes = 0;
  for (int i = 0; i < g->n_values; i++) bytes += room_of(&g->values[i]);
  return bytes;
}

/** Free what the graph owns; *k: where the last one was found, from which the search goes on. */
static void disown(struct graph_storage *s, const void *memory, int *k)
{
  for (int tries = 0; tries < s->n_owned; tries++, *k = (*k + 1) % s->n_owned) {
    if (s->owned[*k] != memory) continue;
    free(s->owned[*k]);
    s->owned[*k] = NULL;
    return;
  }
}

/** Copy `bytes` and give the old pages back on the way, so that no more than a piece is there twice. */
static void move(unsigned char *to, const real *from, int64_t bytes)
{
  enum { PIECE = 16 << 20, LARGE = 1 << 20 };
  unsigned char *old = (unsigned char *)from; /* ours, about to be freed */
  for (int64_t i = 0; i < bytes; i += PIECE) {
    const size_t n = (size_t)(bytes - i < PIECE ? bytes - i : PIECE);
    memcpy(to + i, old + i, n);
    if (bytes >= LARGE) arena_release(old + i, n, false);
  }
}

void graph_move_weights(struct graph *g, void *memory, bool copy)
{
  struct graph_storage *s = (struct graph_storage *)g; /* the graph is its first member */
  unsigned char *at = memory;
  int k = 0; /* constants are owned in the order of values: the search is one round in all */
  assert((uintptr_t)memory % ARENA_ALIGN == 0);
  for (int i = 0; i < g->n_values; i++) {
    struct value *v = &s->values[i];
    const int64_t room = room_of(v);
    const real *old = v->is.data;
    if (!room) continue;
    if (copy) move(at, old, shape_count(&v->is.shape) * (int64_t)sizeof(real));
    v->is.data = (const real *)(const void *)at;
    disown(s, old, &k);
    at += room;
  }
}

err graph_gather_weights(struct graph *g)
{
  struct graph_storage *s = (struct graph_storage *)g;
  const int64_t bytes = graph_weight_room(g);
  if (!bytes || s->gathered) return ERR_OK;
  s->gathered = arena_alloc((size_t)bytes);
  CHECK(s->gathered, ERR_MEMORY, "no memory for %.1f MiB of weights", (double)bytes / 1048576.0);
  graph_move_weights(g, s->gathered, true);
  return ERR_OK;
}

void graph_release_weights(struct graph *g, int value, bool shared)
{
  struct graph_storage *s = (struct graph_storage *)g;
  struct value *v = &s->values[value];
  const size_t bytes = (size_t)shape_count(&v->is.shape) * sizeof(real);
  arena_release((void *)v->is.data, bytes, shared);
  v->is.data = NULL;
}
