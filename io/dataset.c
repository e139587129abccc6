/** @file
 *  The data set: opening by kind, the list, and from a source's image to the model's input. */
#include "io/dataset.h"

#include "io/dataset_impl.h"
#include "io/dataset_view.h"
#include "io/file.h"
#include "io/image_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool ends_with(const char *text, size_t n, const char *end)
{
  const size_t m = strlen(end);
  return n >= m && strncasecmp(text + n - m, end, m) == 0;
}

/** True for FILE.h5, FILE.hdf5, FILE.hdf and FILE.h5:DATASET. */
static bool names_hdf5(const char *path)
{
  static const char *const ends[] = {".h5", ".hdf5", ".hdf"};
  const char *colon = strrchr(path, ':');

  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    if (ends_with(path, strlen(path), ends[i])) return true;
    if (colon && ends_with(path, (size_t)(colon - path), ends[i])) return true;
  }
  return false;
}

static err open_kind(struct dataset *d, const struct recipe *r, int64_t limit)
{
  struct stat is;
  const bool there = stat(d->path, &is) == 0;

  d->kind = DATASET_MOSAIC;
  if (r->view.mosaic) return dataset_list_mosaics(d, r, limit);
  d->kind = DATASET_FOLDER;
  if (there && S_ISDIR(is.st_mode)) return dataset_open_folder(d, r, limit);
  d->kind = DATASET_HDF5;
  if (names_hdf5(d->path)) return dataset_open_hdf5(d, r, limit);
  d->kind = DATASET_CSV;
  CHECK(there, ERR_INPUT, "%s: no such data set", d->path);
  CHECK(ends_with(d->path, strlen(d->path), ".csv"), ERR_INPUT,
        "%s: not a data set; give a folder of images, a .csv file or an HDF5 file (.h5, .hdf5)",
        d->path);
  return dataset_open_csv(d, r, limit);
}

/** The view `blind` needs objects. */
static err check_blind(const struct dataset *d, const struct recipe *r)
{
  bool any = r->view.masks != NULL;
  if (!r->view.blind) return ERR_OK;
  CHECK(
      !r->exif, ERR_UNSUPPORTED,
      "view blind: boxes and masks belong to the image as it lies in its file; give --exif ignore");
  for (int64_t i = 0; i < d->n && !any; i++) any = d->items[i].sample.has_box;
  CHECK(any, ERR_USAGE, "view blind: %s has no boxes; give blind=FOLDER with masks", d->path);
  return ERR_OK;
}

err dataset_open(const char *path, const struct recipe *r, int64_t limit, struct dataset **out)
{
  struct dataset *d = calloc(1, sizeof *d);
  err e = ERR_OK;

  CHECK_DONE(d, ERR_MEMORY, "no memory for a data set");
  d->path = strdup(path);
  CHECK_DONE(d->path, ERR_MEMORY, "no memory for a data set");
  TRY_DONE(open_kind(d, r, limit));
  CHECK_DONE(d->n > 0, ERR_INPUT, "%s: no images in it", path);
  TRY_DONE(check_blind(d, r));
  TRY_DONE(dataset_hash_list(d));
  TRY_DONE(dataset_pack_list(d));
  *out = d;
  d = NULL;

done:
  dataset_close(&d);
  return e;
}

err dataset_open_source(struct dataset *d, const struct recipe *r)
{
  if (d->kind == DATASET_HDF5) return dataset_open_rows(d, r);
  if (d->kind == DATASET_MOSAIC) return dataset_open_mosaic(d, r);
  d->source = &dataset_files;
  d->folder = d->kind == DATASET_FOLDER ? strdup(d->path) : file_folder(d->path);
  CHECK(d->folder, ERR_MEMORY, "no memory for a path");
  return ERR_OK;
}

void dataset_free_items(struct dataset *d)
{
  for (int64_t i = 0; d->items && i < d->n; i++) {
    free(d->items[i].shown);
    free(d->items[i].file);
  }
  free(d->items);
  d->items = NULL;
}

void dataset_close(struct dataset **d)
{
  if (!*d) return;
  if ((*d)->source && (*d)->source->close) (*d)->source->close(*d);
  dataset_free_items(*d);
  free((*d)->own_list);
  free((*d)->folder);
  free((*d)->path);
  free(*d);
  *d = NULL;
}

err dataset_append(struct dataset *d, const char *file, struct item **out)
{
  CHECK(d->n < limit_of(LIMIT_SAMPLES), ERR_UNSUPPORTED, "%s: more than %lld samples%s", d->path,
        (long long)limit_of(LIMIT_SAMPLES), limit_hint(LIMIT_SAMPLES));
  if (d->n == d->max) {
    const int64_t max = d->max ? 2 * d->max : 64;
    struct item *grown = realloc(d->items, (size_t)max * sizeof *grown);
    CHECK(grown, ERR_MEMORY, "no memory for a list of %lld samples", (long long)max);
    d->items = grown;
    d->max = max;
  }
  struct item *it = &d->items[d->n];
  *it = (struct item){.sample.label = -1, .shown = dataset_path_text(file), .bytes = -1};
  CHECK(it->shown, ERR_MEMORY, "no memory for a list of %lld samples", (long long)d->n);
  if (strcmp(it->shown, file) != 0) {
    it->file = strdup(file);
    if (!it->file) free(it->shown);
    CHECK(it->file, ERR_MEMORY, "no memory for a list of %lld samples", (long long)d->n);
  }
  it->sample.path = it->shown;
  d->n++;
  *out = it;
  return ERR_OK;
}

const char *dataset_item_file(const struct item *it)
{
  return it->file ? it->file : it->shown;
}

int64_t dataset_count(const struct dataset *d)
{
  return d->n;
}

const char *dataset_sha256(const struct dataset *d)
{
  return d->sha256;
}

bool dataset_main_thread(const struct dataset *d)
{
  return d->source->main_thread;
}

/** Put the sample's path before the reason of a failure. */
static err blame(const struct dataset *d, int64_t i, err e)
{
  char reason[640];

  (void)snprintf(reason, sizeof reason, "%s", err_message());
  return FAIL(e, "%s: %s", dataset_sample(d, i).path, reason);
}

/** A mosaic is as large as it is, and becomes as large as the model's input. */
static struct recipe frame_of(const struct recipe *r)
{
  struct recipe fit = *r;
  if (!r->view.mosaic) return fit;
  fit.resize = RESIZE_EXACT;
  fit.resize_height = r->height;
  fit.resize_width = r->width;
  fit.crop = false;
  return fit;
}

/** Image i in the model's frame. */
static err framed(const struct dataset *d, int64_t i, const struct recipe *r, struct image *out,
                  int size[2], enum sample_status *status)
{
  const struct recipe fit = frame_of(r);
  struct image im = {0};
  err e = d->source->image(d, i, r, &im, size, status);

  if (e) return err_trace(e, __FILE__, __LINE__);
  e = image_fit(&im, &fit);
  if (e) {
    image_free(&im);
    *status = e == ERR_SHAPE    ? SAMPLE_WRONG_SIZE
              : e == ERR_FORMAT ? SAMPLE_TOO_LARGE
                                : SAMPLE_UNREADABLE;
    return err_trace(e, __FILE__, __LINE__);
  }
  dataset_view_pixels(r, &im);
  *out = im;
  return ERR_OK;
}

static err load(const struct dataset *d, int64_t i, const struct recipe *r, int64_t stride,
                float *x, int size[2], enum sample_status *status)
{
  struct image im;

  *status = SAMPLE_UNREADABLE;
  if (d->source->input) {
    TRY(d->source->input(d, i, r, stride, x));
    size[0] = r->height;
    size[1] = r->width;
  } else {
    TRY(framed(d, i, r, &im, size, status));
    image_normalise(&im, r, stride, x);
    image_free(&im);
  }
  *status = SAMPLE_UNREADABLE;
  TRY(dataset_view_input(d, i, r, d->source->input != NULL, size, stride, x));
  *status = SAMPLE_DONE;
  return ERR_OK;
}

enum sample_status dataset_load(const struct dataset *d, int64_t i, const struct recipe *r,
                                int64_t stride, float *x, int size[2])
{
  const size_t plane = (size_t)r->height * (size_t)r->width * sizeof *x;
  enum sample_status status = SAMPLE_DONE;

  size[0] = size[1] = 0;
  const err e = load(d, i, r, stride, x, size, &status);
  if (!e) return status;
  (void)blame(d, i, e);
  for (int c = 0; c < r->channels; c++) memset(x + c * stride, 0, plane);
  return status;
}

/** Pixels that would have given the input x[c, u]:  (x * std + mean) / scale, rounded and clamped. */
static void pixels_of_input(const struct recipe *r, const float *x, struct image *im)
{
  const int64_t n = (int64_t)r->height * r->width;

  for (int c = 0; c < r->channels; c++) {
    uint8_t *pixel = im->pixel + (r->bgr ? r->channels - 1 - c : c);
    for (int64_t u = 0; u < n; u++) {
      const double v = floor((x[c * n + u] * r->std[c] + r->mean[c]) / r->scale + 0.5);
      pixel[u * r->channels] = (uint8_t)(v >= 255.0 ? 255 : v > 0.0 ? (int)v : 0);
    }
  }
}

static err picture_of_input(const struct dataset *d, int64_t i, const struct recipe *r,
                            struct image *out)
{
  const int64_t n = (int64_t)r->height * r->width;
  float *x = malloc((size_t)(n * r->channels) * sizeof *x);
  struct image im = {0};
  err e = ERR_OK;

  CHECK_DONE(x, ERR_MEMORY, "no memory for a picture");
  TRY_DONE(d->source->input(d, i, r, n, x));
  TRY_DONE(image_make(r->height, r->width, r->channels, &im));
  pixels_of_input(r, x, &im);
  *out = im;

done:
  free(x);
  return e;
}

err dataset_picture(const struct dataset *d, int64_t i, const struct recipe *r, struct image *out)
{
  enum sample_status status = SAMPLE_DONE;
  int size[2];
  const err e =
      d->source->input ? picture_of_input(d, i, r, out) : framed(d, i, r, out, size, &status);

  return e ? blame(d, i, e) : ERR_OK;
}

bool dataset_holds_inputs(const struct dataset *d)
{
  return d->source->input != NULL;
}
