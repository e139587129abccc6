#pragma once
/* What the files of HDF5 data sets share.  They own hdf5.h for data sets: read-only, serial driver, main
 * thread. */
#include "io/dataset_impl.h"

#include <hdf5.h>

enum { DATASET_MAX_RANK = 4 };

struct dataset_rows {
  hid_t file, set;
  char *name;  /* of the dataset; owned */
  bool floats; /* ready inputs [N, C, H, W]; otherwise images [N, H, W, C] */
  int rank;
  hsize_t dim[DATASET_MAX_RANK];
  int channels, height, width;
};

/** Labels of d's samples, where a dataset of integers beside the rows is named as labels usually are.
 *  Errors: ERR_FORMAT, ERR_INPUT, ERR_MEMORY. */
MUST_CHECK err dataset_find_labels(struct dataset *d, const struct dataset_rows *at,
                                   const struct recipe *r);
