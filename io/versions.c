/** @file
 *  Versions as text: each from the file that owns the library. */
#include "io/versions.h"

#include "io/image.h"
#include "io/store.h"

#include <stdio.h>

const char *versions_text(void)
{
  static char text[160];
  (void)snprintf(text, sizeof text, "%s, %s, %s", store_version(), image_jpeg_version(),
                 image_png_version());
  return text;
}
