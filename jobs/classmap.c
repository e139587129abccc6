/** @file
 *  Job `classmap`: what a model looks for when it says a class, with no input at all. */
#include "jobs/classmap.h"

#include "core/blas.h"
#include "core/product.h"
#include "io/dataset.h"
#include "jobs/classmap_draw.h"
#include "jobs/classmap_dry.h"
#include "jobs/classmap_summary.h"
#include "jobs/classmap_unit.h"
#include "jobs/job.h"
#include "jobs/run_line.h"
#include "jobs/setup_class.h"
#include "pipeline/comm.h"
#include "pipeline/study.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/** Say what the study is about, before the work starts; rank 0. */
static void announce(const struct classmap *c)
{
  if (comm_rank() || options_flag(c->options, "log-json")) return;
  (void)fprintf(stderr,
                "%s: maps of %d classes in %d variants, %d iterations of %d samples from %s; "
                "kernels %s (%s), %d rank%s\n",
                c->setup->model_path, c->n_classes, c->n_variants, c->iterations, c->set.samples,
                c->variants[0].images.from.with.text, product_family(), product_vectors(),
                comm_size(), comm_size() > 1 ? "s" : "");
  if (product_is_blas() && blas_warning()) (void)fprintf(stderr, "warning: %s\n", blas_warning());
}

/** The table, and the pictures that were asked for, of a study that is complete. */
static err show(const struct classmap *c)
{
  struct store *s = NULL;
  const char *folder = options_text(c->options, "pictures");
  TRY(store_open_read(options_text(c->options, "out"), &s));
  err e = classmap_summary_print(c, s);
  if (!e && folder) e = classmap_draw(c, s, folder);
  store_close(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** What there is to say at the end. */
static err summarise(const struct classmap *c, const struct study_result *r)
{
  if (comm_rank()) return ERR_OK;
  (void)printf("%s: %" PRId64 " maps done, %" PRId64 " left; %" PRId64 " computed now in %.1f s\n",
               options_text(c->options, "out"), r->done, r->pending, r->made, r->seconds);
  if (!r->pending) return show(c);
  (void)printf("stopped on request; start the same command again to continue\n");
  return ERR_OK;
}

static err compute(const struct classmap *c, const struct draft *schema, int *exit_code)
{
  const struct options *o = c->options;
  struct classmap_unit *unit = NULL;
  struct study_result result = {0};
  char *line = NULL;
  err e = comm_agree(classmap_unit_make(c, options_text(o, "continue"), &unit));
  if (!e) e = comm_agree(run_line_make("classmap", &line));
  if (!e) {
    const struct study study = {.job = "classmap",
                                .path = options_text(o, "out"),
                                .schema = &schema->schema,
                                .n_samples = classmap_rows(c),
                                .unit = 1,
                                .feed = class_map_blocks(&c->set),
                                .team = (int)options_int(o, "ranks-per-map"),
                                .force = options_flag(o, "force"),
                                .quiet = options_flag(o, "quiet"),
                                .log_json = options_flag(o, "log-json"),
                                .log_every = options_real(o, "log-every"),
                                .run_line = line,
                                .who = unit,
                                .begin = classmap_unit_begin,
                                .compute = classmap_unit_compute,
                                .finish = classmap_unit_finish,
                                .account = classmap_unit_account};
    e = study_run(&study, &result);
  }
  free(line);
  classmap_unit_free(&unit);
  if (e) return err_trace(e, __FILE__, __LINE__);
  *exit_code = result.pending ? EXIT_AGAIN : EXIT_DONE;
  return comm_agree(summarise(c, &result));
}

static err check_ranks(const struct options *o)
{
  const int64_t n = options_int(o, "ranks-per-map");
  CHECK(n >= 0 && n <= 65536, ERR_USAGE, "--ranks-per-map %lld: give 1 to 65536, or 0",
        (long long)n);
  return ERR_OK;
}

static err with_classmap(struct classmap *c, struct setup *s, const struct options *o,
                         int *exit_code)
{
  struct draft *schema = NULL;
  TRY(comm_agree(classmap_make(s, o, c)));
  announce(c);
  TRY(comm_agree(classmap_schema_make(c, &schema)));
  const err e =
      options_flag(o, "dry-run") ? classmap_dry(c, schema) : compute(c, schema, exit_code);
  draft_free(&schema);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err with_setup(struct setup *s, const struct options *o, int *exit_code)
{
  struct classmap c = {0};
  struct pixel_scale scale;
  const bool dry = options_flag(o, "dry-run");
  CHECK(dry || options_text(o, "out"), ERR_USAGE, "where to? give --out FILE.h5");
  TRY(check_ranks(o));
  if (!dry) TRY(setup_tasks(o));
  if (!dry) comm_catch_signals(); /* a warning that comes early stops at the first iteration */
  TRY(comm_agree(setup_model(s, o)));
  TRY(setup_ranks(s));
  TRY(setup_weights(s));
  if (options_text(o, "data")) {
    TRY(setup_data(s, o));
  } else {
    setup_say_pixels(s, o);
  }
  TRY(setup_classes(s, o, true, &scale));
  const err e = with_classmap(&c, s, o, exit_code);
  classmap_free(&c);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err run(const struct options *o, int *exit_code)
{
  struct setup s = {0};
  if (options_flag(o, "log-json")) comm_report_json();
  blas_single_thread();
  const err e = with_setup(&s, o, exit_code);
  setup_free(&s);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

const struct job job_classmap = {
    .name = "classmap",
    .summary = "compute what a model looks for in each class, with no input at all",
    .usage = "retrograd classmap --model M.onnx --out C.h5 [options]\n"
             "  mpirun -n 4 retrograd classmap ...",
    .about =
        "For each class, synthetic samples are nudged towards it, the directions of all of them "
        "are "
        "integrated over samples and iterations and bounded: the map.  With it come the checks "
        "that tell a result from a picture: other samples, other distributions, networks with "
        "fresh "
        "weights, gains of all classes.  The file is the same, byte for byte, for any number of "
        "ranks and after any number of restarts: start the same command again to continue a study "
        "that was stopped or killed.",
    .parallel = true,
    .options = classmap_options,
    .run = run,
};
