#pragma once
/* The recipe: how an image becomes the model's input, and what the classes are called. */
#include "core/err.h"
#include "core/shape.h"

#include <stdbool.h>

enum recipe_filter { FILTER_NEAREST, FILTER_BILINEAR, FILTER_BICUBIC, FILTER_LANCZOS, FILTER_BOX };

enum recipe_resize {
  RESIZE_NONE,       /* the image must have the size it needs already */
  RESIZE_SHORT_SIDE, /* short side to resize_to, aspect kept: torchvision Resize(int) */
  RESIZE_EXACT       /* to resize_height x resize_width */
};

/** Views: what a study does to the images of its data set before the model sees them. */
struct recipe_view {
  char *mosaic; /* JSON file that says which images make which mosaic; owned; NULL: none */
  char mosaic_sha256[65];
  bool invert;   /* pixels v become 255 - v */
  bool blind;    /* the object is painted with the colour at which the model's input is 0 */
  char *masks;   /* where it is: folder of masks; owned; NULL: the boxes of the manifest */
  bool large;    /* the size that the JSON file gives is that of single images */
  bool rescaled; /* the input is factor x + offset, and the model begins by undoing that */
  double factor, offset;
};

struct recipe {
  struct recipe_view view;
  int channels;      /* 1 or 3 */
  int height, width; /* of the model's input */
  bool bgr;          /* the model wants B, G, R */
  bool exif;         /* turn the image as its EXIF orientation says; default no, as Pillow */
  enum recipe_resize resize;
  int resize_to, resize_height, resize_width;
  enum recipe_filter filter;
  bool crop;    /* centre crop to height x width after resizing: torchvision CenterCrop */
  double scale; /* x = (pixel * scale - mean[c]) / std[c], c in the model's channel order */
  double mean[3], std[3];
  int n_classes;
  char **classes; /* [n_classes] owned; NULL where no names are known */
  char **
      class_ids; /* [n_classes] owned; second names by which a label may be given (wnid); or NULL */
};

/** The recipe for an input of that shape: scale 1/255, mean 0, std 1, no resize; then what the JSON
 *  file says.  json NULL: only the defaults.  Unknown keys are ignored, a key of the wrong kind is
 *  an error.  Class files are looked up beside the JSON file, then in the folder above it.
 *  Keys: see recipe_json.c.
 *  Errors: ERR_INPUT, ERR_FORMAT, ERR_SHAPE (size or channels against `input`).  Not collective. */
MUST_CHECK err recipe_read(const char *json, const struct shape *input, int n_classes,
                           struct recipe *out);

/** The same for mosaics, which may be larger than the images that the JSON file speaks of. */
MUST_CHECK err recipe_read_large(const char *json, const struct shape *input, int n_classes,
                                 struct recipe *out);

/** Change one setting as an option says.  Names: resize ("none", "256", "256x320"), filter
 *  ("nearest", "bilinear", "bicubic", "lanczos", "box"), crop ("none", "centre"), scale, mean
 *  ("0.5" or "0.485,0.456,0.406"), std, channel-order ("RGB", "BGR"), exif ("ignore", "apply"),
 *  classes (a file: one name a line, or CSV with a header).
 *  Errors: ERR_USAGE with the possible values; ERR_INPUT.  Not collective. */
MUST_CHECK err recipe_set(struct recipe *r, const char *name, const char *value);

/** Add one view: "mosaic=FILE", "invert", "blind", "blind=FOLDER" or "rescale=FACTOR:OFFSET".
 *  Errors: ERR_USAGE with the possible values; ERR_INPUT. */
MUST_CHECK err recipe_set_view(struct recipe *r, const char *text);

/** Whether there is any. */
bool recipe_has_view(const struct recipe *r);

/** Index of a class by second name or name, or by number; -1 if there is none or if several classes
 *  have that name. */
int recipe_class(const struct recipe *r, const char *label);

/** Name of a class, or NULL. */
const char *recipe_class_name(const struct recipe *r, int index);

/** All that determines pixels, as canonical JSON text (sorted keys, %.17g numbers, no class names);
 *  the caller frees.  NULL when out of memory. */
char *recipe_text(const struct recipe *r);

void recipe_free(struct recipe *r);
