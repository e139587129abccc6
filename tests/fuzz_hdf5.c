/** @file
 *  Well-formed HDF5 files of hostile names, types, shapes, layouts, links and values as a data set.
 *  The bytes are read as a recipe: objects of a kind, a name, an element type, extents, a layout and
 *  first values. */
#include "io/dataset.h"
#include "tests/fuzz_file.h"

#include <hdf5.h>
#include <stdbool.h>
#include <string.h>

enum { DATA = 4096 };

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

static const char *name_of(uint8_t k)
{
  static const char *const names[] = {"x",      "y",   "label", "labels",
                                      "target", "x/y", "z",     "\xff\x01"};
  return names[k % (sizeof names / sizeof *names)];
}

/** A type, which the caller closes. */
static hid_t element_type(struct bytes *b)
{
  const hid_t types[] = {H5T_NATIVE_UINT8, H5T_NATIVE_FLOAT,   H5T_NATIVE_UINT8,  H5T_NATIVE_FLOAT,
                         H5T_NATIVE_INT8,  H5T_NATIVE_INT64,   H5T_NATIVE_UINT64, H5T_NATIVE_DOUBLE,
                         H5T_IEEE_F32BE,   H5T_C_S1,           H5T_STD_I32BE,     H5T_STD_U16LE,
                         H5T_STD_REF_OBJ,  H5T_NATIVE_LDOUBLE, H5T_NATIVE_B8,     H5T_UNIX_D32LE};
  const uint8_t k = next(b), how = next(b);
  const hid_t base = H5Tcopy(types[k % (sizeof types / sizeof *types)]);
  hid_t made = -1;
  const hsize_t dims[] = {how, 2};
  if (how < 240) return base;
  if (how == 240) made = H5Tvlen_create(base);
  if (how == 241) made = H5Tarray_create2(base, 2, dims);
  if (how == 242) made = H5Tenum_create(base);
  if (how == 243) made = H5Tcreate(H5T_OPAQUE, 4);
  if (how == 244) made = H5Tcreate(H5T_COMPOUND, 64);
  if (how == 244 && made >= 0) (void)H5Tinsert(made, "a", 0, base);
  if (how == 245) (void)H5Tset_precision(base, 5); /* sizes stay, bits go */
  if (how == 246) (void)H5Tset_size(base, 1 + next(b));
  if (made < 0) return base;
  (void)H5Tclose(base);
  return made;
}

/** Contiguous, chunked, packed, compact or with storage elsewhere; *large: writing a part would take
 *  the memory of a whole large chunk. */
static hid_t layout(struct bytes *b, int rank, bool *large)
{
  const hid_t p = H5Pcreate(H5P_DATASET_CREATE);
  const uint8_t how = next(b) % 16;
  hsize_t chunk[5];
  double elements = 1;
  for (int i = 0; i < rank; i++) chunk[i] = (hsize_t)1 << (next(b) % 31);
  for (int i = 0; i < rank; i++) elements *= (double)chunk[i];
  *large = how >= 1 && how <= 6 && elements > DATA;
  if (how >= 1 && how <= 6 && rank) (void)H5Pset_chunk(p, rank, chunk);
  if (how == 2 || how == 3) (void)H5Pset_deflate(p, 1);
  if (how == 3) (void)H5Pset_shuffle(p);
  if (how == 4) (void)H5Pset_fletcher32(p);
  if (how == 7) (void)H5Pset_layout(p, H5D_COMPACT);
  if (how == 8) (void)H5Pset_external(p, "absent", 0, H5F_UNLIMITED);
  return p;
}

static void put_set(hid_t file, const char *name, struct bytes *b)
{
  hsize_t dims[5], most[5];
  uint8_t data[DATA];
  const int rank = next(b) % 6;
  const hid_t type = element_type(b);
  for (int i = 0; i < rank; i++) {
    const uint8_t d = next(b);
    dims[i] = d < 240 ? d % 9 : (hsize_t)1 << (d % 63); /* never written, so never allocated */
    most[i] = H5S_UNLIMITED;
  }
  bool large = false;
  const hid_t plan = layout(b, rank, &large);
  const hid_t space = rank ? H5Screate_simple(rank, dims, next(b) % 4 ? NULL : most)
                           : H5Screate(next(b) % 2 ? H5S_NULL : H5S_SCALAR);
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plan, H5P_DEFAULT);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  const size_t bytes = H5Tget_size(type);
  const H5T_class_t class = H5Tget_class(type);
  const bool plain = class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_BITFIELD;
  for (size_t i = 0; i < sizeof data; i++) data[i] = next(b);
  if (set >= 0 && plain && !large && count > 0 && count <= (hssize_t)(sizeof data / bytes))
    (void)H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
  if (set >= 0) (void)H5Dclose(set);
  (void)H5Sclose(space);
  (void)H5Pclose(plan);
  (void)H5Tclose(type);
}

/** A data set, or something else where one is looked for. */
static void put(hid_t file, struct bytes *b)
{
  const uint8_t kind = next(b) % 16;
  const char *name = name_of(next(b));
  if (kind < 11) {
    put_set(file, name, b);
  } else if (kind == 11) {
    const hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group >= 0) (void)H5Gclose(group);
  } else if (kind == 12) {
    (void)H5Lcreate_soft(name_of(next(b)), file, name, H5P_DEFAULT, H5P_DEFAULT);
  } else if (kind == 13) {
    (void)H5Lcreate_external("absent.h5", name_of(next(b)), file, name, H5P_DEFAULT, H5P_DEFAULT);
  } else if (kind == 14) {
    (void)H5Lcreate_hard(file, name_of(next(b)), file, name, H5P_DEFAULT, H5P_DEFAULT);
  } else {
    const hid_t type = element_type(b);
    (void)H5Tcommit2(file, name, type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    (void)H5Tclose(type);
  }
}

static void fill(const char *path, struct bytes *b)
{
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (file < 0) abort();
  for (int objects = next(b) % 5; objects > 0; objects--) put(file, b);
  if (H5Fclose(file) < 0) abort();
}

/** The library keeps the memory of a closed file for the next: asking the system for it anew takes
 *  longer than all else. */
static void start(void)
{
  static bool started;
  if (started) return;
  started = true;
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  (void)H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
  struct bytes b = {bytes, n};
  const struct recipe r = {
      .channels = next(&b) & 1 ? 3 : 1, .height = 4, .width = 4, .n_classes = 3};
  const char *path = fuzz_path(".h5");
  float x[3 * 4 * 4];
  struct dataset *d = NULL;
  start();
  fill(path, &b);
  if (!dataset_open(path, &r, 4, &d)) {
    for (int64_t i = 0; i < dataset_count(d); i++) {
      int size[2];
      if (dataset_sample(d, i).label >= 3) abort();
      (void)dataset_load(d, i, &r, 16, x, size);
    }
  }
  dataset_close(&d);
  return 0;
}
