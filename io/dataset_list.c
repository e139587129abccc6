/** @file
 *  The list of samples as one block of memory without pointers, which processes can share.
 *
 *  Block:  struct list, rows [n], targets [n_targets], text [n_text]. */
#include "io/dataset_impl.h"
#include "io/file.h"

#include <stdlib.h>
#include <string.h>

/* One sample. */
struct row {
  int64_t bytes;       /* as struct item */
  int64_t shown, file; /* first byte of the text; file == shown where both are the same */
  int64_t target;      /* first of its targets */
  int32_t label, n_targets, has_box, box[4];
};

struct list {
  int64_t bytes, n, n_targets, n_text;
  int32_t kind;
  char sha256[65];
};

static const struct row *rows_of(const struct list *l)
{
  return (const struct row *)(l + 1);
}

static const int32_t *targets_of(const struct list *l)
{
  return (const int32_t *)(rows_of(l) + l->n);
}

static const char *text_of(const struct list *l)
{
  return (const char *)(targets_of(l) + l->n_targets);
}

/** Append a text; returns where it begins. */
static int64_t put_text(char *text, int64_t *used, const char *add)
{
  const int64_t at = *used;
  const size_t n = strlen(add) + 1;
  memcpy(text + at, add, n);
  *used += (int64_t)n;
  return at;
}

/** Sizes of the block for the items of d. */
static struct list measure(const struct dataset *d)
{
  struct list l = {.n = d->n, .kind = (int32_t)d->kind};
  memcpy(l.sha256, d->sha256, sizeof l.sha256);
  for (int64_t i = 0; i < d->n; i++) {
    const struct item *it = &d->items[i];
    l.n_targets += it->sample.n_targets;
    l.n_text += (int64_t)strlen(it->shown) + 1;
    if (it->file) l.n_text += (int64_t)strlen(it->file) + 1;
  }
  l.bytes = (int64_t)sizeof l + l.n * (int64_t)sizeof(struct row) +
            l.n_targets * (int64_t)sizeof(int32_t) + l.n_text;
  return l;
}

static void fill(struct list *l, const struct item *items)
{
  struct row *rows = (struct row *)(l + 1);
  int32_t *targets = (int32_t *)(rows + l->n);
  char *text = (char *)(targets + l->n_targets);
  int64_t n_targets = 0, n_text = 0;
  for (int64_t i = 0; i < l->n; i++) {
    const struct item *it = &items[i];
    const struct sample *s = &it->sample;
    struct row *r = &rows[i];
    *r = (struct row){.bytes = it->bytes,
                      .target = n_targets,
                      .label = s->label,
                      .n_targets = s->n_targets,
                      .has_box = s->has_box};
    r->shown = r->file = put_text(text, &n_text, it->shown);
    if (it->file) r->file = put_text(text, &n_text, it->file);
    for (int k = 0; k < s->n_targets; k++) targets[n_targets++] = s->target[k];
    for (int k = 0; k < 4; k++) r->box[k] = s->box[k];
  }
}

err dataset_pack_list(struct dataset *d)
{
  const struct list sizes = measure(d);
  struct list *l = malloc((size_t)sizes.bytes);
  CHECK(l, ERR_MEMORY, "no memory for a list of %lld samples", (long long)d->n);
  *l = sizes;
  fill(l, d->items);
  dataset_free_items(d);
  d->list = d->own_list = l;
  return ERR_OK;
}

const void *dataset_list(const struct dataset *d, int64_t *bytes)
{
  *bytes = d->list->bytes;
  return d->list;
}

void dataset_move_list(struct dataset *d, const void *list)
{
  free(d->own_list);
  d->own_list = NULL;
  d->list = list;
}

err dataset_open_list(const char *path, const struct recipe *r, const void *list,
                      struct dataset **out)
{
  const struct list *l = list;
  struct dataset *d = calloc(1, sizeof *d);
  err e = ERR_OK;

  CHECK_DONE(d, ERR_MEMORY, "no memory for a data set");
  d->list = l;
  d->kind = (enum dataset_kind)l->kind;
  d->n = l->n;
  memcpy(d->sha256, l->sha256, sizeof d->sha256);
  d->path = strdup(path);
  CHECK_DONE(d->path, ERR_MEMORY, "no memory for a data set");
  TRY_DONE(dataset_open_source(d, r));
  *out = d;
  d = NULL;

done:
  dataset_close(&d);
  return e;
}

struct sample dataset_sample(const struct dataset *d, int64_t i)
{
  const struct row *r = &rows_of(d->list)[i];
  struct sample s = {.path = text_of(d->list) + r->shown,
                     .number = i,
                     .label = r->label,
                     .n_targets = r->n_targets,
                     .has_box = r->has_box != 0};
  for (int k = 0; k < r->n_targets; k++) s.target[k] = targets_of(d->list)[r->target + k];
  for (int k = 0; k < 4; k++) s.box[k] = r->box[k];
  return s;
}

const char *dataset_file(const struct dataset *d, int64_t i)
{
  return text_of(d->list) + rows_of(d->list)[i].file;
}

bool dataset_unchanged(const struct dataset *d, int64_t i)
{
  if (d->kind == DATASET_HDF5 || d->kind == DATASET_MOSAIC) return true;
  char *path = file_join(d->folder, dataset_file(d, i));
  const bool same = path && file_bytes(path) == rows_of(d->list)[i].bytes;
  free(path);
  return same;
}
