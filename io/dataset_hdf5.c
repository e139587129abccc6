/** @file
 *  Samples that are rows of an HDF5 data set. */
#include "io/dataset_hdf5.h"

#include "io/file.h"
#include "io/image_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_MOST = 256 << 20 };

/* The library prints its errors unless told not to; the setting is put back afterwards. */
struct silence {
  H5E_auto2_t print;
  void *data;
};

static struct silence silence_begin(void)
{
  struct silence s = {0};
  (void)H5Eget_auto2(H5E_DEFAULT, &s.print, &s.data);
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  return s;
}

static void silence_end(const struct silence *s)
{
  (void)H5Eset_auto2(H5E_DEFAULT, s->print, s->data);
}

static void rows_close(struct dataset *d)
{
  struct dataset_rows *at = d->state;

  if (!at) return;
  if (at->set > 0) (void)H5Dclose(at->set);
  if (at->file > 0) (void)H5Fclose(at->file);
  free(at->name);
  free(at);
  d->state = NULL;
}

/** Split FILE.h5:DATASET; the dataset is "x" where none is named. */
static err split_path(const char *path, char **file, char **name)
{
  const char *colon = file_bytes(path) < 0 ? strrchr(path, ':') : NULL;

  *file = colon ? strndup(path, (size_t)(colon - path)) : strdup(path);
  *name = strdup(colon && colon[1] ? colon + 1 : "x");
  CHECK(*file && *name, ERR_MEMORY, "no memory for a path");
  return ERR_OK;
}

static hid_t open_file(const char *path)
{
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);

  (void)H5Pset_file_locking(access, false,
                            true); /* reading needs none, and not every system has it */
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
  (void)H5Pclose(access);
  return file;
}

/** Bytes of a chunk, each of which the library unpacks in memory; 0 where there are none. */
static uint64_t chunk_bytes(const struct dataset_rows *at)
{
  const hid_t create = H5Dget_create_plist(at->set), type = H5Dget_type(at->set);
  hsize_t chunk[DATASET_MAX_RANK] = {0};
  uint64_t bytes = 0;

  if (H5Pget_layout(create) == H5D_CHUNKED &&
      H5Pget_chunk(create, DATASET_MAX_RANK, chunk) == at->rank) {
    bytes = H5Tget_size(type);
    for (int k = 0; k < at->rank && bytes <= UINT32_MAX; k++) bytes *= chunk[k];
  }
  (void)H5Tclose(type);
  (void)H5Pclose(create);
  return bytes;
}

/** Open again with room for two chunks, so that reading row by row unpacks each chunk once. */
static void enlarge_cache(struct dataset_rows *at, size_t bytes)
{
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  (void)H5Pset_chunk_cache(access, 1009,
                           bytes > CACHE_MOST / 2 ? CACHE_MOST : 2 * bytes + (1 << 20), 1.0);
  (void)H5Dclose(at->set);
  at->set = H5Dopen2(at->file, at->name, access);
  (void)H5Pclose(access);
}

static bool is_type(hid_t type, H5T_class_t class, size_t size)
{
  return H5Tget_class(type) == class && H5Tget_size(type) == size;
}

static err read_layout(const struct dataset *d, struct dataset_rows *at)
{
  const hid_t space = H5Dget_space(at->set), type = H5Dget_type(at->set);
  const bool bytes = is_type(type, H5T_INTEGER, 1) && H5Tget_sign(type) == H5T_SGN_NONE;

  at->floats = is_type(type, H5T_FLOAT, 4);
  at->rank = H5Sget_simple_extent_ndims(space);
  const bool fits =
      at->rank <= DATASET_MAX_RANK && H5Sget_simple_extent_dims(space, at->dim, NULL) == at->rank;
  (void)H5Tclose(type);
  (void)H5Sclose(space);
  CHECK(fits && ((bytes && at->rank >= 3) || (at->floats && at->rank == 4)), ERR_FORMAT,
        "%s: '%s' is neither uint8 [N, H, W, C] or [N, H, W] nor float32 [N, C, H, W]", d->path,
        at->name);
  for (int k = 0; k < at->rank; k++) {
    CHECK(at->dim[k] > 0 && at->dim[k] <= INT32_MAX, ERR_FORMAT, "%s: '%s' has an extent of %llu",
          d->path, at->name, (unsigned long long)at->dim[k]);
  }
  const int first = at->floats ? 2 : 1;
  at->height = (int)at->dim[first];
  at->width = (int)at->dim[first + 1];
  at->channels = at->floats ? (int)at->dim[1] : at->rank == 4 ? (int)at->dim[3] : 1;
  return ERR_OK;
}

static err check_layout(const struct dataset *d, const struct dataset_rows *at,
                        const struct recipe *r)
{
  CHECK(!at->floats ||
            (at->channels == r->channels && at->height == r->height && at->width == r->width),
        ERR_SHAPE,
        "%s: '%s' holds inputs of %d x %d x %d (channels, height, width), the model takes %d x %d "
        "x %d",
        d->path, at->name, at->channels, at->height, at->width, r->channels, r->height, r->width);
  CHECK(at->channels == 1 || at->channels == 3, ERR_FORMAT,
        "%s: '%s' has %d channels, images have 1 or 3", d->path, at->name, at->channels);
  CHECK((int64_t)at->height * at->width <= limit_of(LIMIT_IMAGE_PIXELS), ERR_FORMAT,
        "%s: '%s' has images of %d x %d pixels, more than the %d allowed%s", d->path, at->name,
        at->height, at->width, (int)limit_of(LIMIT_IMAGE_PIXELS), limit_hint(LIMIT_IMAGE_PIXELS));
  return ERR_OK;
}

static err list_rows(struct dataset *d, const struct dataset_rows *at, int64_t limit)
{
  const int64_t all = (int64_t)at->dim[0], n = limit > 0 && limit < all ? limit : all;
  const int64_t bytes = (int64_t)at->height * at->width * at->channels * (at->floats ? 4 : 1);
  struct item *it = NULL;

  CHECK(all <= limit_of(LIMIT_SAMPLES), ERR_UNSUPPORTED,
        "%s: '%s' has %lld samples, more than the %lld allowed%s", d->path, at->name,
        (long long)all, (long long)limit_of(LIMIT_SAMPLES), limit_hint(LIMIT_SAMPLES));
  for (int64_t i = 0; i < n; i++) {
    char *name = NULL;
    CHECK(asprintf(&name, "%s[%lld]", at->name, (long long)i) >= 0, ERR_MEMORY,
          "no memory for a list of samples");
    const err e = dataset_append(d, name, &it);
    free(name);
    if (e) return err_trace(e, __FILE__, __LINE__);
    it->bytes = bytes;
  }
  return ERR_OK;
}

/** Select row i and read it as `type` into out. */
static err read_row(const struct dataset_rows *at, int64_t i, hid_t type, void *out)
{
  hsize_t start[DATASET_MAX_RANK] = {(hsize_t)i}, count[DATASET_MAX_RANK];

  memcpy(count, at->dim, sizeof count);
  count[0] = 1;
  const struct silence quiet = silence_begin();
  const hid_t from = H5Dget_space(at->set), to = H5Screate_simple(at->rank, count, NULL);
  const bool done = H5Sselect_hyperslab(from, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                    H5Dread(at->set, type, to, from, H5P_DEFAULT, out) >= 0;
  (void)H5Sclose(from);
  (void)H5Sclose(to);
  silence_end(&quiet);
  CHECK(done, ERR_INPUT, "the row cannot be read");
  return ERR_OK;
}

static err row_image(const struct dataset *d, int64_t i, const struct recipe *r, struct image *out,
                     int size[2], enum sample_status *status)
{
  const struct dataset_rows *at = d->state;
  struct image im;

  *status = SAMPLE_UNREADABLE;
  size[0] = at->height;
  size[1] = at->width;
  TRY(image_make(at->height, at->width, at->channels, &im));
  err e = read_row(at, i, H5T_NATIVE_UINT8, im.pixel);
  if (!e) e = image_convert(&im, r->channels);
  if (e) {
    image_free(&im);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = im;
  return ERR_OK;
}

static err row_input(const struct dataset *d, int64_t i, const struct recipe *r, int64_t stride,
                     float *x)
{
  const struct dataset_rows *at = d->state;
  const int64_t n = (int64_t)at->height * at->width;
  float *row = malloc((size_t)(n * at->channels) * sizeof *row);

  CHECK(row, ERR_MEMORY, "no memory for a row");
  const err e = read_row(at, i, H5T_NATIVE_FLOAT, row);
  for (int c = 0; !e && c < r->channels; c++)
    memcpy(x + c * stride, row + c * n, (size_t)n * sizeof *row);
  free(row);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

static const struct dataset_source images = {
    .main_thread = true, .image = row_image, .close = rows_close};
static const struct dataset_source inputs = {
    .main_thread = true, .input = row_input, .close = rows_close};

static err open_rows(struct dataset *d, struct dataset_rows *at, const char *file)
{
  CHECK(file_bytes(file) >= 0, ERR_INPUT, "%s: no such file", file);
  at->file = open_file(file);
  CHECK(at->file >= 0, ERR_INPUT, "%s: not an HDF5 file, or damaged", file);
  at->set = H5Dopen2(at->file, at->name, H5P_DEFAULT);
  CHECK(at->set >= 0, ERR_INPUT, "%s: no dataset '%s'; name one as FILE.h5:DATASET", file,
        at->name);
  TRY(read_layout(d, at));
  const uint64_t chunk = chunk_bytes(at);
  CHECK(chunk <= (uint64_t)limit_of(LIMIT_HDF5_CHUNK), ERR_UNSUPPORTED,
        "%s: '%s' has chunks of %llu bytes, more than the %lld allowed%s", file, at->name,
        (unsigned long long)chunk, (long long)limit_of(LIMIT_HDF5_CHUNK),
        limit_hint(LIMIT_HDF5_CHUNK));
  if (chunk) enlarge_cache(at, chunk);
  CHECK(at->set >= 0, ERR_INPUT, "%s: dataset '%s' cannot be opened", file, at->name);
  return ERR_OK;
}

static err open_set(struct dataset *d, const struct recipe *r)
{
  struct dataset_rows *at = calloc(1, sizeof *at);
  char *file = NULL;

  CHECK(at, ERR_MEMORY, "no memory for a data set");
  d->state = at;
  d->source = &images;
  err e = split_path(d->path, &file, &at->name);
  if (!e) e = open_rows(d, at, file);
  free(file);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (at->floats) d->source = &inputs;
  return check_layout(d, at, r);
}

static err open_all(struct dataset *d, const struct recipe *r, int64_t limit)
{
  TRY(open_set(d, r));
  TRY(list_rows(d, d->state, limit));
  return dataset_find_labels(d, d->state, r);
}

err dataset_open_rows(struct dataset *d, const struct recipe *r)
{
  const struct silence quiet = silence_begin();
  const err e = open_set(d, r);

  silence_end(&quiet);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

err dataset_open_hdf5(struct dataset *d, const struct recipe *r, int64_t limit)
{
  const struct silence quiet = silence_begin();
  const err e = open_all(d, r, limit);

  silence_end(&quiet);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}
