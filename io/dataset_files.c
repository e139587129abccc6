/** @file
 *  Samples that are image files: reading them, and why that may fail. */
#include "io/dataset_impl.h"
#include "io/file.h"
#include "io/image_impl.h"

#include <stdlib.h>

static const enum sample_status status_of[] = {
    [IMAGE_SOUND] = SAMPLE_DONE,          [IMAGE_EMPTY] = SAMPLE_EMPTY,
    [IMAGE_FOREIGN] = SAMPLE_NOT_IMAGE,   [IMAGE_DAMAGED] = SAMPLE_DAMAGED,
    [IMAGE_TOO_LARGE] = SAMPLE_TOO_LARGE, [IMAGE_NO_MEMORY] = SAMPLE_UNREADABLE,
};

/** Read without the path in the message: it is put there relative to the data set. */
static err read_item(const struct dataset *d, int64_t i, uint8_t **bytes, size_t *n,
                     enum sample_status *status)
{
  char *path = file_join(d->folder, dataset_file(d, i));

  *status = SAMPLE_UNREADABLE;
  CHECK(path, ERR_MEMORY, "no memory for a path");
  const err e = file_read(path, LIMIT_FILE_BYTES, bytes, n);
  free(path);
  if (e == ERR_UNSUPPORTED) *status = SAMPLE_TOO_LARGE;
  CHECK(e != ERR_INPUT, e, "the file cannot be opened or read");
  CHECK(e != ERR_UNSUPPORTED, e, "more than %lld bytes%s", (long long)limit_of(LIMIT_FILE_BYTES),
        limit_hint(LIMIT_FILE_BYTES));
  CHECK(!e, e, "no memory to read the file");
  return ERR_OK;
}

static err image(const struct dataset *d, int64_t i, const struct recipe *r, struct image *out,
                 int size[2], enum sample_status *status)
{
  struct decoding at = {.exif = r->exif};
  uint8_t *bytes = NULL;

  TRY(read_item(d, i, &bytes, &at.n, status));
  at.bytes = bytes;
  const err e = image_decode_into(&at, r->channels);
  free(bytes);
  size[0] = at.height;
  size[1] = at.width;
  *status = status_of[at.fault];
  if (e) {
    image_free(&at.im);
    return err_trace(e, __FILE__, __LINE__);
  }
  *out = at.im;
  return ERR_OK;
}

const struct dataset_source dataset_files = {.image = image};

err dataset_measure_files(struct dataset *d)
{
  for (int64_t i = 0; i < d->n; i++) {
    char *path = file_join(d->folder, dataset_item_file(&d->items[i]));
    CHECK(path, ERR_MEMORY, "no memory for a path");
    d->items[i].bytes = file_bytes(path);
    free(path);
  }
  return ERR_OK;
}
