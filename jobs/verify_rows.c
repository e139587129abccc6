/** @file
 *  Checks of the rows of a study. */
#include "io/dataset.h"
#include "jobs/target.h"
#include "jobs/verify.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_listed(const struct view *v, const char *variable)
{
  for (int i = 0; i < v->n_layers; i++)
    if (!strcmp(v->layer_variable[i], variable)) return true;
  return false;
}

err verify_structure(struct verify *c)
{
  struct view *v = c->view;
  char **name = NULL;
  int n = 0;

  for (int i = 0; i < v->n_layers; i++) {
    struct view_maps m;
    if (view_maps_find(v, i, &m)) {
      verify_problem(c, "%s", err_message());
    } else {
      view_maps_free(&m);
    }
  }
  TRY(store_list(v->store, "maps", &n, &name));
  for (int i = 0; i < n; i++)
    if (!is_listed(v, name[i])) verify_problem(c, "maps/%s belongs to no layer", name[i]);
  free((void *)name);
  return ERR_OK;
}

err verify_status(struct verify *c)
{
  const struct view *v = c->view;

  for (int64_t i = 0; i < v->n_samples; i++) {
    if (!strcmp(view_status(v->status[i]), "unknown")) {
      verify_problem(c, "sample %" PRId64 " (%s): status %d is none", i, v->sample[i],
                     v->status[i]);
    }
  }
  return ERR_OK;
}

/** Do `look` at the logits of every sample that is done. */
static err each_done(struct verify *c, void (*look)(struct verify *c, int64_t i))
{
  const struct view *v = c->view;

  for (int64_t i = 0; i < v->n_samples; i++) {
    if (v->status[i] != SAMPLE_DONE) continue;
    TRY(view_logits(c->view, i, c->logits));
    look(c, i);
  }
  return ERR_OK;
}

static void look_finite(struct verify *c, int64_t i)
{
  const struct view *v = c->view;

  for (int k = 0; k < v->n_classes; k++) {
    if (isfinite(c->logits[k])) continue;
    verify_problem(c, "sample %" PRId64 " (%s): logit %d is not finite", i, v->sample[i], k);
    return;
  }
}

err verify_logits(struct verify *c)
{
  TRY(each_done(c, look_finite));
  return ERR_OK;
}

static int class_of_name(const struct view *v, const char *name)
{
  char *end = NULL;

  for (int k = 0; k < v->n_classes && v->class_name; k++)
    if (!strcmp(v->class_name[k], name)) return k;
  const long number = strtol(name, &end, 10);
  return name[0] && !*end && number < v->n_classes ? (int)number : -1;
}

/** The k of "topk", 0 for anything else. */
static int top_of(const char *name)
{
  char *end = NULL;

  if (strncmp(name, "top", 3) != 0 || name[3] < '1' || name[3] > '9') return 0;
  const long k = strtol(name + 3, &end, 10);
  return !*end && k <= INT32_MAX ? (int)k : 0;
}

/** What a slot's name says; false for slots whose class comes from a manifest. */
static bool read_slot(const struct view *v, const char *name, struct target *t)
{
  static const struct {
    const char *name;
    enum target_kind kind;
  } plain[] = {{"label", TARGET_LABEL}, {"predicted", TARGET_RANK}, {"least", TARGET_LEAST}};
  const int k = top_of(name);

  *t = (struct target){.kind = TARGET_RANK, .index = k - 1};
  if (k >= 1 && k <= v->n_classes) return true;
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
    if (strcmp(name, plain[i].name) != 0) continue;
    *t = (struct target){.kind = plain[i].kind};
    return true;
  }
  if (strncmp(name, "class:", 6) != 0) return false;
  *t = (struct target){.kind = TARGET_CLASS, .index = class_of_name(v, name + 6)};
  return t->index >= 0;
}

static void look_targets(struct verify *c, int64_t i)
{
  const struct view *v = c->view;
  const struct sample sample = {.path = v->sample[i], .label = v->label[i]};

  for (int k = 0; k < v->n_targets; k++) {
    struct target t;
    const int is = v->target_class[i * v->n_targets + k];
    if (is < -1 || is >= v->n_classes) {
      verify_problem(c, "sample %" PRId64 " (%s): target %s is class %d of %d", i, v->sample[i],
                     v->target[k], is, v->n_classes);
      continue;
    }
    if (!read_slot(v, v->target[k], &t)) continue;
    const int want = target_class(&t, &sample, c->logits, v->n_classes, 1);
    if (is != want) {
      verify_problem(c, "sample %" PRId64 " (%s): target %s is class %d, logits and label say %d",
                     i, v->sample[i], v->target[k], is, want);
    }
  }
}

err verify_targets(struct verify *c)
{
  TRY(each_done(c, look_targets));
  return ERR_OK;
}

static void look_scores(struct verify *c, int64_t i)
{
  const struct view *v = c->view;

  for (int k = 0; k < v->n_targets; k++) {
    const int64_t at = i * v->n_targets + k;
    const int class = v->target_class[at];
    const float score = v->score[at];
    if (class >= v->n_classes) continue; /* a problem of the targets */
    if (class < 0 ? isnan(score) : score == c->logits[class]) continue;
    verify_problem(c, "sample %" PRId64 " (%s): the score of target %s is %g, the logit %g", i,
                   v->sample[i], v->target[k], (double)score,
                   class < 0 ? (double)NAN : (double)c->logits[class]);
  }
}

err verify_scores(struct verify *c)
{
  TRY(each_done(c, look_scores));
  return ERR_OK;
}

/** True when all n values are as they must be: finite, or NaN. */
static bool all_are(const float *x, int64_t n, bool finite)
{
  for (int64_t i = 0; i < n; i++)
    if (finite ? !isfinite(x[i]) : !isnan(x[i])) return false;
  return true;
}

/** The maps of one sample at one layer. */
static void look_maps(struct verify *c, const struct view_maps *m, int64_t i, const float *row)
{
  const struct view *v = c->view;
  const int64_t plane = (int64_t)m->height * m->width;

  for (int t = 0; t < v->n_targets; t++) {
    const bool computed = v->status[i] == SAMPLE_DONE && v->target_class[i * v->n_targets + t] >= 0;
    for (int k = 0; k < m->n_methods; k++, row += plane) {
      if (!all_are(row, plane, computed)) {
        verify_problem(c, "sample %" PRId64 " (%s), target %s, method %s at %s: %s", i,
                       v->sample[i], v->target[t], v->method[m->method_at[k]], v->layer[m->layer],
                       computed ? "values are not finite" : "there should be no values");
      }
    }
  }
}

static err look_rows(struct verify *c, const struct view_maps *m, float *row)
{
  const struct view *v = c->view;

  for (int64_t i = 0; i < v->n_samples; i++) {
    if (v->status[i] == SAMPLE_PENDING) continue;
    TRY(view_maps_read(c->view, m, i, row));
    look_maps(c, m, i, row);
  }
  return ERR_OK;
}

static err check_layer(struct verify *c, const struct view_maps *m)
{
  float *row = malloc((size_t)m->row * sizeof *row);

  CHECK(row, ERR_MEMORY, "no memory for %" PRId64 " values", m->row);
  const err e = look_rows(c, m, row);
  free(row);
  return e;
}

err verify_maps(struct verify *c)
{
  for (int i = 0; i < c->view->n_layers; i++) {
    struct view_maps m;
    TRY(view_maps_find(c->view, i, &m));
    const err e = check_layer(c, &m);
    view_maps_free(&m);
    if (e) return err_trace(e, __FILE__, __LINE__);
  }
  return ERR_OK;
}

static void note_row(void *who, const char *variable, int64_t row)
{
  struct verify *c = who;
  verify_problem(c, "sample %" PRId64 " (%s): %s differs from its checksum", row,
                 c->view->sample[row], variable);
}

err verify_checksums(struct verify *c)
{
  bool there = false;
  TRY(store_sums_check(c->view->store, note_row, c, &there));
  if (!there) verify_skip(c, "not checked: the study was written without checksums");
  return ERR_OK;
}
