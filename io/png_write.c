/** @file
 *  PNG through libpng. */
#include "io/png_write.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REASON_BYTES = 200 };

static void keep_reason(png_structp png, png_const_charp text)
{
  char *reason = png_get_error_ptr(png);
  (void)snprintf(reason, REASON_BYTES, "%s", errno ? strerror(errno) : text);
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text)
{
  (void)png, (void)text;
}

/** The part that libpng may leave by a jump; nothing of ours is acquired in it. */
static bool encode(png_structp png, png_infop info, FILE *f, const struct canvas *c)
{
  if (setjmp(png_jmpbuf(png))) return false; // NOLINT(cert-err52-cpp): libpng's way to report
  png_init_io(png, f);
  png_set_IHDR(png, info, (png_uint_32)c->width, (png_uint_32)c->height, 8, PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
  png_write_info(png, info);
  for (int y = 0; y < c->height; y++) png_write_row(png, c->rgb + (size_t)y * (size_t)c->width * 3);
  png_write_end(png, info);
  return true;
}

/** Encode into an open file.  reason [REASON_BYTES] is written on failure. */
static bool encode_file(FILE *f, const struct canvas *c, char *reason)
{
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, reason, keep_reason, ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  bool ok = false;

  (void)snprintf(reason, REASON_BYTES, "out of memory");
  errno = 0;
  if (info) ok = encode(png, info, f, c);
  png_destroy_write_struct(&png, &info);
  if (!ok) return false;
  ok = fflush(f) == 0 && fsync(fileno(f)) == 0;
  if (!ok) (void)snprintf(reason, REASON_BYTES, "%s", strerror(errno));
  return ok;
}

static err write_as(const char *temporary, const char *path, const struct canvas *c)
{
  char reason[REASON_BYTES] = "";
  FILE *f = fopen(temporary, "wb");

  CHECK(f, ERR_IO, "cannot write %s: %s", temporary, strerror(errno));
  bool ok = encode_file(f, c, reason);
  if (fclose(f) != 0 && ok) {
    ok = false;
    (void)snprintf(reason, sizeof reason, "%s", strerror(errno));
  }
  if (ok && rename(temporary, path) != 0) {
    ok = false;
    (void)snprintf(reason, sizeof reason, "%s", strerror(errno));
  }
  if (ok) return ERR_OK;
  (void)unlink(temporary);
  return FAIL(ERR_IO, "cannot write %s: %s", path, reason);
}

err png_write_canvas(const char *path, const struct canvas *c)
{
  const size_t bytes = strlen(path) + sizeof ".tmp";
  char *temporary = malloc(bytes);

  CHECK(temporary, ERR_MEMORY, "no memory for a file name");
  (void)snprintf(temporary, bytes, "%s.tmp", path);
  const err e = write_as(temporary, path, c);
  free(temporary);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
