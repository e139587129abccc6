/** @file
 *  Objects from a CSV file and from folders of masks. */
#include "io/csv.h"
#include "io/file.h"
#include "io/objects_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const path_names[] = {"path", "file", NULL};
static const char *const label_names[] = {"label", "class_id", "class", "name", NULL};
static const char *const mask_names[] = {"mask", NULL};
static const char *const difficult_names[] = {"difficult", NULL};
static const char *const box_names[4][2] = {
    {"xmin", NULL}, {"ymin", NULL}, {"xmax", NULL}, {"ymax", NULL}};

struct named {
  const char *path;
  int64_t sample;
};

static int by_path(const void *a, const void *b)
{
  return strcmp(((const struct named *)a)->path, ((const struct named *)b)->path);
}

struct reading {
  struct objects *o;
  struct csv *csv;
  const char *file;
  char *folder;
  const struct recipe *r;
  const struct named *by_name;
  int64_t n;
  int path, label, mask, difficult, box[4]; /* columns */
};

static err find_columns(struct reading *c)
{
  char header[256];
  int boxes = 0;
  c->path = csv_column(c->csv, path_names);
  c->label = csv_column(c->csv, label_names);
  c->mask = csv_column(c->csv, mask_names);
  c->difficult = csv_column(c->csv, difficult_names);
  for (int k = 0; k < 4; k++) boxes += (c->box[k] = csv_column(c->csv, box_names[k])) >= 0;
  CHECK(c->path >= 0 && c->label >= 0 && (c->mask >= 0 || boxes == 4), ERR_FORMAT,
        "%s, line 1: objects need the columns path, label, and xmin, ymin, xmax, ymax or mask; the "
        "header is %s",
        c->file, csv_header(c->csv, header, sizeof header));
  return ERR_OK;
}

static err add_mask(struct objects *o, int64_t sample, struct object *x, char *path, int name_at)
{
  CHECK(path, ERR_MEMORY, "no memory for a path");
  x->mask = path;
  x->name_at = name_at;
  x->bytes = file_bytes(path);
  err e = x->bytes < 0 ? FAIL(ERR_INPUT, "there is no mask %s", path) : ERR_OK;
  if (!e) e = objects_append(o, sample, x);
  if (e) free(path);
  return e;
}

static err read_box(const struct reading *c, struct object *x)
{
  for (int k = 0; k < 4; k++) {
    const char *text = csv_field(c->csv, c->box[k]);
    char *end = NULL;
    const long v = strtol(text, &end, 10);
    CHECK(end != text && !*end && v >= 0 && v < INT32_MAX, ERR_FORMAT,
          "%s, line %lld: %s '%s' is not a pixel position", c->file, (long long)csv_line(c->csv),
          box_names[k][0], text);
    x->box[k] = (int)v;
  }
  CHECK(x->box[0] <= x->box[2] && x->box[1] <= x->box[3], ERR_FORMAT,
        "%s, line %lld: the box ends before it starts", c->file, (long long)csv_line(c->csv));
  return ERR_OK;
}

static err read_record(struct reading *c)
{
  const struct named key = {.path = csv_field(c->csv, c->path)};
  const char *mask = csv_field(c->csv, c->mask), *label = csv_field(c->csv, c->label);
  struct object x = {.class = recipe_class(c->r, label),
                     .difficult = csv_field(c->csv, c->difficult)[0] == '1'};
  CHECK(x.class >= 0, ERR_FORMAT, "%s, line %lld: '%s' is no class of the study", c->file,
        (long long)csv_line(c->csv), label);
  const struct named *at = bsearch(&key, c->by_name, (size_t)c->n, sizeof *c->by_name, by_path);
  if (!at) return ERR_OK;
  if (!*mask) {
    TRY(read_box(c, &x));
    return objects_append(c->o, at->sample, &x);
  }
  char *path = file_join(c->folder, mask);
  return add_mask(c->o, at->sample, &x, path, path ? (int)(strlen(path) - strlen(mask)) : 0);
}

static err read_records(struct reading *c)
{
  bool more = true;
  TRY(find_columns(c));
  for (;;) {
    TRY(csv_next(c->csv, &more));
    if (!more) return ERR_OK;
    TRY(read_record(c));
  }
}

err objects_read(struct objects *o, const char *file, char *const *path, int64_t n,
                 const struct recipe *r)
{
  struct reading c = {.o = o, .file = file, .r = r, .n = n};
  struct named *by_name = malloc(((size_t)n + 1) * sizeof *by_name);
  err e = by_name ? csv_open(file, &c.csv) : FAIL(ERR_MEMORY, "no memory for %s", file);
  if (!e) {
    for (int64_t i = 0; i < n; i++) by_name[i] = (struct named){path[i], i};
    qsort(by_name, (size_t)n, sizeof *by_name, by_path);
    c.by_name = by_name;
    c.folder = file_folder(file);
    e = c.folder ? read_records(&c) : FAIL(ERR_MEMORY, "no memory for %s", file);
  }
  free(c.folder);
  free(by_name);
  csv_close(&c.csv);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** FOLDER/NAME with its own ending or .png where one of them is a file; new, or NULL. */
static char *file_of(const char *folder, const char *name)
{
  char *path = file_join(folder, name), *png = NULL;
  if (path && file_bytes(path) >= 0) return path;
  const char *dot = path ? strrchr(path, '.') : NULL;
  if (dot && asprintf(&png, "%.*s.png", (int)(dot - path), path) < 0) png = NULL;
  free(path);
  if (png && file_bytes(png) >= 0) return png;
  free(png);
  return NULL;
}

char *objects_mask_file(const char *folder, const char *path)
{
  const char *slash = strchr(path, '/');
  char *file = file_of(folder, path);
  return file || !slash ? file : file_of(folder, slash + 1);
}

err objects_find_masks(struct objects *o, const char *folder, char *const *path,
                       const int32_t *label, int64_t n)
{
  int64_t found = 0;
  for (int64_t i = 0; i < n; i++) {
    char *file = objects_mask_file(folder, path[i]);
    if (!file || label[i] < 0) {
      free(file);
      continue;
    }
    struct object x = {.class = label[i]};
    TRY(add_mask(o, i, &x, file, (int)strlen(folder)));
    found++;
  }
  CHECK(found, ERR_INPUT,
        "no sample has a mask in %s: the mask of %s would be %s/%s or the same without its first "
        "folder",
        folder, n ? path[0] : "", folder, n ? path[0] : "");
  return ERR_OK;
}
