/** @file
 *  Labels beside the rows of an HDF5 data set. */
#include "io/dataset_hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** A dataset of integers beside `name`, or a negative id. */
static hid_t open_beside(const struct dataset_rows *at, const char *label)
{
  const char *cut = strrchr(at->name, '/');
  char *path = NULL;
  hid_t set = -1;

  if (asprintf(&path, "%.*s%s", cut ? (int)(cut - at->name) + 1 : 0, at->name, label) < 0)
    return -1;
  if (strcmp(path, at->name) != 0 && H5Lexists(at->file, path, H5P_DEFAULT) > 0)
    set = H5Dopen2(at->file, path, H5P_DEFAULT);
  free(path);
  if (set < 0) return -1;
  const hid_t type = H5Dget_type(set);
  const bool integer = H5Tget_class(type) == H5T_INTEGER;
  (void)H5Tclose(type);
  if (integer) return set;
  (void)H5Dclose(set);
  return -1;
}

/** Labels of all rows: label[N], new. */
static err read_labels(const struct dataset *d, const struct dataset_rows *at, const char *name,
                       hid_t set, int64_t **label)
{
  const hid_t space = H5Dget_space(set);
  const hssize_t n = H5Sget_simple_extent_npoints(space);
  const int rank = H5Sget_simple_extent_ndims(space);

  (void)H5Sclose(space);
  CHECK(n == (hssize_t)at->dim[0] && rank >= 1, ERR_FORMAT,
        "%s: '%s' has %lld labels for %llu samples of '%s'", d->path, name, (long long)n,
        (unsigned long long)at->dim[0], at->name);
  *label = malloc((size_t)n * sizeof **label);
  CHECK(*label, ERR_MEMORY, "no memory for %lld labels", (long long)n);
  CHECK(H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, *label) >= 0, ERR_INPUT,
        "%s: '%s' cannot be read", d->path, name);
  return ERR_OK;
}

static err set_labels(struct dataset *d, const struct recipe *r, const char *name,
                      const int64_t *label)
{
  for (int64_t i = 0; i < d->n; i++) {
    CHECK(label[i] >= -1 && label[i] < r->n_classes, ERR_FORMAT,
          "%s: %s[%lld] is %lld, the model has %d classes", d->path, name, (long long)i,
          (long long)label[i], r->n_classes);
    d->items[i].sample.label = (int)label[i];
  }
  return ERR_OK;
}

err dataset_find_labels(struct dataset *d, const struct dataset_rows *at, const struct recipe *r)
{
  static const char *const names[] = {"y", "label", "labels", "target", NULL};
  const char *const *name = names;
  hid_t set = -1;

  for (; *name; name++)
    if ((set = open_beside(at, *name)) >= 0) break;
  if (set < 0) return ERR_OK;
  int64_t *label = NULL;
  err e = ERR_OK;
  TRY_DONE(read_labels(d, at, *name, set, &label));
  TRY_DONE(set_labels(d, r, *name, label));

done:
  free(label);
  (void)H5Dclose(set);
  return e;
}
