/** @file
 *  Streaming of arrays into a ZIP archive: libzip pulls each member when the archive is closed. */
#include "io/npz.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

/** One array as a stream of bytes: header, then rows. */
struct member {
  struct npy_array a;
  struct npz *archive;         /* not owned */
  char *header;                /* [header_bytes] owned */
  int64_t header_bytes, total; /* header and values */
  int64_t at;                  /* position in the stream */
  char *block;                 /* [block_rows, inner extents...] owned while open, rows of fill */
  int64_t first, count;        /* rows in block */
  zip_error_t error;
};

struct npz {
  char *path; /* owned */
  zip_t *zip;
  err failed;        /* of the fill that stopped the writing */
  char message[512]; /* and its text, which libzip's own failure would hide */
};

static int64_t smaller(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/** Make the block hold row `row`. */
static err load_row(struct member *m, int64_t row)
{
  if (row >= m->first && row < m->first + m->count) return ERR_OK;
  const int64_t n = smaller(npy_block_rows(&m->a), npy_rows(&m->a) - row);
  if (!m->block) m->block = malloc((size_t)(npy_block_rows(&m->a) * npy_row_bytes(&m->a)));
  CHECK(m->block, ERR_MEMORY, "out of memory for rows of an array");
  TRY(m->a.fill(m->a.user, row, n, m->block));
  m->first = row;
  m->count = n;
  return ERR_OK;
}

/** The bytes that follow position m->at: from where, and how many lie together. */
static err next_bytes(struct member *m, const char **from, int64_t *n)
{
  const int64_t value = m->at - m->header_bytes;
  if (value < 0) {
    *from = m->header + m->at;
    *n = -value;
    return ERR_OK;
  }
  if (m->a.data) {
    *from = (const char *)m->a.data + value;
    *n = m->total - m->at;
    return ERR_OK;
  }
  TRY(load_row(m, value / npy_row_bytes(&m->a)));
  const int64_t offset = value - m->first * npy_row_bytes(&m->a);
  *from = m->block + offset;
  *n = m->count * npy_row_bytes(&m->a) - offset;
  return ERR_OK;
}

static zip_int64_t read_member(struct member *m, char *to, int64_t bytes)
{
  int64_t done = 0;
  while (done < bytes && m->at < m->total) {
    const char *from = NULL;
    int64_t n = 0;
    const err e = next_bytes(m, &from, &n);
    if (e || !from) {
      m->archive->failed = e;
      (void)snprintf(m->archive->message, sizeof m->archive->message, "%s", err_message());
      zip_error_set(&m->error, ZIP_ER_INTERNAL, 0);
      return -1;
    }
    n = smaller(n, bytes - done);
    memcpy(to + done, from, (size_t)n);
    done += n;
    m->at += n;
  }
  return done;
}

static void rewind_member(struct member *m)
{
  free(m->block);
  m->block = NULL;
  m->at = m->first = m->count = 0;
}

static void free_member(struct member *m)
{
  free(m->block);
  free(m->header);
  zip_error_fini(&m->error);
  free(m);
}

static zip_int64_t stat_member(const struct member *m, void *to, zip_uint64_t bytes)
{
  zip_stat_t st;
  if (bytes < sizeof st) return -1;
  zip_stat_init(&st);
  st.size = (zip_uint64_t)m->total;
  st.valid = ZIP_STAT_SIZE;
  memcpy(to, &st, sizeof st);
  return (zip_int64_t)sizeof st;
}

/** What libzip asks of a source.  Source: libzip 1.7, zip_source_function(3). */
static zip_int64_t serve(void *user, void *data, zip_uint64_t bytes, zip_source_cmd_t command)
{
  struct member *const m = user;
  switch (command) {
  case ZIP_SOURCE_OPEN:
    rewind_member(m);
    return 0;
  case ZIP_SOURCE_READ:
    return read_member(m, data, (int64_t)bytes);
  case ZIP_SOURCE_CLOSE:
    rewind_member(m);
    return 0;
  case ZIP_SOURCE_STAT:
    return stat_member(m, data, bytes);
  case ZIP_SOURCE_ERROR:
    return zip_error_to_data(&m->error, data, bytes);
  case ZIP_SOURCE_FREE:
    free_member(m);
    return 0;
  case ZIP_SOURCE_SUPPORTS:
    return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                          ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
  default:
    zip_error_set(&m->error, ZIP_ER_OPNOTSUPP, 0);
    return -1;
  }
}

err npz_open(const char *path, struct npz **out)
{
  struct stat st;
  int code = 0;
  CHECK(lstat(path, &st) != 0, ERR_USAGE, "%s exists already", path);
  struct npz *const z = calloc(1, sizeof *z);
  CHECK(z, ERR_MEMORY, "out of memory for %s", path);
  z->path = strdup(path);
  z->zip = zip_open(path, ZIP_CREATE | ZIP_EXCL, &code);
  if (z->path && z->zip) {
    *out = z;
    return ERR_OK;
  }
  zip_error_t why;
  zip_error_init_with_code(&why, code);
  const err e = FAIL(ERR_IO, "cannot create %s: %s", path, zip_error_strerror(&why));
  zip_error_fini(&why);
  if (z->zip) zip_discard(z->zip);
  free(z->path);
  free(z);
  return e;
}

static err make_member(struct npz *z, const struct npy_array *a, struct member **out)
{
  char *header = NULL;
  int64_t bytes = 0;
  TRY(npy_header(a, &header, &bytes));
  struct member *const m = calloc(1, sizeof *m);
  if (!m) {
    free(header);
    return FAIL(ERR_MEMORY, "out of memory for an array");
  }
  m->a = *a;
  m->archive = z;
  m->header = header;
  m->header_bytes = bytes;
  m->total = bytes + npy_row_bytes(a) * npy_rows(a);
  zip_error_init(&m->error);
  *out = m;
  return ERR_OK;
}

/** Stored, and dated 1 January 1980 (the first day of ZIP): the same arrays give the same bytes. */
static err set_plain(const struct npz *z, zip_int64_t index)
{
  const zip_uint16_t midnight = 0, first_day = (1 << 5) | 1;
  const bool ok = zip_set_file_compression(z->zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0 &&
                  zip_file_set_dostime(z->zip, (zip_uint64_t)index, midnight, first_day, 0) == 0;
  CHECK(ok, ERR_IO, "cannot add to %s: %s", z->path, zip_strerror(z->zip));
  return ERR_OK;
}

err npz_add(struct npz *z, const char *name, const struct npy_array *a)
{
  char file[300];
  struct member *m = NULL;
  const int used = snprintf(file, sizeof file, "%s.npy", name);
  CHECK(used > 0 && used < (int)sizeof file, ERR_USAGE, "the name %s is too long", name);
  CHECK(zip_name_locate(z->zip, file, 0) < 0, ERR_USAGE, "%s: two arrays are named %s", z->path,
        name);
  TRY(make_member(z, a, &m));
  CHECK(m, ERR_MEMORY, "out of memory for an array");
  zip_source_t *const source = zip_source_function(z->zip, serve, m);
  if (!source) {
    free_member(m);
    return FAIL(ERR_MEMORY, "out of memory for an array");
  }
  const zip_int64_t index = zip_file_add(z->zip, file, source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return FAIL(ERR_IO, "cannot add %s to %s: %s", name, z->path, zip_strerror(z->zip));
  }
  return set_plain(z, index);
}

err npz_close(struct npz **z)
{
  struct npz *const d = *z;
  err e = ERR_OK;
  if (zip_close(d->zip) == 0) {
    d->zip = NULL;
  } else if (d->failed) {
    e = FAIL(d->failed, "%s", d->message);
  } else {
    e = FAIL(ERR_IO, "cannot write %s: %s", d->path, zip_strerror(d->zip));
  }
  npz_discard(z);
  return e;
}

void npz_discard(struct npz **z)
{
  if (!*z) return;
  if ((*z)->zip) zip_discard((*z)->zip);
  free((*z)->path);
  free(*z);
  *z = NULL;
}
