/** @file
 *  From options to model, data set and plan. */
#include "jobs/setup.h"

#include "core/product.h"
#include "jobs/memory.h"
#include "jobs/setup_sizes.h"
#include "jobs/size.h"
#include "jobs/weights.h"
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
  int n = 0;
  const char *const *views = options_list(o, "view", &n);
  for (int i = 0; i < n; i++) TRY(recipe_set_view(r, views[i]));
  return ERR_OK;
}

/** The input space that a view asks for. */
static err input_space(const struct options *o, struct onnx_options *how)
{
  struct recipe r = {0};
  int n = 0;
  const char *const *views = options_list(o, "view", &n);
  for (int i = 0; i < n; i++)
    if (!strncmp(views[i], "rescale", 7)) TRY(recipe_set_view(&r, views[i]));
  how->factor = r.view.factor;
  how->offset = r.view.offset;
  return ERR_OK;
}

static err read_graph(const struct options *o, struct onnx_options how, struct onnx_notes *notes,
                      struct graph **out)
{
  how.output = options_text(o, "output");
  how.notes = notes;
  CHECK(options_text(o, "model"), ERR_USAGE, "which model? give --model FILE.onnx");
  if (options_text(o, "size"))
    TRY(size_read("--size", options_text(o, "size"), &how.height, &how.width));
  TRY(onnx_read(options_text(o, "model"), &how, out));
  return ERR_OK;
}

err setup_read(const struct options *o, struct onnx_notes *notes, struct graph **out)
{
  struct onnx_options how = {0};
  TRY(input_space(o, &how));
  TRY(read_graph(o, how, notes, out));
  return ERR_OK;
}

err setup_read_at(const struct options *o, const int extent[2], struct graph **out)
{
  struct onnx_options how = {.height = extent[0], .width = extent[1]};
  TRY(input_space(o, &how));
  how.output = options_text(o, "output");
  TRY(onnx_read(options_text(o, "model"), &how, out));
  return ERR_OK;
}

err setup_graph(struct setup *s, const struct options *o)
{
  s->model_path = options_text(o, "model");
  return read_graph(o, (struct onnx_options){0}, &s->notes, &s->graph);
}

static bool is_mosaic(const struct options *o)
{
  int n = 0;
  const char *const *views = options_list(o, "view", &n);
  for (int i = 0; i < n; i++)
    if (!strncmp(views[i], "mosaic", 6)) return true;
  return false;
}

err setup_model(struct setup *s, const struct options *o)
{
  char beside[4096];
  s->model_path = options_text(o, "model");
  TRY(setup_read(o, &s->notes, &s->graph));
  TRY(dataset_file_sha256(s->model_path, s->model_sha256));
  const char *json =
      setup_recipe_path(s->model_path, options_text(o, "recipe"), beside, sizeof beside);
  const struct shape *input = &s->graph->values[s->graph->input].is.shape;
  TRY((is_mosaic(o) ? recipe_read_large : recipe_read)(json, input, s->graph->classes, &s->recipe));
  TRY(change_recipe(&s->recipe, o));
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

/** Rank 0 reads the files of weights; the others look whether theirs are as large. */
err setup_weights(struct setup *s)
{
  char sizes[65] = "", first[65];
  int64_t bytes = 0;
  if (!s->notes.weight_files) return ERR_OK;
  err e = weights_sizes(s->model_path, s->notes.weight_files, sizes);
  if (!e && comm_rank() == 0)
    e = weights_sums(s->model_path, s->notes.weight_files, &s->weights_sha256);
  TRY(comm_agree(e));
  e = ERR_OK;
  if (!comm_same(sizes, first, sizeof first)) {
    e = FAIL(ERR_MISMATCH,
             "the model's external data look different from here than from rank 0: is "
             "a file system not shared?");
  }
  TRY(comm_agree(e));
  if (comm_rank() == 0) bytes = (int64_t)strlen(s->weights_sha256) + 1;
  comm_share(&bytes, sizeof bytes);
  if (comm_rank() != 0) s->weights_sha256 = malloc((size_t)bytes);
  TRY(comm_agree(s->weights_sha256 ? ERR_OK : FAIL(ERR_MEMORY, "no memory for checksums")));
  comm_share(s->weights_sha256, bytes);
  return ERR_OK;
}

static err read_list(struct setup *s, const struct options *o)
{
  CHECK(s->data_path, ERR_USAGE, "which images? give --data FOLDER, MANIFEST.csv or FILE.h5");
  CHECK(options_int(o, "limit") >= 0, ERR_USAGE, "--limit must not be negative");
  return dataset_open(s->data_path, &s->recipe, options_int(o, "limit"), &s->data);
}

/** Hand the list of rank 0 to all ranks. */
static err share_list(struct setup *s)
{
  const void *from = NULL, *list = NULL;
  int64_t bytes = 0;
  if (s->data) from = dataset_list(s->data, &bytes);
  comm_share(&bytes, sizeof bytes);
  TRY(comm_agree(shared_spread(comm_world(), from, bytes, &s->list, &s->own_list, &list)));
  if (s->data) dataset_move_list(s->data, list);
  err e = s->data ? ERR_OK : dataset_open_list(s->data_path, &s->recipe, list, &s->data);
  TRY(comm_agree(e));
  memory_trim();
  return ERR_OK;
}

/** A file of the list, another one on each rank, seen from here. */
static err look_at_one(const struct setup *s)
{
  const int64_t i = (int64_t)((double)comm_rank() / comm_size() * (double)dataset_count(s->data));
  CHECK(
      dataset_unchanged(s->data, i), ERR_INPUT,
      "%s of the data set looks different from here than from rank 0: are files being changed, or "
      "is a file system not shared?",
      dataset_sample(s->data, i).path);
  return ERR_OK;
}

err setup_data(struct setup *s, const struct options *o)
{
  s->data_path = options_text(o, "data");
  s->brief = comm_rank() != 0;
  TRY(comm_agree(comm_rank() == 0 ? read_list(s, o) : ERR_OK));
  setup_say_pixels(s, o);
  if (comm_size() == 1) return ERR_OK;
  TRY(share_list(s));
  TRY(comm_agree(look_at_one(s)));
  return ERR_OK;
}

err setup_plan(struct setup *s, const struct options *o)
{
  int n = 0;
  const char *const *words = options_list(o, "methods", &n);
  TRY(setup_plan_of(s, o, words, n));
  return ERR_OK;
}

err setup_unit(struct setup *s, const struct options *o)
{
  const int64_t unit = options_int(o, "unit");
  CHECK(unit >= 0 && unit <= 4096, ERR_USAGE, "--unit %lld: give 1 to 4096 samples, or 0",
        (long long)unit);
  s->unit = unit ? (int)unit : plan_unit_size(s->graph);
  return ERR_OK;
}

/** What to compute, but for the plan; the methods are there. */
static err choose(struct setup *s, const struct options *o)
{
  int n = 0;
  TRY(setup_cells(s, o));
  const char *const *words = options_list(o, "targets", &n);
  TRY(target_expand(words, n, &s->recipe, s->data, s->graph->classes, &s->targets, &s->n_targets));
  for (int t = 0; t < s->n_targets; t++) s->targets[t].seed = s->seed;
  TRY(setup_unit(s, o));
  s->first = 0;
  s->count = s->data ? dataset_count(s->data) : 0;
  return ERR_OK;
}

/** What transformed weights replace; where ranks share it, the one that leads its node lets it go. */
static void release_weights(const struct plan *plan, struct graph *g, const struct shared *weights)
{
  const bool shared = shared_memory(weights) != NULL;
  if (shared && !shared_leads(weights)) return;
  plan_release_constants(plan, g, shared);
}

void setup_input_range(struct setup *s)
{
  const struct recipe *r = &s->recipe;
  for (int c = 0; c < r->channels; c++) {
    const double black = -r->mean[c] / r->std[c],
                 white = (255.0 * r->scale - r->mean[c]) / r->std[c];
    s->low[c] = (real)(black < white ? black : white);
    s->high[c] = (real)(black < white ? white : black);
  }
}

struct plan_request setup_request(const struct setup *s, const struct options *o)
{
  return (struct plan_request){.graph = s->graph,
                               .batch = s->unit,
                               .n_targets = s->n_targets,
                               .n_methods = s->n_methods,
                               .methods = s->methods,
                               .wanted = s->wanted,
                               .layers = s->over,
                               .layer_weights = s->layer_weights,
                               .plain = !options_flag(o, "winograd"),
                               .seed = s->seed,
                               .baselines = s->baselines,
                               .n_baselines = s->n_baselines,
                               .input_low = s->low,
                               .input_high = s->high,
                               .resume = s->resume};
}

err setup_make_plan(struct plan_request r, struct graph *g, const struct shared *weights,
                    struct shared **prepared, struct plan **out)
{
  int64_t bytes = 0;
  TRY(comm_agree(plan_prepared_bytes(&r, &bytes)));
  if (comm_size() > 1) TRY(comm_agree(shared_make(comm_world(), bytes, prepared)));
  r.prepared = shared_memory(*prepared);
  r.prepared_elsewhere = !shared_leads(*prepared);
  TRY(comm_agree(plan_make(&r, out)));
  shared_settle(*prepared);
  release_weights(*out, g, weights);
  return ERR_OK;
}

err setup_plan_chosen(struct setup *s, const struct options *o)
{
  TRY(comm_agree(shared_memory(s->weights) ? ERR_OK : graph_gather_weights(s->graph)));
  setup_input_range(s);
  TRY(setup_make_plan(setup_request(s, o), s->graph, s->weights, &s->prepared, &s->plan));
  return ERR_OK;
}

err setup_plan_of(struct setup *s, const struct options *o, const char *const *methods,
                  int n_methods)
{
  TRY(comm_agree(method_expand(methods, n_methods, &s->methods, &s->n_methods)));
  TRY(setup_sizes(s, o));
  TRY(comm_agree(choose(s, o)));
  TRY(setup_plan_chosen(s, o));
  return ERR_OK;
}

void setup_free(struct setup *s)
{
  plan_free(&s->plan);
  free(s->baselines);
  free(s->layer_weights);
  free(s->over);
  free(s->resume);
  free(s->left_out);
  free(s->wanted);
  free(s->targets);
  free(s->methods);
  dataset_close(&s->data);
  recipe_free(&s->recipe);
  graph_free(&s->graph);
  shared_free(&s->list);
  free(s->own_list);
  onnx_notes_free(&s->notes);
  free(s->weights_sha256);
  shared_free(&s->prepared);
  shared_free(&s->weights);
}
