/** @file
 *  Scores of a study as CSV, RFC 4180. */
#include "io/dataset.h"
#include "jobs/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** A field: quoted where it holds what separates. */
static void put_text(FILE *f, const char *text)
{
  if (!text[strcspn(text, ",\"\r\n")]) {
    (void)fputs(text, f);
    return;
  }
  (void)fputc('"', f);
  for (; *text; text++) {
    if (*text == '"') (void)fputc('"', f);
    (void)fputc(*text, f);
  }
  (void)fputc('"', f);
}

/** ",NUMBER,NAME"; both empty for -1. */
static void put_class(FILE *f, const struct view *v, int class)
{
  char number[16];

  (void)fputc(',', f);
  if (class >= 0) (void)fprintf(f, "%d", class);
  (void)fputc(',', f);
  if (class >= 0 && v->class_name) put_text(f, view_class(v, class, number));
}

static void put_line(FILE *f, const struct view *v, int64_t i, int target, int predicted)
{
  const int64_t at = i * v->n_targets + target;
  const bool done = v->status[i] == SAMPLE_DONE;
  const int class = done ? v->target_class[at] : -1;

  (void)fprintf(f, "%" PRId64 ",", i);
  put_text(f, v->sample[i]);
  (void)fprintf(f, ",%s", view_status(v->status[i]));
  put_class(f, v, v->label[i]);
  (void)fputc(',', f);
  put_text(f, v->target[target]);
  put_class(f, v, class);
  (void)fputc(',', f);
  if (class >= 0) (void)fprintf(f, "%.9g", (double)v->score[at]);
  put_class(f, v, predicted);
  (void)fputs("\r\n", f);
}

static err put_lines(const struct export *x, int target, float *logits, FILE *f)
{
  struct view *v = x->view;

  (void)fputs("sample,path,status,label,label_name,target,target_class,target_name,score,predicted,"
              "predicted_name\r\n",
              f);
  for (int64_t k = 0; k < x->n; k++) {
    const int64_t i = x->sample[k];
    int predicted = -1;
    if (v->status[i] == SAMPLE_DONE) {
      TRY(view_logits(v, i, logits));
      view_best(logits, v->n_classes, 1, &predicted);
    }
    for (int t = 0; t < v->n_targets; t++)
      if (target < 0 || t == target) put_line(f, v, i, t, predicted);
  }
  return ERR_OK;
}

/** Write under a temporary name and give the file its own where there is none yet. */
static err write_as(const struct export *x, int target, float *logits, const char *temporary,
                    const char *path)
{
  FILE *f = fopen(temporary, "wb");

  CHECK(f, ERR_IO, "cannot write %s: %s", temporary, strerror(errno));
  err e = put_lines(x, target, logits, f);
  errno = 0;
  const bool whole = fflush(f) == 0 && !ferror(f) && fsync(fileno(f)) == 0;
  const int reason = errno;
  if (fclose(f) != 0 || !whole)
    if (!e) e = FAIL(ERR_IO, "cannot write %s: %s", path, strerror(reason ? reason : errno));
  if (!e && link(temporary, path) != 0) {
    e = errno == EEXIST ? FAIL(ERR_USAGE, "%s exists; it is not replaced", path)
                        : FAIL(ERR_IO, "cannot write %s: %s", path, strerror(errno));
}
  (void)unlink(temporary);
  return e;
}

err export_csv(const struct export *x, int target, const char *path)
{
  char *temporary = NULL;
  float *logits = malloc((size_t)x->view->n_classes * sizeof *logits);
  err e = ERR_OK;

  if (access(path, F_OK) == 0) e = FAIL(ERR_USAGE, "%s exists; it is not replaced", path);
  if (!e && (!logits || asprintf(&temporary, "%s.tmp", path) < 0))
    e = FAIL(ERR_MEMORY, "no memory for %s", path);
  if (!e) e = write_as(x, target, logits, temporary, path);
  free(temporary);
  free(logits);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
