/** @file
 *  From options to model, data set and plan. */
#include "jobs/setup.h"

#include "core/product.h"
#include "core/select.h"
#include "jobs/memory.h"
#include "jobs/size.h"
#include "pipeline/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *setup_recipe_path(const char *model, const char *given, char *text, int bytes)
{
  if (given) return given;
  const char *dot = strrchr(model, '.'), *slash = strrchr(model, '/');
  const int stem = dot && (!slash || dot > slash) ? (int)(dot - model) : (int)strlen(model);
  (void)snprintf(text, (size_t)bytes, "%.*s.json", stem, model);
  return access(text, F_OK) ? NULL : text;
}

/** Options that change the recipe, by the names that recipe_set knows. */
static err change_recipe(struct recipe *r, const struct options *o)
{
  static const char *const names[] = {"classes", "resize", "filter",        "crop", "scale",
                                      "mean",    "std",    "channel-order", "exif"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (options_given(o, names[i])) TRY(recipe_set(r, names[i], options_text(o, names[i])));
  return ERR_OK;
}

err setup_graph(struct setup *s, const struct options *o)
{
  struct onnx_options how = {.output = options_text(o, "output"), .notes = &s->notes};
  s->model_path = options_text(o, "model");
  CHECK(s->model_path, ERR_USAGE, "which model? give --model FILE.onnx");
  if (options_text(o, "size"))
    TRY(size_read("--size", options_text(o, "size"), &how.height, &how.width));
  TRY(onnx_read(s->model_path, &how, &s->graph));
  return ERR_OK;
}

err setup_model(struct setup *s, const struct options *o)
{
  char beside[4096];
  TRY(setup_graph(s, o));
  TRY(dataset_file_sha256(s->model_path, s->model_sha256));
  const char *json =
      setup_recipe_path(s->model_path, options_text(o, "recipe"), beside, sizeof beside);
  TRY(recipe_read(json, &s->graph->values[s->graph->input].is.shape, s->graph->classes,
                  &s->recipe));
  TRY(change_recipe(&s->recipe, o));
  return ERR_OK;
}

/** All ranks must have read the same list: files may come and go while they look. */
static err same_data(const struct dataset *d)
{
  char first[65];
  CHECK(comm_same(dataset_sha256(d), first, sizeof first), ERR_INPUT,
        "the data set looks different from here than from rank 0: are files being added, or is a "
        "file system not shared?");
  return ERR_OK;
}

/** The bits of a study depend on the kernels, so all ranks must run the same. */
static err same_kernels(void)
{
  char first[128];
  CHECK(comm_same(product_family(), first, sizeof first), ERR_MISMATCH,
        "this rank's kernels are %s, rank 0's are %s: with --blas-core, name one that every node "
        "supports (Haswell on CPUs with AVX2, SkylakeX on CPUs with AVX-512)",
        product_family(), first);
  return ERR_OK;
}

static err same_model(const char *sha256)
{
  char first[65];
  CHECK(comm_same(sha256, first, sizeof first), ERR_MISMATCH,
        "the model looks different from here than from rank 0: is a file system not shared?");
  return ERR_OK;
}

/** Hold the weights once per node.  Nobody reads them before the node's first rank has moved them. */
static err share_weights(struct setup *s)
{
  s->loading_bytes = memory_now().anonymous;
  if (comm_size() == 1) return ERR_OK;
  TRY(comm_agree(shared_make(comm_world(), graph_weight_room(s->graph), &s->weights)));
  void *memory = shared_memory(s->weights);
  if (!memory) return ERR_OK;
  graph_move_weights(s->graph, memory, shared_leads(s->weights));
  memory_trim();
  shared_settle(s->weights);
  return ERR_OK;
}

err setup_ranks(struct setup *s)
{
  TRY(comm_agree(same_kernels()));
  TRY(comm_agree(same_model(s->model_sha256)));
  TRY(share_weights(s));
  return ERR_OK;
}

err setup_data(struct setup *s, const struct options *o)
{
  s->data_path = options_text(o, "data");
  err e = ERR_OK;
  if (!s->data_path) {
    e = FAIL(ERR_USAGE, "which images? give --data FOLDER, MANIFEST.csv or FILE.h5");
  } else if (options_int(o, "limit") < 0) {
    e = FAIL(ERR_USAGE, "--limit must not be negative");
  } else {
    e = dataset_open(s->data_path, &s->recipe, options_int(o, "limit"), &s->data);
  }
  TRY(comm_agree(e));
  TRY(comm_agree(same_data(s->data)));
  return ERR_OK;
}

/** wanted[tap][method]: chosen layers, less those at which a method does not live. */
static err choose_cells(struct setup *s, const bool *chosen)
{
  const int n = s->n_methods;
  s->wanted = calloc((size_t)s->graph->n_taps * (size_t)n, sizeof *s->wanted);
  CHECK(s->wanted, ERR_MEMORY, "no memory for %d layers", s->graph->n_taps);
  for (int m = 0; m < n; m++) {
    bool somewhere = false;
    for (int t = 0; t < s->graph->n_taps; t++) {
      if (chosen[t] && (t == 0 || !s->methods[m].input_only))
        s->wanted[t * n + m] = somewhere = true;
    }
    CHECK(somewhere, ERR_USAGE, "method '%s' lives at the input: add 'input' to --layers",
          s->methods[m].given);
  }
  return ERR_OK;
}

static err choose_layers(struct setup *s, const struct options *o)
{
  int n = 0;
  const char *const *patterns = options_list(o, "layers", &n);
  bool *chosen = calloc((size_t)s->graph->n_taps, sizeof *chosen);
  CHECK(chosen, ERR_MEMORY, "no memory for %d layers", s->graph->n_taps);
  err e = select_taps(s->graph, patterns, n, chosen);
  if (!e) e = choose_cells(s, chosen);
  free(chosen);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

err setup_plan(struct setup *s, const struct options *o)
{
  int n = 0;
  const char *const *words = options_list(o, "methods", &n);
  TRY(setup_plan_of(s, o, words, n));
  return ERR_OK;
}

/** What to compute, but for the plan. */
static err choose(struct setup *s, const struct options *o, const char *const *methods,
                  int n_methods)
{
  int n = 0;
  TRY(method_expand(methods, n_methods, &s->methods, &s->n_methods));
  TRY(choose_layers(s, o));
  const char *const *words = options_list(o, "targets", &n);
  TRY(target_expand(words, n, &s->recipe, s->data, s->graph->classes, &s->targets, &s->n_targets));
  const int64_t unit = options_int(o, "unit");
  CHECK(unit >= 0 && unit <= 4096, ERR_USAGE, "--unit %lld: give 1 to 4096 samples, or 0",
        (long long)unit);
  s->unit = unit ? (int)unit : plan_unit_size(s->graph);
  s->first = 0;
  s->count = s->data ? dataset_count(s->data) : 0;
  return ERR_OK;
}

/** What transformed weights replace; where ranks share it, the one that leads its node lets it go. */
static void release_weights(struct setup *s)
{
  const bool shared = shared_memory(s->weights) != NULL;
  if (shared && !shared_leads(s->weights)) return;
  plan_release_constants(s->plan, s->graph, shared);
}

err setup_plan_of(struct setup *s, const struct options *o, const char *const *methods,
                  int n_methods)
{
  const bool plain = !options_flag(o, "winograd");
  int64_t bytes = 0;
  TRY(comm_agree(shared_memory(s->weights) ? ERR_OK : graph_gather_weights(s->graph)));
  TRY(comm_agree(choose(s, o, methods, n_methods)));
  TRY(comm_agree(plan_prepared_bytes(s->graph, s->unit, plain, &bytes)));
  if (comm_size() > 1) TRY(comm_agree(shared_make(comm_world(), bytes, &s->prepared)));
  const struct plan_request r = {.graph = s->graph,
                                 .batch = s->unit,
                                 .n_targets = s->n_targets,
                                 .n_methods = s->n_methods,
                                 .methods = s->methods,
                                 .wanted = s->wanted,
                                 .plain = plain,
                                 .prepared = shared_memory(s->prepared),
                                 .prepared_elsewhere = !shared_leads(s->prepared)};
  TRY(comm_agree(plan_make(&r, &s->plan)));
  shared_settle(s->prepared);
  release_weights(s);
  return ERR_OK;
}

void setup_free(struct setup *s)
{
  plan_free(&s->plan);
  free(s->wanted);
  free(s->targets);
  free(s->methods);
  dataset_close(&s->data);
  recipe_free(&s->recipe);
  graph_free(&s->graph);
  shared_free(&s->prepared);
  shared_free(&s->weights);
}
