#pragma once
/* Text as PLplot takes it. */
#include <stddef.h>

enum { PLOT_LONGEST = 44 };

/** Its escape character doubled; of long names the beginning. */
struct plot_words {
  char text[2 * PLOT_LONGEST + 8];
};

/** At most so many characters of a text; of names in ONNX files not what many share. */
struct plot_words plot_words_of(const char *s, size_t most);
