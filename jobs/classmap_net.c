/** @file
 *  Networks of class maps. */
#include "jobs/classmap_net.h"

#include "core/arena.h"
#include "core/initialise.h"
#include "core/stage.h"
#include "jobs/setup_class.h"

#include <stdlib.h>

void classmap_net_free(struct classmap_net *n)
{
  class_map_free(&n->map);
  class_engine_free(&n->engine);
  if (n->stages) plan_free(&n->plan);
  class_cells_free(&n->cells);
  if (n->stages) graph_free(&n->graph);
  free(n->weights);
  *n = (struct classmap_net){0};
}

/** The model once more, its weights where they may be written to. */
static err read_again(const struct classmap *c, struct classmap_net *n)
{
  struct setup again = {0};
  const err e = setup_graph(&again, c->options);
  onnx_notes_free(&again.notes);
  if (e) return err_trace(e, __FILE__, __LINE__);
  n->graph = again.graph;
  n->weights = arena_alloc((size_t)graph_weight_room(n->graph));
  CHECK(n->weights, ERR_MEMORY, "no memory for a second copy of the weights, %.1f MB",
        (double)n->graph->weight_bytes / 1e6);
  graph_move_weights(n->graph, n->weights, true);
  return ERR_OK;
}

static err randomise(const struct classmap *c, struct classmap_net *n)
{
  const struct initialise_use how = {.how = initialise_find("kaiming")};
  struct stage *stages = NULL;
  int all = 0;
  TRY(stage_list(n->graph, &stages, &all));
  const int some = n->stages == CLASSMAP_ALL_STAGES || n->stages > all ? all : n->stages;
  stage_randomise(n->graph, stages, some, &how, c->variants[0].images.seed);
  free(stages);
  return ERR_OK;
}

static err make_plan(const struct classmap *c, struct classmap_net *n)
{
  int tap = -1;
  TRY(setup_last_conv(n->graph, &tap));
  TRY(class_cells_make(n->graph, tap, &n->cells));
  const struct plan_request r = {.graph = n->graph,
                                 .batch = c->setup->unit,
                                 .n_targets = 1,
                                 .n_methods = n->cells.n_methods,
                                 .methods = n->cells.methods,
                                 .wanted = n->cells.wanted,
                                 .plain = !options_flag(c->options, "winograd")};
  TRY(plan_make(&r, &n->plan));
  plan_release_constants(n->plan, n->graph, false);
  return ERR_OK;
}

static err make(const struct classmap *c, struct classmap_net *n)
{
  if (n->stages) {
    TRY(read_again(c, n));
    TRY(randomise(c, n));
    TRY(make_plan(c, n));
  } else {
    n->plan = c->setup->plan;
  }
  TRY(class_engine_make(n->plan, &c->scale, &n->engine));
  TRY(class_map_make(n->engine, &c->scale, c->height, c->width, &c->set, &n->map));
  return ERR_OK;
}

err classmap_net_make(const struct classmap *c, int stages, struct classmap_net *n)
{
  if (n->map && n->stages == stages) return ERR_OK;
  classmap_net_free(n);
  n->stages = stages;
  const err e = make(c, n);
  if (e) {
    classmap_net_free(n);
    return err_trace(e, __FILE__, __LINE__);
  }
  return ERR_OK;
}
