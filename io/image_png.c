/** @file
 *  PNG through libpng: no gamma, alpha and transparency dropped, 16-bit samples keep the high byte. */
#include "io/image_impl.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct png_job {
  png_structp png;
  png_infop info;
  size_t at; /* next byte to read */
  char text[128];
  struct decoding *to;
};

static _Noreturn void on_error(png_structp png, png_const_charp text)
{
  struct png_job *job = png_get_error_ptr(png);

  (void)snprintf(job->text, sizeof job->text, "%s", text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
  (void)png;
  (void)text;
}

static void on_read(png_structp png, png_bytep out, size_t n)
{
  struct png_job *job = png_get_io_ptr(png);

  if (n > job->to->n - job->at) png_error(png, "the file ends early");
  memcpy(out, job->to->bytes + job->at, n);
  job->at += n;
}

static const png_byte exif_name[] = "eXIf";

/** Chunks that are never looked at are skipped: libpng takes memory as large as a chunk says it is before
 *  it reads any of it, but for those that it is told not to know, which may not be larger than the
 *  file. */
static void choose_chunks(png_structp png, const struct decoding *d)
{
  static const png_byte skipped[] = "iCCP\0iTXt\0tEXt\0zTXt\0sPLT\0pCAL\0sCAL";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped, sizeof skipped / 5);
  png_set_keep_unknown_chunks(png, d->exif ? PNG_HANDLE_CHUNK_ALWAYS : PNG_HANDLE_CHUNK_NEVER,
                              exif_name, 1);
  png_set_chunk_malloc_max(png, d->n);
}

static err read_header(struct png_job *job)
{
  struct decoding *d = job->to;

  png_set_read_fn(job->png, job, on_read);
  png_set_user_limits(job->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* image_begin has its own */
  choose_chunks(job->png, d);
  png_read_info(job->png, job->info);
  const int colour = png_get_color_type(job->png, job->info);
  png_set_packing(job->png);
  if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(job->png);
  png_set_strip_16(job->png);
  png_set_strip_alpha(job->png);
  return image_begin(d, png_get_image_height(job->png, job->info),
                     png_get_image_width(job->png, job->info),
                     colour & PNG_COLOR_MASK_COLOR && colour != PNG_COLOR_TYPE_PALETTE ? 3 : 1);
}

static err read_rows(struct png_job *job)
{
  const struct image *im = &job->to->im;
  const size_t row = (size_t)im->width * (size_t)im->channels;
  const int passes = png_set_interlace_handling(job->png);

  png_read_update_info(job->png, job->info);
  job->to->fault = IMAGE_DAMAGED;
  CHECK(png_get_rowbytes(job->png, job->info) == row, ERR_FORMAT, "a PNG of an unknown kind");
  for (int pass = 0; pass < passes; pass++)
    for (int y = 0; y < im->height; y++) png_read_row(job->png, im->pixel + (size_t)y * row, NULL);
  png_read_end(job->png, job->info);
  job->to->fault = IMAGE_SOUND;
  return ERR_OK;
}

/** Indices to RGB.  An index without an entry means that grey, as in Pillow. */
static err apply_palette(const struct png_job *job)
{
  struct image *im = &job->to->im, rgb;
  const int64_t n = (int64_t)im->height * im->width;
  png_colorp entry = NULL;
  int n_entries = 0;

  (void)png_get_PLTE(job->png, job->info, &entry, &n_entries);
  job->to->fault = IMAGE_NO_MEMORY;
  TRY(image_make(im->height, im->width, 3, &rgb));
  job->to->fault = IMAGE_SOUND;
  for (int64_t i = 0; i < n; i++) {
    const uint8_t v = im->pixel[i];
    const png_color c = v < n_entries ? entry[v] : (png_color){v, v, v};
    rgb.pixel[3 * i] = c.red;
    rgb.pixel[3 * i + 1] = c.green;
    rgb.pixel[3 * i + 2] = c.blue;
  }
  image_free(im);
  *im = rgb;
  return ERR_OK;
}

/** The last EXIF chunk decides, as in Pillow. */
static void find_orientation(struct png_job *job)
{
  png_unknown_chunkp chunk = NULL;
  const int n = png_get_unknown_chunks(job->png, job->info, &chunk);

  for (int i = 0; i < n; i++) {
    if (memcmp(chunk[i].name, exif_name, sizeof exif_name) == 0)
      job->to->orientation = image_orientation(chunk[i].data, chunk[i].size);
  }
}

static err decode(struct png_job *job)
{
  TRY(read_header(job));
  TRY(read_rows(job));
  find_orientation(job);
  if (png_get_color_type(job->png, job->info) == PNG_COLOR_TYPE_PALETTE) TRY(apply_palette(job));
  return ERR_OK;
}

/** Own nothing here: a jump comes back with all that was made still in the job. */
static err guarded(struct png_job *job)
{
  if (setjmp(png_jmpbuf(job->png)) == 0) return decode(job);
  job->to->fault = IMAGE_DAMAGED;
  return FAIL(ERR_FORMAT, "damaged PNG: %s", job->text);
}

err image_from_png(struct decoding *d)
{
  struct png_job job = {.to = d};
  err e = ERR_OK;

  d->fault = IMAGE_NO_MEMORY;
  job.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
  if (job.png) job.info = png_create_info_struct(job.png);
  CHECK_DONE(job.info, ERR_MEMORY, "no memory to decode a PNG");
  d->fault = IMAGE_SOUND;
  TRY_DONE(guarded(&job));

done:
  png_destroy_read_struct(&job.png, &job.info, NULL);
  return e;
}

const char *image_png_version(void)
{
  return "libpng " PNG_LIBPNG_VER_STRING;
}
