/** @file
 *  Target words to slots, and slots to classes. */
#include "jobs/target.h"

#include "core/nearest.h"
#include "core/random.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slots {
  struct target *item;
  int n, max;
};

static err append(struct slots *l, const struct target *t)
{
  for (int i = 0; i < l->n; i++)
    if (!strcmp(l->item[i].name, t->name)) return ERR_OK;
  if (l->n == l->max) {
    const int bigger = l->max ? 2 * l->max : 16;
    struct target *p = realloc(l->item, (size_t)bigger * sizeof *p);
    CHECK(p, ERR_MEMORY, "no memory for %d targets", bigger);
    l->item = p;
    l->max = bigger;
  }
  l->item[l->n++] = *t;
  return ERR_OK;
}

static err append_named(struct slots *l, const char *name, enum target_kind kind, int index)
{
  struct target t = {.kind = kind, .index = index};
  (void)snprintf(t.name, sizeof t.name, "%s", name);
  TRY(append(l, &t));
  return ERR_OK;
}

/** The k best classes: predicted, top2, ..., topk. */
static err append_top(struct slots *l, int k)
{
  for (int i = 0; i < k; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "top%d", i + 1);
    TRY(append_named(l, i ? name : "predicted", TARGET_RANK, i));
  }
  return ERR_OK;
}

static err append_given(struct slots *l, const struct dataset *d)
{
  int most = 0;
  for (int64_t i = 0; d && i < dataset_count(d); i++)
    if (dataset_sample(d, i).n_targets > most) most = dataset_sample(d, i).n_targets;
  CHECK(most > 0, ERR_USAGE,
        "target 'given': no sample of the data set names targets; add a column 'targets' to the "
        "manifest, or ask for others (label, predicted, top5, least, class:NAME)");
  for (int i = 0; i < most; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "given%d", i + 1);
    TRY(append_named(l, name, TARGET_GIVEN, i));
  }
  return ERR_OK;
}

/** Without one label every map of the slot would be NaN. */
static err append_label(struct slots *l, const struct dataset *d)
{
  bool any = !d;
  for (int64_t i = 0; !any && i < dataset_count(d); i++) any = dataset_sample(d, i).label >= 0;
  CHECK(
      any, ERR_USAGE,
      "target 'label': no sample of the data set has a label; name sub-folders after classes, add "
      "a column 'label' to the manifest, or ask for others (predicted, top5, least, class:NAME)");
  return append_named(l, "label", TARGET_LABEL, 0);
}

static err append_class(struct slots *l, const struct recipe *r, const char *label, int classes)
{
  const int c = recipe_class(r, label);
  char near[256] = "", name[96];
  if ((c < 0 || c >= classes) && r->classes)
    (void)nearest_text(label, (const char *const *)r->classes, r->n_classes, near, sizeof near);
  CHECK(c >= 0 && c < classes, ERR_USAGE, "target 'class:%s': the model has no such class%s", label,
        near);
  const char *known = recipe_class_name(r, c);
  if (known) {
    (void)snprintf(name, sizeof name, "class:%.80s", known);
  } else {
    (void)snprintf(name, sizeof name, "class:%d", c);
  }
  TRY(append_named(l, name, TARGET_CLASS, c));
  return ERR_OK;
}

static err expand(struct slots *l, const char *word, const struct recipe *r,
                  const struct dataset *d, int classes)
{
  static const char *const known[] = {"label", "predicted", "top5",      "least",
                                      "other", "given",     "class:NAME"};
  char *end = NULL;
  char near[256];
  if (!strcmp(word, "label")) return append_label(l, d);
  if (!strcmp(word, "predicted")) return append_named(l, word, TARGET_RANK, 0);
  if (!strcmp(word, "other")) return append_named(l, word, TARGET_OTHER, 0);
  if (!strcmp(word, "least")) return append_named(l, word, TARGET_LEAST, 0);
  if (!strcmp(word, "given")) return append_given(l, d);
  if (!strncmp(word, "class:", 6)) return append_class(l, r, word + 6, classes);
  const long k = strncmp(word, "top", 3) != 0 ? 0 : strtol(word + 3, &end, 10);
  if (end && end != word + 3 && !*end) {
    CHECK(k >= 1 && k <= classes, ERR_USAGE, "target '%s': the model has %d classes", word,
          classes);
    return append_top(l, (int)k);
  }
  return FAIL(ERR_USAGE,
              "there is no target '%s'%s (label, predicted, topK, least, other, given, class:NAME)",
              word, nearest_text(word, known, 7, near, sizeof near));
}

err target_expand(const char *const *words, int n_words, const struct recipe *r,
                  const struct dataset *d, int classes, struct target **out, int *n)
{
  struct slots l = {0};
  CHECK(n_words > 0, ERR_USAGE, "no target is asked for: give --targets, e.g. predicted");
  for (int i = 0; i < n_words; i++) {
    const err e = expand(&l, words[i], r, d, classes);
    if (e) {
      free(l.item);
      return err_trace(e, __FILE__, __LINE__);
    }
  }
  *out = l.item;
  *n = l.n;
  return ERR_OK;
}

/** True when class a comes before class b: by falling logit, then by rising index. */
static bool precedes(const float *logits, int stride, int a, int b)
{
  const float x = logits[(int64_t)a * stride], y = logits[(int64_t)b * stride];
  return x > y || (x == y && a < b);
}

/** The class behind which k others stand before; -1 where logits are not numbers. */
static int class_of_rank(const float *logits, int classes, int stride, int k)
{
  int found = -1;
  for (int i = 0; i <= k; i++) {
    int best = -1;
    for (int c = 0; c < classes; c++) {
      if ((found < 0 || precedes(logits, stride, found, c)) &&
          (best < 0 || precedes(logits, stride, c, best)))
        best = c;
    }
    found = best;
    if (found < 0) return -1;
  }
  return logits[(int64_t)found * stride] == logits[(int64_t)found * stride] ? found : -1;
}

static int least(const float *logits, int classes, int stride)
{
  int best = 0;
  for (int c = 1; c < classes; c++)
    if (logits[(int64_t)c * stride] < logits[(int64_t)best * stride]) best = c;
  return best;
}

/** One of all classes but `best`, each as likely; -1 where there is none. */
static int other(uint64_t seed, int64_t sample, int best, int classes)
{
  const struct random_place at = {.seed = seed, .stream = RANDOM_OTHER, .sample = (uint64_t)sample};
  double u;
  if (best < 0 || classes < 2) return -1;
  random_uniform(&at, 1, &u);
  const int c = (int)(u * (classes - 1));
  return c < best ? c : c + 1;
}

int target_class(const struct target *t, const struct sample *s, const float *logits, int classes,
                 int stride)
{
  if (t->kind == TARGET_LABEL) return s->label < classes ? s->label : -1;
  if (t->kind == TARGET_RANK) return class_of_rank(logits, classes, stride, t->index);
  if (t->kind == TARGET_OTHER)
    return other(t->seed, s->number, class_of_rank(logits, classes, stride, 0), classes);
  if (t->kind == TARGET_LEAST) return least(logits, classes, stride);
  if (t->kind == TARGET_CLASS) return t->index;
  return t->index < s->n_targets ? s->target[t->index] : -1;
}
