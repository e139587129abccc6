/** @file
 *  The network with fresh weights. */
#include "jobs/twin.h"

#include "jobs/memory.h"
#include "pipeline/comm.h"

/** Put the constants where they may be written to; *fills: this rank does so for its node. */
static err move_weights(struct twin *t, bool *fills)
{
  void *memory = NULL;
  if (comm_size() > 1)
    TRY(comm_agree(shared_make(comm_world(), graph_weight_room(t->graph), &t->weights)));
  memory = shared_memory(t->weights);
  *fills = !memory || shared_leads(t->weights);
  if (!memory) return comm_agree(graph_gather_weights(t->graph));
  graph_move_weights(t->graph, memory, *fills);
  memory_trim();
  return ERR_OK;
}

err twin_make(struct twin *t, const struct setup *s, const struct options *o,
              const struct stage *stages, int n, const struct initialise_use *how)
{
  bool fills = false;
  TRY(comm_agree(setup_read(o, &t->notes, &t->graph)));
  TRY(move_weights(t, &fills));
  if (fills) stage_randomise(t->graph, stages, n, how, s->seed);
  shared_settle(t->weights);
  struct plan_request r = setup_request(s, o);
  r.graph = t->graph;
  TRY(setup_make_plan(r, t->graph, t->weights, &t->prepared, &t->plan));
  return ERR_OK;
}

void twin_free(struct twin *t)
{
  plan_free(&t->plan);
  graph_free(&t->graph);
  onnx_notes_free(&t->notes);
  shared_free(&t->prepared);
  shared_free(&t->weights);
}
