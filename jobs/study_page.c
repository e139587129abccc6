/** @file
 *  Findings as statements with intervals, numbers beside published ones. */
#include "jobs/study_page.h"

#include "core/bootstrap.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

/** A CSV field. */
static void put(FILE *f, const char *text)
{
  (void)fputc('"', f);
  for (; *text; text++) {
    if (*text == '"') (void)fputc('"', f);
    (void)fputc(*text, f);
  }
  (void)fputc('"', f);
}

/** Whether a step's file, or one of a finding's, is of the second model. */
static bool is_of_second(const struct study_spec *s, const char *a, const char *b)
{
  return s->second && (!strcmp(a, s->second) || (b && !strcmp(b, s->second)));
}

/** A cell of a Markdown table. */
static void cell(const struct report *r, const char *text)
{
  report_say(r, "| ");
  for (; *text; text++) report_say(r, *text == '|' ? "\\%c" : "%c", *text);
  report_say(r, " ");
}

/** A mean with its interval. */
static void put_mean(const struct report *r, const struct interval *m, int digits)
{
  if (m->n) {
    report_say(r, "| %.*f [%.*f, %.*f] ", digits, m->value, digits, m->low, digits, m->high);
  } else {
    report_say(r, "| none ");
  }
}

static const char *verdict(const struct study_claim *c, const struct interval *m)
{
  if (isnan(m->low) || isnan(m->high)) return "no value";
  const bool above = m->low > c->margin, below = m->high < c->margin;
  if (above || below) return above != c->below ? "holds" : "does not hold";
  return "open";
}

static err one_finding(const struct report *r, const struct study_claim *c, FILE *csv)
{
  struct interval m;
  TRY(report_mean(r, &c->a, &c->b, &m));
  cell(r, c->text);
  report_say(r, "| %s %g ", c->below ? "<" : ">", c->margin);
  if (m.n == 1) {
    report_say(r, "| %.4f ", m.value);
  } else {
    put_mean(r, &m, 4);
  }
  report_say(r, "| %" PRId64 " | %s |\n", m.n, verdict(c, &m));
  put(csv, c->text);
  (void)fprintf(csv, ",%s,%.17g,%.17g,%.17g,%.17g,%" PRId64 ",%s\n", c->below ? "below" : "above",
                c->margin, m.value, m.low, m.high, m.n, verdict(c, &m));
  return ERR_OK;
}

static err findings(const struct report *r, const struct study_spec *s, FILE *csv)
{
  const char *over = s->over ? s->over : "images";
  report_say(
      r,
      "\n## Findings\n\nMeans over %s with 95 %% bootstrap intervals (%d resamples), paired "
      "where two methods are compared. A finding holds where the interval lies on the side that "
      "it says, does not hold where it lies on the other, and is open otherwise."
      "%s\n\n| statement | expected | mean [interval] | %s | verdict |\n| --- | --- | --- | --- "
      "| --- |\n",
      over, r->resamples, s->over ? " A single number has no interval." : "", over);
  (void)fprintf(csv, "statement,expected,margin,mean,low,high,n,verdict\n");
  for (const struct study_claim *c = s->claims; c->text; c++)
    if (r->second || !is_of_second(s, c->a.file, c->b.file)) TRY(one_finding(r, c, csv));
  return ERR_OK;
}

static err numbers(const struct report *r, const struct study_number *x, FILE *csv)
{
  (void)fprintf(csv, "number,published,mean,low,high,n\n");
  if (!x) return ERR_OK;
  report_say(
      r, "\n## Beside the published numbers\n\n| | published | ours [interval] |\n| --- | --- | "
         "--- |\n");
  for (; x->what; x++) {
    struct interval m;
    TRY(report_mean(r, &x->ours, NULL, &m));
    cell(r, x->what);
    report_say(r, "| %s ", x->published);
    put_mean(r, &m, 3);
    report_say(r, "|\n");
    put(csv, x->what);
    (void)fprintf(csv, ",");
    put(csv, x->published);
    (void)fprintf(csv, ",%.17g,%.17g,%.17g,%" PRId64 "\n", m.value, m.low, m.high, m.n);
  }
  return ERR_OK;
}

static void head(const struct report *r, const struct study_spec *s,
                 const struct study_setting *set)
{
  const char *model = strrchr(set->model, '/'), *data = set->data ? strrchr(set->data, '/') : NULL;
  report_say(r, "# %s\n\n%s\n\n", s->name, s->summary);
  report_say(r, "- Paper: %s; %s\n- Measured: %s\n- The paper found: %s\n", s->paper, s->where,
             s->measures, s->found);
  report_say(r, "- Here: model `%s`", model ? model + 1 : set->model);
  if (data || set->data) report_say(r, ", data `%s`", data ? data + 1 : set->data);
  if (set->other) {
    const char *other = strrchr(set->other, '/');
    report_say(r, ", second model `%s`", other ? other + 1 : set->other);
  }
  for (int i = 0; i < set->n_settings; i++)
    report_say(r, "%s `%s`", i ? "," : "; settings", set->settings[i]);
  report_say(r, "\n- Published numbers: %s\n", s->source);
}

static void foot(const struct report *r, const struct study_spec *s)
{
  report_say(r, "\n## Files\n\n`findings.csv` and `numbers.csv` hold the tables above");
  for (const struct study_step *t = s->steps; t->job; t++) {
    if (r->second || !is_of_second(s, t->file, NULL)) {
      report_say(r, "; `%s` is of `retrograd %s`, with the values of every %s", t->file, t->job,
                 s->over ? "row" : "image");
    }
  }
  report_say(r, ".\n");
}

/** The page under temporary names. */
struct pages {
  FILE *page, *findings, *numbers;
};

static err fill(struct report *r, const struct study_spec *s, const struct study_setting *set,
                const struct pages *p)
{
  head(r, s, set);
  TRY(findings(r, s, p->findings));
  TRY(numbers(r, s->numbers, p->numbers));
  report_say(r, "\n## Figures\n");
  TRY(s->figures(r));
  foot(r, s);
  return ERR_OK;
}

static FILE *begin(const char *folder, const char *name)
{
  char path[PATH];
  (void)snprintf(path, sizeof path, "%s/%s.tmp", folder, name);
  return fopen(path, "w");
}

/** Give a finished file its name, or remove it. */
static err end(const char *folder, const char *name, FILE *f, bool good)
{
  char from[PATH], to[PATH];
  (void)snprintf(from, sizeof from, "%s/%s.tmp", folder, name);
  (void)snprintf(to, sizeof to, "%s/%s", folder, name);
  const bool written = f && !(ferror(f) | fclose(f));
  if (written && good && !rename(from, to)) return ERR_OK;
  (void)unlink(from);
  if (!good && f) return ERR_OK; /* what went wrong was told before */
  return FAIL(ERR_IO, "cannot write %s", to);
}

err study_page(const struct study_spec *spec, const struct study_setting *set)
{
  const struct pages p = {begin(set->folder, "README.md"), begin(set->folder, "findings.csv"),
                          begin(set->folder, "numbers.csv")};
  struct report r = {.folder = set->folder,
                     .page = p.page,
                     .resamples = set->resamples,
                     .trigger = set->trigger,
                     .second = set->other != NULL};
  const bool there = p.page && p.findings && p.numbers;
  err e = there ? report_begin(&r) : FAIL(ERR_IO, "cannot write into %s", set->folder);
  if (!e) e = fill(&r, spec, set, &p);
  report_close(&r);
  const err a = end(set->folder, "findings.csv", p.findings, !e);
  const err b = end(set->folder, "numbers.csv", p.numbers, !e);
  const err c =
      end(set->folder, "README.md", p.page, !e); /* last: its presence says that all is there */
  if (!e) e = a ? a : b ? b : c;
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
