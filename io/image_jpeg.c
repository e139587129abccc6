/** @file
 *  JPEG through libjpeg with its defaults (accurate integer DCT, fancy upsampling), which is what
 *  Pillow uses.  CMYK is taken as inverted, as Adobe writes it and Pillow assumes. */
/* clang-format off */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h> /* wants stdio.h first */
#include <jerror.h>  /* wants jpeglib.h first; names the warnings */
/* clang-format on */

#include "io/image_impl.h"

/* With the ending 0: the six bytes before the TIFF structure. */
static const char exif_start[] = "Exif\0";

struct jpeg_job {
  struct jpeg_error_mgr manager;
  struct jpeg_progress_mgr progress;
  struct jpeg_decompress_struct jpeg;
  jmp_buf back;
  char text[JMSG_LENGTH_MAX > 256 ? JMSG_LENGTH_MAX : 256];
  bool no_memory;
  struct decoding *to;
  uint8_t *row; /* [4 * width] of CMYK, owned */
};

/** Leave the library: its text becomes the reason. */
static _Noreturn void leave(j_common_ptr jpeg)
{
  struct jpeg_job *job = jpeg->client_data;

  jpeg->err->format_message(jpeg, job->text);
  job->no_memory = jpeg->err->msg_code == JERR_OUT_OF_MEMORY;
  longjmp(job->back, 1);
}

/** Warnings that mean lost pixels end the decoding; others, such as stray bytes between markers,
 *  are harmless. */
static void on_message(j_common_ptr jpeg, int level)
{
  static const int damage[] = {JWRN_ARITH_BAD_CODE, JWRN_BOGUS_PROGRESSION, JWRN_HIT_MARKER,
                               JWRN_HUFF_BAD_CODE,  JWRN_JPEG_EOF,          JWRN_MUST_RESYNC};

  if (level >= 0) return;
  for (size_t i = 0; i < sizeof damage / sizeof *damage; i++)
    if (jpeg->err->msg_code == damage[i]) leave(jpeg);
}

static void on_output(j_common_ptr jpeg)
{
  (void)jpeg;
}

/** A hostile file may hold thousands of scans, each over all pixels. */
static void on_progress(j_common_ptr common)
{
  struct jpeg_job *job = common->client_data;

  if (job->jpeg.input_scan_number <= limit_of(LIMIT_IMAGE_SCANS)) return;
  (void)snprintf(job->text, sizeof job->text, "more than %d scans%s",
                 (int)limit_of(LIMIT_IMAGE_SCANS), limit_hint(LIMIT_IMAGE_SCANS));
  longjmp(job->back, 1);
}

/** The first EXIF segment decides. */
static void find_orientation(const struct jpeg_job *job)
{
  for (jpeg_saved_marker_ptr m = job->jpeg.marker_list; m; m = m->next) {
    if (m->marker != JPEG_APP0 + 1 || m->data_length < sizeof exif_start) continue;
    if (memcmp(m->data, exif_start, sizeof exif_start - 1) != 0) continue;
    job->to->orientation =
        image_orientation(m->data + sizeof exif_start, m->data_length - sizeof exif_start);
    return;
  }
}

/** a * b / 255, rounded, for a and b of 0..255 */
static int scaled(int a, int b)
{
  const int t = a * b + 128;
  return (t + (t >> 8)) >> 8;
}

/** Inverted CMYK to RGB:  r = k - (255 - c) k / 255.
 *  cmyk [n, 4] as in the file, rgb [n, 3] */
static void cmyk_to_rgb(const uint8_t *restrict cmyk, int n, uint8_t *restrict rgb)
{
  for (int i = 0; i < n; i++) {
    const int k = cmyk[4 * i + 3];
    for (int c = 0; c < 3; c++) {
      const int v = k - scaled(255 - cmyk[4 * i + c], k);
      rgb[3 * i + c] = (uint8_t)(v < 0 ? 0 : v);
    }
  }
}

static err read_header(struct jpeg_job *job)
{
  struct jpeg_decompress_struct *jpeg = &job->jpeg;
  struct decoding *d = job->to;

  jpeg_create_decompress(jpeg);
  jpeg->client_data = job;
  jpeg->progress = &job->progress;
  jpeg_mem_src(jpeg, d->bytes, d->n);
  if (d->exif) jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
  (void)jpeg_read_header(jpeg, TRUE);
  d->fault = IMAGE_DAMAGED;
  const int n = jpeg->num_components;
  CHECK(n == 1 || n == 3 || n == 4, ERR_FORMAT, "a JPEG of %d components", n);
  if (d->exif) find_orientation(job);
  return image_begin(d, jpeg->image_height, jpeg->image_width, n == 1 ? 1 : 3);
}

static err decode(struct jpeg_job *job)
{
  struct jpeg_decompress_struct *jpeg = &job->jpeg;

  TRY(read_header(job));
  const struct image *im = &job->to->im;
  if (jpeg->num_components == 4) {
    job->row = malloc((size_t)im->width * 4);
    job->to->fault = IMAGE_NO_MEMORY;
    CHECK(job->row, ERR_MEMORY, "no memory for a row of a JPEG");
    job->to->fault = IMAGE_SOUND;
  }
  (void)jpeg_start_decompress(jpeg);
  while (jpeg->output_scanline < jpeg->output_height) {
    uint8_t *out =
        im->pixel + (size_t)jpeg->output_scanline * (size_t)im->width * (size_t)im->channels;
    JSAMPROW row = job->row ? job->row : out;
    (void)jpeg_read_scanlines(jpeg, &row, 1);
    if (job->row) cmyk_to_rgb(job->row, im->width, out);
  }
  (void)jpeg_finish_decompress(jpeg);
  return ERR_OK;
}

/** Own nothing here: a jump comes back with all that was made still in the job. */
static err guarded(struct jpeg_job *job)
{
  if (setjmp(job->back) == 0) return decode(job);
  job->to->fault = job->no_memory ? IMAGE_NO_MEMORY : IMAGE_DAMAGED;
  return FAIL(job->no_memory ? ERR_MEMORY : ERR_FORMAT, "damaged JPEG: %s", job->text);
}

err image_from_jpeg(struct decoding *d)
{
  struct jpeg_job *job = calloc(1, sizeof *job);

  d->fault = IMAGE_NO_MEMORY;
  CHECK(job, ERR_MEMORY, "no memory to decode a JPEG");
  job->to = d;
  job->jpeg.err = jpeg_std_error(&job->manager);
  job->jpeg.client_data = job;
  job->manager.error_exit = leave;
  job->manager.emit_message = on_message;
  job->manager.output_message = on_output;
  job->progress.progress_monitor = on_progress;
  const err e = guarded(job);
  jpeg_destroy_decompress(&job->jpeg);
  free(job->row);
  free(job);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *image_jpeg_version(void)
{
  return "libjpeg-turbo " TEXT(LIBJPEG_TURBO_VERSION);
}
