/** @file
 *  Job `export`: maps as arrays for numpy, scores as CSV. */
#include "jobs/export.h"

#include "io/dataset.h"
#include "io/file.h"
#include "jobs/job.h"
#include "jobs/pick.h"
#include "jobs/pictures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    {"file", OPTION_TEXT, ROLE_RUN, "S.h5", NULL, "the study's HDF5 file"},
    {"npz", OPTION_TEXT, ROLE_RUN, "OUT.npz", NULL,
     "write the maps of one layer and one target: an array (n, 1, h, w) per method"},
    {"csv", OPTION_TEXT, ROLE_RUN, "OUT.csv", NULL,
     "write path, label, target class, score and prediction: a line per sample and target"},
    {"layer", OPTION_TEXT, ROLE_RUN, "NAME", NULL,
     "the layer of --npz: a name, index, input, last or last_conv; may be left out where there is "
     "one"},
    {"methods", OPTION_LIST, ROLE_RUN, "LIST", NULL,
     "methods of --npz: names, canonical forms or globs; default: all at that layer"},
    {"target", OPTION_TEXT, ROLE_RUN, "SLOT", NULL,
     "a target such as predicted; default: the first for --npz, all for --csv"},
    {"samples", OPTION_LIST, ROLE_RUN, "LIST", NULL,
     "numbers, ranges (0-7, 8-) and globs over paths; default: all"},
    {"upsample", OPTION_TEXT, ROLE_RUN, "none|input", "none",
     "scale the maps of --npz bilinearly to the model's input"},
    {"all", OPTION_FLAG, ROLE_RUN, NULL, NULL,
     "also samples that are pending or were skipped; their maps are NaN"},
    {0},
};

/** Exactly one layer. */
static err choose_layer(const struct view *v, const char *pattern, int *layer)
{
  bool *chosen = malloc((size_t)v->n_layers * sizeof *chosen);
  int n = 0;

  CHECK(chosen, ERR_MEMORY, "no memory for %d layers", v->n_layers);
  const err e = pick_layers(v, &pattern, pattern ? 1 : 0, chosen);
  for (int i = v->n_layers - 1; i >= 0 && !e; i--) {
    if (!chosen[i]) continue;
    *layer = i;
    n++;
  }
  free(chosen);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (pattern) {
    CHECK(n == 1, ERR_USAGE, "--layer %s means %d layers of %s; arrays hold one", pattern, n,
          v->path);
  }
  CHECK(n == 1, ERR_USAGE,
        "which of the %d layers of %s? give --layer (retrograd inspect --all lists them)", n,
        v->path);
  return ERR_OK;
}

/** Extents of the model's input, by the configuration or the layer `input`. */
static err input_size(struct view *v, int *height, int *width)
{
  if (pictures_frame(v, height, width)) return ERR_OK;
  for (int i = 0; i < v->n_layers; i++) {
    if (v->layer_index[i] != 0) continue;
    *height = v->layer_shape[3 * i + 1];
    *width = v->layer_shape[3 * i + 2];
    return ERR_OK;
  }
  return FAIL(ERR_INPUT,
              "%s does not say how large the model's input is: export without --upsample", v->path);
}

static err write_npz(const struct export *x, const struct options *o, int target, bool *chosen)
{
  struct export_arrays a = {.target = target, .methods = chosen};
  const char *upsample = options_text(o, "upsample"), *path = options_text(o, "npz");
  int n = 0;
  const char *const *patterns = options_list(o, "methods", &n);

  CHECK(!strcmp(upsample, "none") || !strcmp(upsample, "input"), ERR_USAGE,
        "--upsample: '%s' is neither none nor input", upsample);
  TRY(choose_layer(x->view, options_text(o, "layer"), &a.layer));
  TRY(pick_methods(x->view, patterns, n, chosen));
  if (!strcmp(upsample, "input")) TRY(input_size(x->view, &a.height, &a.width));
  TRY(export_npz(x, &a, path));
  printf("%s: %" PRId64 " samples at layer %s, target %s, %.1f MB\n", path, x->n,
         x->view->layer[a.layer], x->view->target[target], (double)file_bytes(path) / 1e6);
  return ERR_OK;
}

static err write_files(const struct export *x, const struct options *o)
{
  const char *name = options_text(o, "target"), *csv = options_text(o, "csv");
  int target = 0;
  err e = ERR_OK;

  TRY(pick_target(x->view, name, &target));
  if (options_text(o, "npz")) {
    bool *chosen = malloc((size_t)x->view->n_methods * sizeof *chosen);
    e = chosen ? write_npz(x, o, target, chosen) : FAIL(ERR_MEMORY, "no memory for methods");
    free(chosen);
  }
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (!csv) return ERR_OK;
  TRY(export_csv(x, name ? target : -1, csv));
  printf("%s: %" PRId64 " samples\n", csv, x->n);
  return ERR_OK;
}

/** Numbers of the samples that go out: chosen, and done unless all are wanted. */
static err list_samples(struct export *x, const struct options *o, int64_t *list)
{
  const struct view *v = x->view;
  int n = 0;
  const char *const *patterns = options_list(o, "samples", &n);
  bool *chosen = malloc((size_t)v->n_samples * sizeof *chosen);

  CHECK(chosen, ERR_MEMORY, "no memory for %" PRId64 " samples", v->n_samples);
  const err e = pick_samples(v, patterns, n, chosen);
  for (int64_t i = 0; i < v->n_samples && !e; i++)
    if (chosen[i] && (v->status[i] == SAMPLE_DONE || options_flag(o, "all"))) list[x->n++] = i;
  free(chosen);
  if (e) return err_trace(e, __FILE__, __LINE__);
  CHECK(x->n, ERR_INPUT, "%s: none of the samples asked for is done; --all exports the others too",
        v->path);
  x->sample = list;
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct export x = {0};

  *exit_code = EXIT_DONE;
  TRY(options_need(o, "file"));
  CHECK(options_text(o, "npz") || options_text(o, "csv"), ERR_USAGE,
        "what is to be written? give --npz OUT.npz, --csv OUT.csv, or both");
  TRY(view_open(options_text(o, "file"), &x.view));
  int64_t *list = malloc((size_t)x.view->n_samples * sizeof *list);
  err e = list ? list_samples(&x, o, list) : FAIL(ERR_MEMORY, "no memory for the samples");
  if (!e) e = write_files(&x, o);
  free(list);
  view_close(&x.view);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_export = {
    .name = "export",
    .summary = "write maps as numpy arrays and scores as CSV",
    .usage = "retrograd export S.h5 --npz OUT.npz [--layer L] [--target SLOT] [--csv OUT.csv]",
    .about =
        "The archive holds an array (n, 1, h, w) of float32 per method, named after it with all "
        "but "
        "letters, digits, '.', '_' and '-' as '_'; and y (labels, -1: none), c (classes of the "
        "target, -1: none), logits, sample (numbers in the study), path and status.  Maps of "
        "samples "
        "without that target are NaN.  Files that exist are not replaced.",
    .bare = "file",
    .options = options,
    .run = run,
};
