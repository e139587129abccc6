/** @file
 *  Small things that every part of the store needs: handles, types, and why HDF5 failed. */
#include "io/store_hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void store_quiet(void)
{
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/** Upward, the first record is the innermost; a later one is taken where the first says nothing. */
static herr_t keep_first(unsigned n, const H5E_error2_t *record, void *text)
{
  (void)n;
  char *const out = text;
  if (out[0] == '\0' && record->desc && record->desc[0]) {
    (void)snprintf(out, STORE_REASON, "%s", record->desc);
  }
  return 0;
}

/** Of "file write failed: time = ..., errno = 28, error message = 'No space left on device', buf = ..."
 *  only the message is of use. */
static void shorten(char *text)
{
  static const char mark[] = "error message = '";
  const char *const begin = strstr(text, mark);
  const char *const end = begin ? strchr(begin + strlen(mark), '\'') : NULL;
  if (!end) return;
  const size_t n = (size_t)(end - begin) - strlen(mark);
  memmove(text, begin + strlen(mark), n);
  text[n] = '\0';
}

const char *store_reason(char *text)
{
  text[0] = '\0';
  (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, text);
  shorten(text);
  if (text[0] == '\0') (void)snprintf(text, STORE_REASON, "HDF5 gives no reason");
  return text;
}

void store_drop(hid_t id)
{
  if (id >= 0) (void)H5Idec_ref(id);
}

hid_t store_access_make(void)
{
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return access;
  if (H5Pset_file_locking(access, 0, 1) < 0 || H5Pset_sieve_buf_size(access, 0) < 0) {
    store_drop(access);
    return H5I_INVALID_HID;
  }
  return access;
}

hid_t store_type_make(enum store_type type)
{
  const hid_t known[] = {
      [STORE_F32] = H5T_IEEE_F32LE, [STORE_F64] = H5T_IEEE_F64LE, [STORE_U8] = H5T_STD_U8LE,
      [STORE_I32] = H5T_STD_I32LE,  [STORE_I64] = H5T_STD_I64LE,  [STORE_U32] = H5T_STD_U32LE,
      [STORE_TEXT] = H5T_C_S1,
  };
  const hid_t copy = H5Tcopy(known[type]);
  if (type != STORE_TEXT || copy < 0) return copy;
  if (H5Tset_size(copy, H5T_VARIABLE) < 0 || H5Tset_cset(copy, H5T_CSET_UTF8) < 0) {
    store_drop(copy);
    return H5I_INVALID_HID;
  }
  return copy;
}

err store_type_of(hid_t type, const char *path, enum store_type *out)
{
  for (int t = STORE_F32; t < STORE_TEXT; t++) {
    const hid_t known = store_type_make((enum store_type)t);
    const bool same = H5Tequal(type, known) > 0;
    store_drop(known);
    if (same) {
      *out = (enum store_type)t;
      return ERR_OK;
    }
  }
  CHECK(H5Tis_variable_str(type) > 0, ERR_UNSUPPORTED, "%s is of a type that no study holds", path);
  *out = STORE_TEXT;
  return ERR_OK;
}

char *store_path_make(const char *path, const char *suffix)
{
  const size_t bytes = strlen(path) + strlen(suffix) + 1;
  char *const out = malloc(bytes);
  if (out) (void)snprintf(out, bytes, "%s%s", path, suffix);
  return out;
}
