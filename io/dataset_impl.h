#pragma once
/* What the parts of the data set share: the list, and where pixels come from. */
#include "io/dataset.h"
#include "io/image.h"

struct item {
  struct sample sample; /* sample.path is `shown` */
  char *shown;          /* path as text: UTF-8 without control characters; owned */
  char *file;           /* path as the file system knows it, where that differs; owned or NULL */
  int64_t bytes;        /* of the file, or of the row; -1 where it is missing */
};

/* Where pixels come from.  One per kind of data set. */
struct dataset_source {
  bool main_thread;
  /** Image i as the source holds it, in r->channels channels; size[2] as far as it is known.
   *  On failure *status tells why. */
  err (*image)(const struct dataset *d, int64_t i, const struct recipe *r, struct image *out,
               int size[2], enum sample_status *status);
  /** For data sets of ready inputs, instead of `image`: planes x[c * stride + u]. */
  err (*input)(const struct dataset *d, int64_t i, const struct recipe *r, int64_t stride,
               float *x);
  void (*close)(struct dataset *d); /* NULL: nothing to close */
};

enum dataset_kind { DATASET_FOLDER, DATASET_CSV, DATASET_HDF5, DATASET_MOSAIC };

struct list; /* dataset_list.c */

struct dataset {
  enum dataset_kind kind;
  const struct dataset_source *source;
  void *state;  /* the source's own */
  char *path;   /* as given; owned */
  char *folder; /* where relative paths start; owned or NULL */
  int64_t n, max;
  struct item *items; /* [n] owned; while the list is read */
  const struct list *list;
  void *own_list; /* where it is this process's own */
  char sha256[65];
};

/** Append a sample without label, targets or box; *out is valid until the next.
 *  file: raw path.  Errors: ERR_MEMORY. */
MUST_CHECK err dataset_append(struct dataset *d, const char *file, struct item **out);

/** The raw path of an item. */
const char *dataset_item_file(const struct item *it);

/** A path as printable UTF-8, new: every other byte, and a '%' that looks like an escape, becomes
 *  "%XX".  NULL when out of memory. */
char *dataset_path_text(const char *file);

/** The class of a label text, or an error that names `where` it stands and the nearest classes.
 *  Errors: ERR_FORMAT. */
MUST_CHECK err dataset_label(const struct recipe *r, const char *text, const char *where,
                             int *label);

/** The items, which are freed, become d's list.  Errors: ERR_MEMORY. */
MUST_CHECK err dataset_pack_list(struct dataset *d);
void dataset_free_items(struct dataset *d);

/** The raw path of sample i of the list. */
const char *dataset_file(const struct dataset *d, int64_t i);

/** The source of a data set whose list and kind are known.  Errors: as dataset_open. */
MUST_CHECK err dataset_open_source(struct dataset *d, const struct recipe *r);

/** Open the rows of an HDF5 data set, without listing them. */
MUST_CHECK err dataset_open_rows(struct dataset *d, const struct recipe *r);

/** One kind each: fill d's items and its source. */
MUST_CHECK err dataset_open_folder(struct dataset *d, const struct recipe *r, int64_t limit);
MUST_CHECK err dataset_open_csv(struct dataset *d, const struct recipe *r, int64_t limit);
MUST_CHECK err dataset_list_mosaics(struct dataset *d, const struct recipe *r, int64_t limit);

/** The source of mosaics, whose list is there already. */
MUST_CHECK err dataset_open_mosaic(struct dataset *d, const struct recipe *r);
MUST_CHECK err dataset_open_hdf5(struct dataset *d, const struct recipe *r, int64_t limit);

/** Images that are files below d->folder. */
extern const struct dataset_source dataset_files;

/** Note the byte size of every file of the list. */
MUST_CHECK err dataset_measure_files(struct dataset *d);

/** SHA-256 of the list into d->sha256. */
MUST_CHECK err dataset_hash_list(struct dataset *d);
