/** @file
 *  Writing and reading rows.
 *
 *  Rows are whole leading rows of contiguous variables, so each write is one range of the file: one
 *  pwrite by the rank that calls it, without any other rank. */
#include "io/store.h"
#include "io/store_hdf5.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* HDF5 1.10 gives MPI a count of bytes as an int: larger blocks of rows go in parts. */
static const int64_t max_transfer = INT64_C(1) << 30;

/** Rows in memory: to be written, or to be filled. */
struct rows {
  const char *from; /* NULL: read */
  char *to;
};

static err check_rows(const struct store *s, const struct store_slot *v, int64_t first,
                      int64_t count)
{
  CHECK(v->kind != STORE_TEXT, ERR_UNSUPPORTED, "%s: rows of the text %s cannot be moved", s->path,
        v->path);
  CHECK(first >= 0 && count >= 0 && first <= (int64_t)v->dim[0] - count, ERR_SHAPE,
        "%s: rows %" PRId64 " to %" PRId64 " of %s, which has %" PRId64, s->path, first,
        first + count, v->path, (int64_t)v->dim[0]);
  CHECK(v->row_bytes <= INT32_MAX, ERR_UNSUPPORTED, "%s: a row of %s has %" PRId64 " bytes",
        s->path, v->path, v->row_bytes);
  return ERR_OK;
}

/** Rows [first, first + count) of the file, count of them in memory.  New space, or negative. */
static hid_t select_rows(const struct store_slot *v, int64_t first, int64_t count)
{
  hsize_t start[STORE_MAX_DIMS] = {(hsize_t)first}, size[STORE_MAX_DIMS];
  memcpy(size, v->dim, sizeof size);
  size[0] = (hsize_t)count;
  if (H5Sselect_hyperslab(v->space, H5S_SELECT_SET, start, NULL, size, NULL) < 0) {
    return H5I_INVALID_HID;
  }
  return H5Screate_simple(v->n_dims, size, NULL);
}

/** Rows of one transfer. */
static int64_t part_rows(const struct store_slot *v, int64_t left)
{
  const int64_t fit = max_transfer / v->row_bytes > 0 ? max_transfer / v->row_bytes : 1;
  return left < fit ? left : fit;
}

/** Write n rows where they lie, by the descriptor that store_sync syncs.  HDF5 and MPI-IO would do the same
 *  pwrite after a selection for each; a file with a hundred small variables would spend more on those. */
static err write_in_place(const struct store *s, const struct store_slot *v, int64_t first,
                          int64_t n, const char *from)
{
  int64_t at = v->offset + first * v->row_bytes, left = n * v->row_bytes;
  while (left > 0) {
    const ssize_t done = pwrite(s->fd, from, (size_t)left, (off_t)at);
    if (done < 0 && errno == EINTR) continue;
    CHECK(done > 0, ERR_IO, "%s: cannot write rows %" PRId64 " to %" PRId64 " of %s: %s", s->path,
          first, first + n, v->path, done < 0 ? strerror(errno) : "nothing was written");
    from += done;
    at += done;
    left -= done;
  }
  return ERR_OK;
}

/** Write or read n rows, and go on behind them in memory. */
static err move_part(const struct store *s, const struct store_slot *v, int64_t first, int64_t n,
                     struct rows *r)
{
  const hid_t memory = select_rows(v, first, n);
  errno = 0;
  const herr_t failed = r->from ? H5Dwrite(v->set, v->type, memory, v->space, s->transfer, r->from)
                                : H5Dread(v->set, v->type, memory, v->space, s->transfer, r->to);
  const int why = errno; /* MPI-IO keeps it to itself */
  const err e = failed >= 0
                    ? ERR_OK
                    : FAIL(ERR_IO, "%s: cannot %s rows %" PRId64 " to %" PRId64 " of %s: %s",
                           s->path, r->from ? "write" : "read", first, first + n, v->path,
                           r->from && why ? strerror(why) : REASON);
  store_drop(memory);
  if (r->from) r->from += n * v->row_bytes;
  if (r->to) r->to += n * v->row_bytes;
  return e;
}

static err move_rows(const struct store *s, const struct store_slot *v, int64_t first,
                     int64_t count, struct rows r)
{
  while (count > 0) {
    const int64_t n = part_rows(v, count);
    TRY(move_part(s, v, first, n, &r));
    first += n;
    count -= n;
  }
  return ERR_OK;
}

err store_write(struct store *s, int var, int64_t first, int64_t count, const void *rows)
{
  const struct store_slot *const v = &s->slots[var];
  const double began = store_clock();
  TRY(check_rows(s, v, first, count));
  store_sums_add(s, var, first, count, rows);
  if (s->parallel && v->offset >= 0) {
    TRY(write_in_place(s, v, first, count, rows));
  } else {
    TRY(move_rows(s, v, first, count, (struct rows){.from = rows}));
  }
  s->seconds += store_clock() - began;
  return ERR_OK;
}

err store_read(struct store *s, int var, int64_t first, int64_t count, void *rows)
{
  const struct store_slot *const v = &s->slots[var];
  TRY(check_rows(s, v, first, count));
  return move_rows(s, v, first, count, (struct rows){.to = rows});
}
