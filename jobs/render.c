/** @file
 *  Job `render`: the maps of a study as PNG panels. */
#include "jobs/render.h"

#include "io/dataset.h"
#include "jobs/job.h"
#include "jobs/pick.h"
#include "jobs/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct option options[] = {
    {"file", OPTION_TEXT, ROLE_RUN, "S.h5", NULL, "the study's HDF5 file"},
    {"out", OPTION_TEXT, ROLE_RUN, "DIR", NULL,
     "folder for the panels, made where it is missing; default: the study's name with .panels"},
    {"samples", OPTION_LIST, ROLE_RUN, "LIST", NULL,
     "numbers, ranges (0-7, 8-) and globs over paths; default: all"},
    {"limit", OPTION_INT, ROLE_RUN, "N", "16", "draw at most N panels; 0: as many as there are"},
    {"target", OPTION_TEXT, ROLE_RUN, "SLOT", NULL,
     "the target whose maps are drawn, such as predicted or label; default: the study's first"},
    {"methods", OPTION_LIST, ROLE_RUN, "LIST", NULL,
     "rows: names, canonical forms or globs; default: all"},
    {"layers", OPTION_LIST, ROLE_RUN, "LIST", NULL,
     "columns: names, globs, operators, indices, input, convs, last_conv, last, all; default: all, "
     "or "
     "12 evenly spread ones of more"},
    {"overlay", OPTION_FLAG, ROLE_RUN, NULL, NULL, "lay the maps over the grey image"},
    {"cell", OPTION_INT, ROLE_RUN, "PIXELS", "0",
     "longer side of a map, 64 to 1024; 0: about 160, a multiple of the model's input where that "
     "is "
     "smaller"},
    {"reader-limits", OPTION_LIST, ROLE_RUN, "NAME=VALUE,...", NULL,
     "other limits against hostile files than those that `retrograd limits` lists"},
    {"data", OPTION_TEXT, ROLE_RUN, "PATH", NULL,
     "where the images are; default: where the study found them.  Without them the maps are drawn "
     "alone"},
    {0},
};

/** True where a sample has maps to draw; says why where it has none. */
static bool is_drawable(const struct render *r, int64_t i)
{
  const struct view *v = r->view;
  const char *why = view_status(v->status[i]);
  char none[128];

  if (v->status[i] == SAMPLE_DONE) {
    if (v->target_class[i * v->n_targets + r->panel.target] >= 0) return true;
    (void)snprintf(none, sizeof none, "no target '%s'", v->target[r->panel.target]);
    why = none;
  }
  printf("sample %" PRId64 " (", i);
  print_clean(v->sample[i], 120);
  printf(") skipped: %s\n", why);
  return false;
}

/** Draw the chosen samples up to the limit; pending ones that were not asked for by name get no line. */
static err draw_samples(struct render *r, int64_t limit, bool named, const bool *chosen,
                        int64_t *drawn)
{
  int64_t left = 0;

  for (int64_t i = 0; i < r->view->n_samples; i++) {
    const bool silent = !chosen[i] || (!named && r->view->status[i] == SAMPLE_PENDING);
    if (silent) continue;
    if (limit && *drawn >= limit) {
      left++;
      continue;
    }
    if (!is_drawable(r, i)) continue;
    TRY(render_sample(r, i));
    (*drawn)++;
  }
  if (left) printf("%" PRId64 " more samples are not drawn; --limit 0 draws all\n", left);
  return ERR_OK;
}

static err draw_all(struct render *r, const struct options *o)
{
  const int64_t limit = options_int(o, "limit");
  int64_t drawn = 0;
  int n = 0;
  const char *const *patterns = options_list(o, "samples", &n);
  bool *chosen = calloc((size_t)r->view->n_samples, sizeof *chosen);

  CHECK(chosen, ERR_MEMORY, "no memory for %" PRId64 " samples", r->view->n_samples);
  err e = limit < 0 ? FAIL(ERR_USAGE, "--limit must not be negative")
                    : pick_samples(r->view, patterns, n, chosen);
  if (!e) e = draw_samples(r, limit, n > 0, chosen, &drawn);
  free(chosen);
  if (e) return err_trace(e, __FILE__, __LINE__);
  CHECK(drawn, ERR_INPUT, "%s: no sample to draw (%" PRId64 " of %" PRId64 " are done)",
        r->view->path, view_count(r->view, SAMPLE_DONE), r->view->n_samples);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct render r = {0};

  *exit_code = EXIT_DONE;
  TRY(options_need(o, "file"));
  err e = view_open(options_text(o, "file"), &r.view);
  if (!e) e = render_prepare(&r, o);
  if (!e) e = draw_all(&r, o);
  render_release(&r);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_render = {
    .name = "render",
    .summary = "draw the maps of a study as PNG panels",
    .usage = "retrograd render S.h5 [--samples 0-7] [--target SLOT] [--layers LIST] [--overlay]",
    .about =
        "One panel per sample: the image, label, explained class and best classes; then a row "
        "per method and a column per layer.  Each map is scaled bilinearly and coloured by its own "
        "range, which stands below it: 0 to r for maps that cannot be negative, -r to r for "
        "signed ones, r being the 99.5th percentile of |values|.  Maps of one value are grey, "
        "cells without a map are empty.",
    .bare = "file",
    .options = options,
    .run = run,
};
