/** @file
 *  A CSV manifest: path, label, targets and box of every sample. */
#include "io/csv.h"
#include "io/dataset_impl.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const path_columns[] = {"path", "file", NULL};
static const char *const label_columns[] = {"label", "class_id", "class", "name", NULL};
static const char *const target_columns[] = {"targets", NULL};
static const char *const box_columns[4][2] = {
    {"xmin", NULL}, {"ymin", NULL}, {"xmax", NULL}, {"ymax", NULL}};

struct manifest {
  struct dataset *d;
  const struct recipe *r;
  struct csv *csv;
  int path, label, targets, box[4]; /* columns, -1 where absent */
  char where[256];                  /* "data.csv, line 7" */
};

static err find_columns(struct manifest *m)
{
  char header[256];
  int n = 0;

  m->path = csv_column(m->csv, path_columns);
  m->label = csv_column(m->csv, label_columns);
  m->targets = csv_column(m->csv, target_columns);
  for (int k = 0; k < 4; k++) {
    m->box[k] = csv_column(m->csv, box_columns[k]);
    n += m->box[k] >= 0;
  }
  CHECK(m->path >= 0, ERR_FORMAT, "%s, line 1: no column 'path' or 'file' in the header (%s)",
        m->d->path, csv_header(m->csv, header, sizeof header));
  CHECK(n == 0 || n == 4, ERR_FORMAT,
        "%s, line 1: a box needs the columns xmin, ymin, xmax and ymax", m->d->path);
  return ERR_OK;
}

/** Classes separated by ';'; blanks around them do not count. */
static err read_targets(const struct manifest *m, struct sample *s)
{
  char *copy = strdup(csv_field(m->csv, m->targets)), *rest = NULL;
  err e = ERR_OK;

  CHECK(copy, ERR_MEMORY, "no memory for targets");
  for (char *at = strtok_r(copy, ";", &rest); at; at = strtok_r(NULL, ";", &rest)) {
    at += strspn(at, " \t");
    size_t n = strlen(at);
    while (n > 0 && strchr(" \t", at[n - 1])) at[--n] = 0;
    CHECK_DONE(s->n_targets < DATASET_MAX_TARGETS, ERR_FORMAT, "%s: more than %d targets", m->where,
               DATASET_MAX_TARGETS);
    TRY_DONE(dataset_label(m->r, at, m->where, &s->target[s->n_targets]));
    s->n_targets++;
  }

done:
  free(copy);
  return e;
}

static err read_box(const struct manifest *m, struct sample *s)
{
  int given = 0;

  for (int k = 0; k < 4; k++) {
    const char *text = csv_field(m->csv, m->box[k]);
    char *end = NULL;
    if (!*text) continue;
    errno = 0;
    const long v = strtol(text, &end, 10);
    CHECK(end != text && *end == 0 && errno == 0 && v >= 0 && v < INT32_MAX, ERR_FORMAT,
          "%s: %s '%s' is not a pixel position", m->where, box_columns[k][0], text);
    s->box[k] = (int)v;
    given++;
  }
  CHECK(given == 0 || given == 4, ERR_FORMAT, "%s: a box of %d numbers", m->where, given);
  s->has_box = given == 4;
  CHECK(!given || (s->box[0] <= s->box[2] && s->box[1] <= s->box[3]), ERR_FORMAT,
        "%s: the box ends before it starts", m->where);
  return ERR_OK;
}

static err read_record(struct manifest *m)
{
  const char *path = csv_field(m->csv, m->path), *label = csv_field(m->csv, m->label);
  struct item *it = NULL;

  (void)snprintf(m->where, sizeof m->where, "%.200s, line %lld", m->d->path,
                 (long long)csv_line(m->csv));
  CHECK(*path, ERR_FORMAT, "%s: no path", m->where);
  TRY(dataset_append(m->d, path, &it));
  if (*label) TRY(dataset_label(m->r, label, m->where, &it->sample.label));
  TRY(read_targets(m, &it->sample));
  return read_box(m, &it->sample);
}

static err read_records(struct manifest *m, int64_t limit)
{
  bool more = true;

  TRY(find_columns(m));
  while (limit <= 0 || m->d->n < limit) {
    TRY(csv_next(m->csv, &more));
    if (!more) break;
    TRY(read_record(m));
  }
  CHECK(m->d->n > 0, ERR_INPUT, "%s: no samples below the header", m->d->path);
  return ERR_OK;
}

err dataset_open_csv(struct dataset *d, const struct recipe *r, int64_t limit)
{
  struct manifest m = {.d = d, .r = r};

  d->source = &dataset_files;
  d->folder = file_folder(d->path);
  CHECK(d->folder, ERR_MEMORY, "no memory for a path");
  TRY(csv_open(d->path, &m.csv));
  const err e = read_records(&m, limit);
  csv_close(&m.csv);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return dataset_measure_files(d);
}
