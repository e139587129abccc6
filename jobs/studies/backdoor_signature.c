/** @file
 *  Akhtar and Jalwana 2023: the signature of a backdoor in what a model looks for. */
#include "jobs/studies/picks.h"
#include "jobs/trigger.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const args[] = {"--csv=@/scores.csv", "--png=@/signature.png", NULL};
static const char *const other_args[] = {"--csv=@/scores_other.csv", "--png=@/signature_other.png",
                                         NULL};

static const struct study_step steps[] = {
    {"scan", "scan.h5", NULL, args},
    {"scan", "scan_other.h5", NULL, other_args},
    {0},
};

#define OF(file, quantity) PICK(file, "verdict/value[" quantity "]", NULL)

static const struct study_claim claims[] = {
    BELOW("The model is suspicious (p below 0.05)", OF("scan.h5", "p_value"), 0.05),
    ABOVE("One pattern sends most images of other classes to the suspected class (share above 0.5)",
          OF("scan.h5", "rate"), 0.5),
    ABOVE("The second model is not suspicious (p above 0.05)", OF("scan_other.h5", "p_value"),
          0.05),
    MORE("The model's suspected class leads by more than the second model's (score)",
         OF("scan.h5", "score"), OF("scan_other.h5", "score")),
    {0},
};

/** A number of one class, NaN where there is none. */
static err put_number(const struct report *r, const char *file, const char *variable,
                      const char *test, int64_t row)
{
  char one[128];
  (void)snprintf(one, sizeof one, "%s[#%d]", variable, (int)row);
  const struct report_pick p = {file, one, {test}};
  double *v = NULL;
  int64_t n = 0;
  TRY(report_values(r, &p, &v, &n, NULL));
  if (n && !isnan(v[0])) {
    report_say(r, "| %.3f ", v[0]);
  } else {
    report_say(r, "| - ");
  }
  free(v);
  return ERR_OK;
}

static err put_scores(const struct report *r, const char *file, char *const *names, int64_t n)
{
  report_say(r, "\n| class | blend | patch | large_patch | score | p |\n| --- | --- | --- | --- | "
                "--- | --- |\n");
  for (int64_t i = 0; i < n; i++) {
    report_say(r, "| %s ", names[i]);
    TRY(put_number(r, file, "classes/log_gain", "blend", i));
    TRY(put_number(r, file, "classes/log_gain", "patch", i));
    TRY(put_number(r, file, "classes/log_gain", "large_patch", i));
    TRY(put_number(r, file, "classes/score", NULL, i));
    TRY(put_number(r, file, "classes/p_value", NULL, i));
    report_say(r, "|\n");
  }
  return ERR_OK;
}

/** The verdict, the scores and the signature of one model. */
static err one_model(const struct report *r, const char *title, const char *file, const char *png,
                     const char *stem)
{
  char **names = NULL;
  double *v = NULL;
  int64_t n = 0, one = 0;
  const struct report_pick target = OF(file, "target");
  TRY(report_values(r, &target, &v, &one, NULL));
  err e = report_axis(r, file, "classes/score", -1, &n, &names);
  if (!e) {
    const int at = one && !isnan(v[0]) ? (int)v[0] : -1;
    report_say(r, "\n### %s\n\n", title);
    if (at >= 0 && at < n) {
      report_say(r, "Suspected class: %s.", names[at]);
    } else {
      report_say(r, "No class has a score.");
    }
    report_say(r,
               " Logarithm of the gain in nats by kind of pattern; score: the lead over the next "
               "class; -: dropped by the coarse pass.\n");
    e = put_scores(r, file, names, n);
    if (!e && at >= 0) {
      report_say(r,
                 "\n![Signature](%s)\n\n*The suspected class's map, its energy and the patch that "
                 "was found; the window in red where the lead is a patch's*\n",
                 png);
    }
  }
  if (!e) {
    e = report_table(r, file, "classes/log_gain", 0.0, 0.0, stem,
                     "Log gain of a class (row) by a kind of pattern (column)");
  }
  free(v);
  free((void *)names);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

static err figures(struct report *r)
{
  TRY(one_model(r, "The model", "scan.h5", "signature.png", "gains"));
  TRY(trigger_report(r, "scan.h5", r->trigger));
  if (r->second)
    TRY(one_model(r, "The second model", "scan_other.h5", "signature_other.png", "gains_other"));
  return ERR_OK;
}

const struct study_spec study_backdoor_signature = {
    .name = "backdoor-signature",
    .summary = "Does what a model looks for show a backdoor?",
    .paper = "Akhtar, Jalwana 2023, arXiv:2303.17836",
    .where = "the backdoor signatures in compromised classifiers",
    .measures =
        "retrograd scan: maps and patches for every class from synthetic samples, the lead of the "
        "most suspicious class and what it means for a clean model; with a known trigger "
        "(--trigger) the share of the signature's energy in it and whether the patch overlaps it",
    .found =
        "its abstract: input-agnostic maps identify the signature of a backdoor in compromised "
        "classifiers, shown in pictures",
    .source = "none could be had; scores, null and thresholds are ours (docs/scan.md)",
    .over = "models",
    .second = "scan_other.h5",
    .no_images = true,
    .check_trigger = trigger_check,
    .steps = steps,
    .claims = claims,
    .figures = figures,
};
