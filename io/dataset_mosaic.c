/** @file
 *  Samples that are mosaics of image files: composed when they are read, never files themselves.  The targets of
 *  a sample are the classes of its cells, row by row. */
#include "io/dataset_impl.h"
#include "io/file.h"
#include "io/image_impl.h"
#include "io/mosaic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct mosaic_cell *cells_of(const struct dataset *d, int64_t i)
{
  const struct mosaic *m = d->state;
  return m->cells + i * m->rows * m->columns;
}

/** One cell, as its model would see it. */
static err read_cell(const struct dataset *d, const char *name, const struct recipe *r,
                     struct image *out)
{
  const struct mosaic *m = d->state;
  const struct recipe fit = {.channels = r->channels,
                             .height = m->crop,
                             .width = m->crop,
                             .resize = RESIZE_SHORT_SIDE,
                             .resize_to = m->resize,
                             .filter = r->filter,
                             .crop = true};
  char *path = file_join(d->folder, name);
  CHECK(path, ERR_MEMORY, "no memory for a path");
  err e = image_read(path, r->channels, r->exif, out);
  free(path);
  if (!e) e = image_fit(out, &fit);
  return e;
}

static void place(const struct mosaic *m, int at, const struct image *cell, struct image *whole)
{
  const size_t row = (size_t)m->crop * (size_t)cell->channels;
  int box[4];
  mosaic_box(m, at, box);
  for (int y = 0; y < m->crop; y++) {
    memcpy(whole->pixel + ((int64_t)(box[1] + y) * whole->width + box[0]) * whole->channels,
           cell->pixel + y * (int64_t)row, row);
  }
}

static err image(const struct dataset *d, int64_t i, const struct recipe *r, struct image *out,
                 int size[2], enum sample_status *status)
{
  const struct mosaic *m = d->state;
  struct image whole = {0};
  err e = image_make(m->rows * m->crop, m->columns * m->crop, r->channels, &whole);
  *status = SAMPLE_UNREADABLE;
  for (int k = 0; k < m->rows * m->columns && !e; k++) {
    struct image cell = {0};
    e = read_cell(d, cells_of(d, i)[k].file, r, &cell);
    if (!e) place(m, k, &cell, &whole);
    image_free(&cell);
  }
  if (e) {
    image_free(&whole);
    return err_trace(e, __FILE__, __LINE__);
  }
  size[0] = whole.height;
  size[1] = whole.width;
  *out = whole;
  return ERR_OK;
}

static void close_mosaic(struct dataset *d)
{
  if (d->state) mosaic_free(d->state);
  free(d->state);
}

static const struct dataset_source dataset_mosaics = {.image = image, .close = close_mosaic};

err dataset_open_mosaic(struct dataset *d, const struct recipe *r)
{
  struct stat is;
  const bool folder = stat(d->path, &is) == 0 && S_ISDIR(is.st_mode);
  CHECK(folder, ERR_INPUT, "%s: mosaics are made of images in a folder: give it as --data",
        d->path);
  d->source = &dataset_mosaics;
  d->folder = strdup(d->path);
  d->state = calloc(1, sizeof(struct mosaic));
  CHECK(d->folder && d->state, ERR_MEMORY, "no memory for mosaics");
  return mosaic_read(r->view.mosaic, d->state);
}

/** The bytes of all cells' files; a missing one counts as none. */
static int64_t bytes_of(const struct dataset *d, int64_t i, int n)
{
  int64_t sum = 0;
  for (int k = 0; k < n; k++) {
    char *path = file_join(d->folder, cells_of(d, i)[k].file);
    const int64_t bytes = path ? file_bytes(path) : 0;
    sum += bytes > 0 ? bytes : 0;
    free(path);
  }
  return sum;
}

err dataset_list_mosaics(struct dataset *d, const struct recipe *r, int64_t limit)
{
  const char *slash = strrchr(r->view.mosaic, '/'), *name = slash ? slash + 1 : r->view.mosaic;
  TRY(dataset_open_mosaic(d, r));
  const struct mosaic *m = d->state;
  const int n = m->rows * m->columns;
  for (int64_t i = 0; i < m->n && (limit <= 0 || i < limit); i++) {
    struct item *it = NULL;
    char shown[512];
    (void)snprintf(shown, sizeof shown, "%.400s[%lld]", name, (long long)i);
    TRY(dataset_append(d, shown, &it));
    for (int k = 0; k < n; k++) {
      const int class = cells_of(d, i)[k].class;
      CHECK(class < r->n_classes, ERR_FORMAT, "%s: grid %lld has class %d, the model %d classes",
            r->view.mosaic, (long long)i, class, r->n_classes);
      it->sample.target[it->sample.n_targets++] = class;
    }
    it->bytes = bytes_of(d, i, n);
  }
  return ERR_OK;
}
