#pragma once
/* What the parts of the image reader share: one decoding, from bytes to pixels or to a fault. */
#include "io/image.h"
#include "io/limit.h"

/* Why an image cannot be had; IMAGE_SOUND while nothing is wrong. */
enum image_fault {
  IMAGE_SOUND,
  IMAGE_EMPTY,
  IMAGE_FOREIGN, /* neither JPEG nor PNG */
  IMAGE_DAMAGED,
  IMAGE_TOO_LARGE,
  IMAGE_NO_MEMORY
};

struct decoding {
  const uint8_t *bytes; /* [n] not owned */
  size_t n;
  bool exif;         /* wanted: the orientation */
  int height, width; /* out: as the file's header says, also when decoding fails later */
  int orientation;   /* out: EXIF orientation, 1 where there is none */
  struct image im; /* out: grey or RGB as the file holds it; owned by the caller, also on failure */
  enum image_fault fault; /* out */
};

/** Decode, convert to `channels` (1 or 3) and turn where d->exif; d->im is the caller's to free.
 *  d comes with bytes, n and exif, the rest zero.  Errors: ERR_FORMAT, ERR_MEMORY, with d->fault. */
MUST_CHECK err image_decode_into(struct decoding *d, int channels);

/** One format each: fill d->height, width, orientation and im.  Errors as image_decode_into. */
MUST_CHECK err image_from_jpeg(struct decoding *d);
MUST_CHECK err image_from_png(struct decoding *d);

/** Note the size that the header gives and make d->im of it.  Errors: too large, ERR_MEMORY. */
MUST_CHECK err image_begin(struct decoding *d, int64_t height, int64_t width, int channels);

/** New pixels, not initialised.  Errors: ERR_MEMORY. */
MUST_CHECK err image_make(int height, int width, int channels, struct image *out);

/** Convert to grey (channels 1; ITU-R 601 luma in 16-bit fixed point) or RGB (channels 3).
 *  Errors: ERR_MEMORY. */
MUST_CHECK err image_convert(struct image *im, int channels);

/** Orientation 1..8 in a TIFF structure (what follows "Exif\0\0"); 1 where there is none or it
 *  is damaged.  Source: Exif 2.3, section 4.6. */
int image_orientation(const uint8_t *tiff, size_t n);

/** Turn and mirror so that an image of that orientation stands upright.  Errors: ERR_MEMORY. */
MUST_CHECK err image_turn(struct image *im, int orientation);
