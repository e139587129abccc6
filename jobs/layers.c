/** @file
 *  Job `layers`: every tap of a model. */
#include "core/graph.h"
#include "io/onnx.h"
#include "jobs/job.h"
#include "jobs/print.h"
#include "jobs/size.h"

#include <inttypes.h>
#include <stdio.h>

static const struct option options[] = {
    {"model", OPTION_TEXT, ROLE_SETTING, "M.onnx", NULL, "The ONNX file."},
    {"size", OPTION_TEXT, ROLE_SETTING, "HxW", NULL,
     "Height and width of the input, such as 224x224 or 224: where the model leaves them open, or "
     "others than its own."},
    {"output", OPTION_TEXT, ROLE_SETTING, "NAME", NULL,
     "Name of the logits where the model has several outputs; by default what goes into a final "
     "softmax is taken."},
    {"reader-limits", OPTION_LIST, ROLE_RUN, "NAME=VALUE,...", NULL,
     "Other limits against hostile files than those that `retrograd limits` lists."},
    {0},
};

static const char *shape_of(const struct graph *g, int tap, char *text, int bytes)
{
  return shape_text(&g->values[g->taps[tap]].is.shape, "N", text, bytes);
}

static int64_t bytes_of(const struct graph *g, int tap)
{
  return shape_count(&g->values[g->taps[tap]].is.shape) * (int64_t)sizeof(real);
}

/** What stands in a column of text at one tap. */
typedef const char *cell(const struct graph *g, int tap, char *text, int bytes);

static const char *name_of(const struct graph *g, int tap, char *text, int bytes)
{
  (void)bytes;
  text[0] = 0;
  return g->values[g->taps[tap]].name;
}

static const char *op_of(const struct graph *g, int tap, char *text, int bytes)
{
  (void)bytes;
  text[0] = 0;
  return graph_value_op(g, g->taps[tap]);
}

/** Columns that a heading and all cells below it take. */
static int column_width(const struct graph *g, const char *heading, cell *of)
{
  char text[128];
  int wide = print_columns(heading);

  for (int t = 0; t < g->n_taps; t++) {
    const int n = print_columns(of(g, t, text, sizeof text));
    if (n > wide) wide = n;
  }
  return wide;
}

static void print_taps(const struct graph *g)
{
  static const struct {
    const char *heading;
    cell *of;
  } column[] = {{"name", name_of}, {"operator", op_of}, {"shape", shape_of}};
  enum { COLUMNS = sizeof column / sizeof *column };
  int wide[COLUMNS];
  char text[128];

  printf("%5s  ", "index");
  for (int k = 0; k < COLUMNS; k++) {
    wide[k] = column_width(g, column[k].heading, column[k].of);
    print_cell(column[k].heading, wide[k] + 2);
  }
  printf("%12s\n", "bytes/sample");
  for (int t = 0; t < g->n_taps; t++) {
    printf("%5d  ", t);
    for (int k = 0; k < COLUMNS; k++)
      print_cell(column[k].of(g, t, text, sizeof text), wide[k] + 2);
    printf("%12" PRId64 "\n", bytes_of(g, t));
  }
}

static void print_totals(const struct graph *g)
{
  int64_t bytes = 0;

  for (int t = 0; t < g->n_taps; t++) bytes += bytes_of(g, t);
  printf("%d taps of %" PRId64 " bytes/sample, %" PRId64 " parameters in %" PRId64
         " bytes, %d classes, opset %d\n",
         g->n_taps, bytes, g->weight_bytes / (int64_t)sizeof(real), g->weight_bytes, g->classes,
         g->opset);
}

static err run(const struct options *o, int *exit_code)
{
  struct onnx_notes notes;
  struct onnx_options how = {.output = options_text(o, "output"), .notes = &notes};
  struct graph *g = NULL;

  TRY(options_need(o, "model"));
  if (options_text(o, "size"))
    TRY(size_read("--size", options_text(o, "size"), &how.height, &how.width));
  TRY(onnx_read(options_text(o, "model"), &how, &g));
  print_taps(g);
  print_totals(g);
  if (notes.taken_off[0]) printf("the logits are what goes into %s\n", notes.taken_off);
  onnx_notes_free(&notes);
  graph_free(&g);
  *exit_code = EXIT_DONE;
  return ERR_OK;
}

const struct job job_layers = {
    .name = "layers",
    .summary = "list the taps of a model: index, name, operator, shape, bytes",
    .usage = "retrograd layers M.onnx [--size HxW] [--output NAME]",
    .about =
        "A tap is a value of the ONNX graph at which a map can be taken: the input image and the "
        "output of every node.  Any index, name, operator or glob of this list can be given "
        "to --layers of the job attribute.",
    .bare = "model",
    .options = options,
    .run = run,
};
