/** @file
 *  A study from its options. */
#include "jobs/start.h"

#include "jobs/job.h"
#include "jobs/run_line.h"
#include "pipeline/comm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/** Name the skipped samples; the run log has the reasons in full.  Rank 0. */
static void summarise(const char *path, const struct study_result *r)
{
  if (comm_rank() != 0) return;
  (void)printf("%s: %" PRId64 " samples done, %" PRId64 " skipped, %" PRId64 " left; %" PRId64
               " computed now in %.1f s\n",
               path, r->done, r->skipped, r->pending, r->made, r->seconds);
  if (r->skipped) {
    (void)printf("skipped samples hold no data; `retrograd inspect %s` names them, "
                 "%s.runs.jsonl has the reasons\n",
                 path, path);
  }
  if (r->pending) (void)printf("stopped on request; start the same command again to continue\n");
}

err start_study(struct study *s, const struct options *o, struct study_result *result,
                int *exit_code)
{
  char *line = NULL;
  TRY(comm_agree(run_line_make(s->job, &line)));
  s->path = options_text(o, "out");
  s->force = options_flag(o, "force");
  s->quiet = options_flag(o, "quiet");
  s->log_json = options_flag(o, "log-json");
  s->log_every = options_real(o, "log-every");
  s->commit_every = options_real(o, "commit-every");
  s->run_line = line;
  const err e = study_run(s, result);
  s->run_line = NULL;
  free(line);
  if (e) return err_trace(e, __FILE__, __LINE__);
  summarise(s->path, result);
  *exit_code = result->pending ? EXIT_AGAIN : result->skipped ? EXIT_SKIPPED : EXIT_DONE;
  return ERR_OK;
}
