/** @file
 *  Job `weigh`: weights of layers for methods over a set of layers, measured over a data set. */
#include "core/blas.h"
#include "core/select.h"
#include "jobs/job.h"
#include "jobs/weigh_file.h"
#include "pipeline/comm.h"

#include <stdlib.h>

static const struct option options[] = {
    SETUP_MODEL_OPTIONS,
    SETUP_LIMITS_OPTION,
    SETUP_DATA_OPTIONS,
    {"layers", OPTION_LIST, ROLE_SETTING, "LIST", "convs",
     "The layers: names, globs, operator types, indices, all, convs, input, last, last_conv."},
    {"method", OPTION_TEXT, ROLE_SETTING, "NAME", "normgrad",
     "The method whose pointing accuracy is measured, where the data set has boxes."},
    {"unit", OPTION_INT, ROLE_SETTING, "N", "0",
     "Samples computed together; 0: chosen from the model."},
    {"out", OPTION_TEXT, ROLE_RUN, "FILE", NULL,
     "The JSON file to write, for --combination-weights."},
    {"single", OPTION_FLAG, ROLE_RUN, NULL, "false",
     "One rank is meant, although Slurm gives several tasks."},
    {0},
};

static void release(struct weigh *w)
{
  for (int i = 0; w->layer && i < w->n_layers; i++) {
    free(w->layer[i].features);
    free(w->layer[i].spread);
    free(w->layer[i].point);
  }
  free(w->layer);
  tape_free(&w->tape);
  plan_free(&w->plan);
  free(w->slots);
  free(w->label);
  free(w->mean);
  free(w->up);
  setup_free(&w->setup);
}

/** The tap of what makes a tap reads first; -1: nothing. */
static int tap_before(const struct graph *g, int tap)
{
  const int producer = g->values[g->taps[tap]].producer;
  for (int k = 0; producer >= 0 && k < g->nodes[producer].n_in; k++) {
    const int v = g->nodes[producer].in[k];
    if (v >= 0 && g->values[v].tap >= 0) return g->values[v].tap;
  }
  return -1;
}

/** The plan, whose transformed weights a node holds once.  Collective. */
static err make_shared(struct weigh *w, const struct plan_request *r)
{
  struct setup *s = &w->setup;
  TRY(comm_agree(shared_memory(s->weights) ? ERR_OK : graph_gather_weights(s->graph)));
  TRY(setup_make_plan(*r, s->graph, s->weights, &s->prepared, &w->plan));
  return ERR_OK;
}

/** wanted [n_taps][2]: the map that points, and a cell that keeps activations, at every layer and before. */
static err make_plan(struct weigh *w, const struct options *o, const bool *chosen, bool *wanted)
{
  struct setup *s = &w->setup;
  const char *const names[] = {options_text(o, "method"), "gradient/scaling/norm"};
  struct method *m = NULL;
  int n = 0;
  TRY(method_expand(names, 2, &m, &n));
  const bool fine =
      n == 2 && !m[0].combination.combination && !m[0].meta.on && !m[0].average.average;
  for (int t = 0; t < s->graph->n_taps && fine; t++) {
    const int before = tap_before(s->graph, t);
    if (!chosen[t]) continue;
    wanted[2 * (size_t)t] = plan_lives_at(s->graph, &m[0], t);
    wanted[2 * (size_t)t + 1] = true;
    if (before >= 0) wanted[2 * (size_t)before + 1] = true;
  }
  setup_input_range(s);
  const struct plan_request r = {.graph = s->graph,
                                 .batch = s->unit,
                                 .n_targets = 1,
                                 .n_methods = 2,
                                 .methods = m,
                                 .wanted = wanted,
                                 .input_low = s->low,
                                 .input_high = s->high};
  const err e = fine ? make_shared(w, &r)
                     : FAIL(ERR_USAGE,
                            "--method %s: one method at a layer is wanted, without average, "
                            "combination or step",
                            names[0]);
  free(m);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** What is kept of every layer. */
static err make_layers(struct weigh *w, const bool *chosen)
{
  const struct graph *g = w->setup.graph;
  const struct plan *p = w->plan;
  const size_t n = (size_t)dataset_count(w->setup.data);
  int most = 1;
  w->layer = calloc((size_t)p->n_taps + 1, sizeof *w->layer);
  CHECK(w->layer, ERR_MEMORY, "no memory for %d layers", p->n_taps);
  for (int t = 0; t < p->n_taps; t++) {
    most = p->taps[t].channels > most ? p->taps[t].channels : most;
    if (!chosen[p->taps[t].tap]) continue;
    const int before = tap_before(g, p->taps[t].tap);
    struct weigh_layer *l = &w->layer[w->n_layers++];
    l->tap = t;
    l->in = before < 0 ? -1 : p->tap_of_value[g->taps[before]];
    l->features = calloc(n * (size_t)p->taps[t].channels, sizeof *l->features);
    l->spread = calloc(2 * n, sizeof *l->spread);
    l->point = calloc(n, sizeof *l->point);
    CHECK(l->features && l->spread && l->point, ERR_MEMORY, "no memory for features of %zu samples",
          n);
  }
  const struct shape *x = &g->values[g->input].is.shape;
  w->mean = calloc((size_t)most, sizeof *w->mean);
  w->up = calloc((size_t)shape_inner(x), sizeof *w->up);
  w->label = calloc(n, sizeof *w->label);
  w->slots = calloc((size_t)w->setup.unit, sizeof *w->slots);
  CHECK(w->mean && w->up && w->label && w->slots, ERR_MEMORY, "no memory for a unit");
  return ERR_OK;
}

static err prepare(struct weigh *w, const struct options *o)
{
  struct setup *s = &w->setup;
  int n = 0;
  const char *const *patterns = options_list(o, "layers", &n);
  TRY(options_need(o, "out"));
  TRY(setup_tasks(o));
  TRY(comm_agree(setup_model(s, o)));
  TRY(setup_ranks(s));
  TRY(setup_data(s, o));
  const int64_t unit = options_int(o, "unit");
  CHECK(unit >= 0 && unit <= 4096, ERR_USAGE, "--unit %lld: give 1 to 4096 samples, or 0",
        (long long)unit);
  s->unit = unit ? (int)unit : plan_unit_size(s->graph);
  bool *chosen = calloc(3 * (size_t)s->graph->n_taps, sizeof *chosen);
  CHECK(chosen, ERR_MEMORY, "no memory for %d layers", s->graph->n_taps);
  err e = select_taps(s->graph, patterns, n, chosen);
  if (!e) e = make_plan(w, o, chosen, chosen + s->graph->n_taps);
  if (!e) e = comm_agree(make_layers(w, chosen));
  free(chosen);
  if (e) return err_trace(e, __FILE__, __LINE__);
  TRY(comm_agree(tape_make(w->plan, &w->tape)));
  tape_set_watch(w->tape, (struct tape_watch){.who = w, .see = weigh_see});
  return ERR_OK;
}

static err weigh(struct weigh *w, const struct options *o)
{
  TRY(prepare(w, o));
  TRY(weigh_pass(w));
  CHECK(weigh_counted(w) >= 4, ERR_USAGE,
        "%lld samples have an image and a label: 4 at least are wanted",
        (long long)weigh_counted(w));
  TRY(comm_agree(comm_rank() == 0 ? weigh_write(w, o) : ERR_OK));
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct weigh w = {0};
  *exit_code = EXIT_DONE;
  blas_single_thread();
  const err e = weigh(&w, o);
  release(&w);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_weigh = {
    .name = "weigh",
    .summary = "measure weights of layers for methods over a set of layers",
    .usage = "retrograd weigh --model M.onnx --data D --layers LIST --out W.json\n"
             "  retrograd attribute ... --methods 'layers_sum(weights=accuracy)' "
             "--combination-weights W.json",
    .about = "Over the labelled samples of a data set, for each layer.  activation: feature "
             "spread, the mean over positions "
             "of |f_u - mean f|, f_u the feature vector at u over its length.  activation_in: the "
             "same of what the layer "
             "reads.  accuracy: of a linear classifier of the features' means over positions, "
             "least squares "
             "with a penalty, learned from every other sample of a class and tested on the rest.  "
             "pointing_accuracy: how often "
             "the maximum of --method's map at the layer, enlarged to the input, lies in the "
             "sample's box.  These are the "
             "program's definitions: the paper's code has numbers, not how they were made.",
    .parallel = true,
    .options = options,
    .run = run,
};
