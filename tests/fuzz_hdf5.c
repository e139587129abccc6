/** @file
 *  Well-formed HDF5 files of hostile names, types, shapes and values as a data set.  The bytes are
 *  read as a recipe: data sets of a name, an element type, extents and a first value. */
#include "io/dataset.h"
#include "tests/fuzz_file.h"

#include <hdf5.h>
#include <string.h>

struct bytes {
  const uint8_t *at;
  size_t left;
};

static uint8_t next(struct bytes *b)
{
  if (!b->left) return 0;
  b->left--;
  return *b->at++;
}

static hid_t element_type(uint8_t k)
{
  const hid_t types[] = {H5T_NATIVE_UINT8,  H5T_NATIVE_FLOAT,  H5T_NATIVE_INT8, H5T_NATIVE_INT64,
                         H5T_NATIVE_UINT64, H5T_NATIVE_DOUBLE, H5T_IEEE_F32BE,  H5T_C_S1,
                         H5T_STD_I32BE,     H5T_STD_U16LE};
  return types[k % (sizeof types / sizeof *types)];
}

/** One data set, or a group in its place. */
static void put(hid_t file, struct bytes *b)
{
  static const char *const names[] = {"x", "y", "label", "labels", "target", "x/y", "z"};
  const char *name = names[next(b) % 7];
  hsize_t dims[5];
  const int rank = next(b) % 6;
  const hid_t type = element_type(next(b));
  for (int i = 0; i < rank; i++) {
    const uint8_t d = next(b);
    dims[i] = d < 240 ? d % 9 : (hsize_t)1 << (d % 63); /* never written, so never allocated */
  }
  const hid_t space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
  const hid_t set =
      space < 0 ? -1 : H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  uint8_t data[4096];
  for (size_t i = 0; i < sizeof data; i++) data[i] = next(b);
  const hssize_t count = space < 0 ? 0 : H5Sget_simple_extent_npoints(space);
  if (set >= 0 && count > 0 && count <= (hssize_t)(sizeof data / 8))
    (void)H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
  if (set >= 0) (void)H5Dclose(set);
  if (space >= 0) (void)H5Sclose(space);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
  struct bytes b = {bytes, n};
  const struct recipe r = {
      .channels = next(&b) & 1 ? 3 : 1, .height = 4, .width = 4, .n_classes = 3};
  const char *path = fuzz_path(".h5");
  float x[3 * 4 * 4];
  struct dataset *d = NULL;
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (file < 0) abort();
  for (int sets = next(&b) % 4; sets > 0; sets--) put(file, &b);
  (void)H5Fclose(file);
  if (!dataset_open(path, &r, 4, &d)) {
    for (int64_t i = 0; i < dataset_count(d); i++) {
      int size[2];
      if (dataset_sample(d, i)->label >= 3) abort();
      (void)dataset_load(d, i, &r, 16, x, size);
    }
  }
  dataset_close(&d);
  return 0;
}
