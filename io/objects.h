#pragma once
/* Where objects are in the images of a data set: boxes and masks, several a sample and class. */
#include "core/err.h"
#include "io/image.h"
#include "io/recipe.h"

#include <stdbool.h>
#include <stdint.h>

struct objects;

/** An empty list for a data set of n samples.  Errors: ERR_MEMORY. */
MUST_CHECK err objects_make(int64_t n, struct objects **out);
void objects_free(struct objects **o);

/** Add a box: xmin, ymin, xmax, ymax, inclusive pixels of the image in the file.  Errors: ERR_MEMORY. */
MUST_CHECK err objects_add_box(struct objects *o, int64_t sample, int class, const int box[4]);

/** Read a CSV file: columns path, label, and either xmin, ymin, xmax and ymax or mask (a PNG relative to the
 *  file, not 0 where the object is); optional difficult (1: left out where every object of the class in the image
 *  is so).  A line an object; images that are not among the samples are ignored.
 *
 *  path [n] of the samples; r for the names of classes.
 *  Errors: ERR_INPUT (missing file or mask), ERR_FORMAT with the line. */
MUST_CHECK err objects_read(struct objects *o, const char *file, char *const *path, int64_t n,
                            const struct recipe *r);

/** The mask of each sample, for its label: FOLDER/PATH, or FOLDER/PATH without its first folder, with its
 *  own ending or .png.  Samples without a label or a mask have none.
 *  Errors: ERR_INPUT where no sample has one. */
MUST_CHECK err objects_find_masks(struct objects *o, const char *folder, char *const *path,
                                  const int32_t *label, int64_t n);

/** The file of a sample's mask by these rules, new; NULL where there is none. */
char *objects_mask_file(const char *folder, const char *path);

/** SHA-256 in hex of the list: boxes, classes, and masks by name and size.  hex has 65 bytes. */
MUST_CHECK err objects_sha256(const struct objects *o, char *hex);

enum object_there {
  OBJECT_NONE,     /* the class is not there, or not in the part that is seen */
  OBJECT_SOME,     /* it is */
  OBJECT_DIFFICULT /* it is, covers less than a quarter, and another class is there, too */
};

/** Where the objects of a class are in the seen part of an image of height x width pixels.
 *
 *  mask [part rows, part columns] overwritten: 1 where an object is, 0 elsewhere
 *  Errors: ERR_FORMAT, ERR_SHAPE (a mask of another size than the image), ERR_INPUT. */
MUST_CHECK err objects_draw(const struct objects *o, int64_t sample, int class, int height,
                            int width, const struct image_part *part, uint8_t *mask,
                            enum object_there *there);
