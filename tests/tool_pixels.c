/** @file
 *  For tests: decode and fit images as a list of jobs on standard input says, and write raw bytes.
 *  A job is one line of words separated by tabs:
 *
 *      file  out  channels  height  width  kind  NAME=VALUE...
 *
 *  kind `pixels` writes uint8 [height, width, channels], `floats` float32 [channels, height, width],
 *  `plain` the decoded image without resizing, whatever its size.  NAME=VALUE are recipe_set's.
 *  A failing job writes its error to `out` + ".error" instead. */
#include "io/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 16, FIXED = 6 };

static int split(char *line, char *word[MAX_WORDS])
{
  int n = 0;
  char *rest = NULL;

  line[strcspn(line, "\n")] = 0;
  for (char *at = strtok_r(line, "\t", &rest); at && n < MAX_WORDS;
       at = strtok_r(NULL, "\t", &rest))
    word[n++] = at;
  return n;
}

static int number(const char *text)
{
  return (int)strtol(text, NULL, 10);
}

static err make_recipe(char *const *word, int n, struct recipe *r)
{
  const struct shape input = {4, {1, number(word[2]), number(word[3]), number(word[4])}};

  TRY(recipe_read(NULL, &input, 2, r));
  for (int i = FIXED; i < n; i++) {
    char *value = strchr(word[i], '=');
    CHECK(value, ERR_USAGE, "'%s' is not NAME=VALUE", word[i]);
    *value = 0;
    TRY(recipe_set(r, word[i], value + 1));
  }
  return ERR_OK;
}

static err write_out(const char *path, const void *bytes, size_t n)
{
  FILE *f = fopen(path, "wb");

  CHECK(f, ERR_IO, "cannot write %s", path);
  const size_t done = fwrite(bytes, 1, n, f);
  CHECK(fclose(f) == 0 && done == n, ERR_IO, "cannot write %s", path);
  return ERR_OK;
}

static err write_image(const struct image *im, const struct recipe *r, const char *kind,
                       const char *out)
{
  const int64_t n = (int64_t)im->height * im->width;
  err e = ERR_OK;

  if (strcmp(kind, "floats") != 0) return write_out(out, im->pixel, (size_t)(n * im->channels));
  float *x = malloc((size_t)(n * im->channels) * sizeof *x);
  CHECK(x, ERR_MEMORY, "no memory");
  image_normalise(im, r, n, x);
  e = write_out(out, x, (size_t)(n * im->channels) * sizeof *x);
  free(x);
  return e;
}

static err run(char *const *word, int n)
{
  struct recipe r = {0};
  struct image im = {0};
  err e = ERR_OK;

  CHECK(n >= FIXED, ERR_USAGE, "a job of %d words", n);
  TRY(make_recipe(word, n, &r));
  TRY_DONE(image_read(word[0], r.channels, r.exif, &im));
  if (strcmp(word[5], "plain") != 0) TRY_DONE(image_fit(&im, &r));
  TRY_DONE(write_image(&im, &r, word[5], word[1]));

done:
  image_free(&im);
  recipe_free(&r);
  return e;
}

int main(void)
{
  char line[4096], name[1024], *word[MAX_WORDS];

  while (fgets(line, sizeof line, stdin)) {
    const int n = split(line, word);
    if (run(word, n) == ERR_OK) continue;
    (void)snprintf(name, sizeof name, "%s.error", n > 1 ? word[1] : "job");
    if (write_out(name, err_message(), strlen(err_message()))) return 1;
  }
  return 0;
}
