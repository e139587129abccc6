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

/** Write all lines and close the file, which is on the disk then. */
static err put_file(const struct export *x, int target, float *logits, FILE *f, const char *path)
{
  err e = put_lines(x, target, logits, f);
  errno = 0;
  bool whole = fflush(f) == 0 && !ferror(f) && fsync(fileno(f)) == 0;
  const int reason = errno;

  whole = fclose(f) == 0 && whole;
  if (!e && !whole) {
    e = FAIL(ERR_IO, "cannot write %s: %s", path, strerror(reason ? reason : errno));
  }
  return e;
}

/** Write under a temporary name, then give the file its own. */
static err write_as(const struct export *x, int target, float *logits, const char *temporary,
                    const char *path)
{
  FILE *f = fopen(temporary, "wb");

  if (!f) return FAIL(ERR_IO, "cannot write %s: %s", temporary, strerror(errno));
  err e = put_file(x, target, logits, f, path);
  if (!e && rename(temporary, path) != 0) {
    e = FAIL(ERR_IO, "cannot write %s: %s", path, strerror(errno));
  }
  if (e) (void)unlink(temporary);
  return e;
}

err export_csv(const struct export *x, int target, const char *path)
{
  const size_t bytes = strlen(path) + sizeof ".tmp";

  CHECK(access(path, F_OK) != 0, ERR_USAGE, "%s exists; it is not replaced", path);
  float *logits = malloc((size_t)x->view->n_classes * sizeof *logits + bytes);
  CHECK(logits, ERR_MEMORY, "no memory for %d logits", x->view->n_classes);
  char *temporary = (char *)(logits + x->view->n_classes);
  (void)snprintf(temporary, bytes, "%s.tmp", path);
  const err e = write_as(x, target, logits, temporary, path);
  free(logits);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
