#pragma once
/* The data set: a list of samples with labels and wanted targets, and their pixels.
 * A folder of images (sub-folders are labels), a CSV manifest, or an HDF5 data set. */
#include "core/err.h"
#include "io/recipe.h"

#include <stdbool.h>
#include <stdint.h>

enum { DATASET_MAX_TARGETS = 16 };

struct sample {
  const char
      *path;      /* relative to the data set, or "x[17]" for HDF5; always UTF-8: a control or other
                        byte is written %XX, and so is a '%' that two hex digits follow */
  int64_t number; /* i, of the whole data set */
  int label;      /* class index, or -1 where none is known */
  int n_targets;  /* given per sample in the manifest */
  int target[DATASET_MAX_TARGETS];
  bool has_box;
  int box[4]; /* xmin, ymin, xmax, ymax, inclusive pixels of the file's image */
};

/* Why a sample has no maps; value 0 and 1 are the commit record of the store. */
#define SAMPLE_STATUS_LIST(E)                                             \
  E(SAMPLE_PENDING, "pending", "not computed yet")                        \
  E(SAMPLE_DONE, "done", "computed")                                      \
  E(SAMPLE_UNREADABLE, "unreadable", "the file cannot be opened or read") \
  E(SAMPLE_EMPTY, "empty", "the file has no bytes")                       \
  E(SAMPLE_NOT_IMAGE, "not_image", "neither JPEG nor PNG")                \
  E(SAMPLE_DAMAGED, "damaged", "truncated or corrupt image")              \
  E(SAMPLE_TOO_LARGE, "too_large", "more pixels than are allowed")        \
  E(SAMPLE_WRONG_SIZE, "wrong_size", "not the size that the recipe leaves to the model")

enum sample_status {
#define E(name, word, text) name,
  SAMPLE_STATUS_LIST(E)
#undef E
};

struct dataset;

/** Open a data set and read its list; no image is read.
 *
 *  path: a folder; a .csv file; an HDF5 file, optionally FILE.h5:DATASET (default "x").
 *  Folder: every *.jpg, *.jpeg, *.png (any case) below it; the label is the name of the first
 *  sub-folder, where there is one, and must then be in the class list.  Order: bytewise by path.
 *  Hidden names are left out; links are followed, but no folder is entered from within itself.
 *  CSV: a header; columns path (or file), label (or class_id, class, name: the first of them there),
 *  optional targets (classes separated by ';'), xmin, ymin, xmax, ymax; other columns are ignored;
 *  RFC 4180 quoting; paths are relative to the CSV's folder.  An empty label is -1.
 *  HDF5: uint8 [N, H, W, C] or [N, H, W] are images, float32 [N, C, H, W] are inputs as they are;
 *  labels from an integer dataset beside it named y, label, labels or target, where there is one;
 *  -1 is no label.
 *  limit > 0: only the first so many samples.
 *  Errors: ERR_INPUT (missing, empty), ERR_FORMAT (CSV line number, label not in the class list),
 *  ERR_SHAPE (float inputs of another shape than the recipe's).
 *  Not collective. */
MUST_CHECK err dataset_open(const char *path, const struct recipe *r, int64_t limit,
                            struct dataset **out);
void dataset_close(struct dataset **d);

int64_t dataset_count(const struct dataset *d);
struct sample dataset_sample(const struct dataset *d, int64_t i); /* its path belongs to d */

/** The list as one block without pointers, which other processes can take for theirs. */
const void *dataset_list(const struct dataset *d, int64_t *bytes);

/** Take an equal list that lies elsewhere, outlives d and is not d's; the own one is freed. */
void dataset_move_list(struct dataset *d, const void *list);

/** Open with a list that dataset_open made in another process: no folder is read, no file of the list
 *  is looked at.  list must outlive d.  Errors: as dataset_open, for HDF5; ERR_MEMORY. */
MUST_CHECK err dataset_open_list(const char *path, const struct recipe *r, const void *list,
                                 struct dataset **out);

/** Whether the file of sample i is there with the size that the list says (for HDF5: true). */
bool dataset_unchanged(const struct dataset *d, int64_t i);

/** SHA-256 in hex of the list: paths, byte sizes of the files, labels, targets and boxes. */
const char *dataset_sha256(const struct dataset *d);

/** True where loading calls HDF5 and so belongs to the main thread. */
bool dataset_main_thread(const struct dataset *d);

/** Load sample i as the model's input into planes x[c * stride + u], u = row * W + column.
 *
 *  size[2]: height and width of the image in the file, before any turning; 0 where not known.
 *  Returns a status: SAMPLE_DONE, or why not, with the text, which starts with the sample's path, in
 *  err_message() of this thread; the planes of x are zero-filled then.  Thread-safe for distinct samples unless dataset_main_thread(). */
enum sample_status dataset_load(const struct dataset *d, int64_t i, const struct recipe *r,
                                int64_t stride, float *x, int size[2]);

/** The image of sample i as 8-bit pixels in the model's frame (after resize and crop, before
 *  normalisation), for pictures; inputs given as floats are scaled back by the recipe and clamped.
 *  Errors: as dataset_load. */
struct image;
MUST_CHECK err dataset_picture(const struct dataset *d, int64_t i, const struct recipe *r,
                               struct image *out);

/** Whether the samples are inputs of the model as they are: no recipe changes them. */
bool dataset_holds_inputs(const struct dataset *d);

/** Lower-case hex SHA-256 of a file (hex has 65 bytes).  Errors: ERR_INPUT. */
MUST_CHECK err dataset_file_sha256(const char *path, char *hex);
/** Lower-case hex SHA-1 of a file (hex has 41 bytes), as ONNX gives it for external data. */
MUST_CHECK err dataset_file_sha1(const char *path, char *hex);
