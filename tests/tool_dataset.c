/** @file
 *  For tests: print a data set, one line a sample, and write its inputs and pictures.
 *
 *      tool_dataset DATA CHANNELS HEIGHT WIDTH CLASSES LIMIT OUT [NAME=VALUE...]
 *
 *  Lines are  index TAB status TAB label TAB height TAB width TAB path  and the last one the hash.
 *  OUT receives float32 [N, C, H, W], OUT.pictures uint8 [N, H, W, C] (zeros where there is none). */
#include "io/dataset.h"
#include "io/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
#define E(name, word, text) [name] = (word),
    SAMPLE_STATUS_LIST(E)
#undef E
};

static int number(const char *text)
{
  return (int)strtol(text, NULL, 10);
}

static err make_recipe(char **arg, int n, struct recipe *r)
{
  const struct shape input = {4, {1, number(arg[2]), number(arg[3]), number(arg[4])}};

  TRY(recipe_read(NULL, &input, number(arg[5]), r));
  for (int i = 8; i < n; i++) {
    char *value = strchr(arg[i], '=');
    CHECK(value, ERR_USAGE, "'%s' is not NAME=VALUE", arg[i]);
    *value = 0;
    TRY(recipe_set(r, arg[i], value + 1));
  }
  return ERR_OK;
}

static err put(FILE *f, const void *bytes, size_t n)
{
  CHECK(fwrite(bytes, 1, n, f) == n, ERR_IO, "cannot write");
  return ERR_OK;
}

static err put_sample(const struct dataset *d, int64_t i, const struct recipe *r, float *x,
                      FILE *inputs, FILE *pictures)
{
  const int64_t plane = (int64_t)r->height * r->width;
  const size_t n = (size_t)(plane * r->channels);
  const struct sample s = dataset_sample(d, i);
  struct image im = {0};
  int size[2];

  const enum sample_status status = dataset_load(d, i, r, plane, x, size);
  (void)printf("%d\t%s\t%d\t%d\t%d\t%s\n", (int)i, words[status], s.label, size[0], size[1],
               s.path);
  TRY(put(inputs, x, n * sizeof *x));
  if (dataset_picture(d, i, r, &im)) im.pixel = calloc(n, 1);
  CHECK(im.pixel, ERR_MEMORY, "no memory");
  const err e = put(pictures, im.pixel, n);
  image_free(&im);
  return e;
}

static err put_all(const struct dataset *d, const struct recipe *r, FILE *inputs, FILE *pictures)
{
  err e = ERR_OK;
  float *x = malloc((size_t)r->channels * (size_t)r->height * (size_t)r->width * sizeof *x);

  CHECK(x, ERR_MEMORY, "no memory");
  for (int64_t i = 0; i < dataset_count(d); i++) TRY_DONE(put_sample(d, i, r, x, inputs, pictures));
  (void)printf("%s\n", dataset_sha256(d));

done:
  free(x);
  return e;
}

static FILE *open_out(const char *path, const char *end)
{
  char name[1024];
  (void)snprintf(name, sizeof name, "%s%s", path, end);
  return fopen(name, "wb");
}

static err write_out(const struct dataset *d, const struct recipe *r, const char *path)
{
  FILE *inputs = open_out(path, ""), *pictures = open_out(path, ".pictures");
  err e =
      inputs && pictures ? put_all(d, r, inputs, pictures) : FAIL(ERR_IO, "cannot write %s", path);

  if (inputs && fclose(inputs) != 0 && !e) e = FAIL(ERR_IO, "cannot write %s", path);
  if (pictures && fclose(pictures) != 0 && !e) e = FAIL(ERR_IO, "cannot write %s", path);
  return e;
}

static err run(char **arg, int n)
{
  struct recipe r = {0};
  struct dataset *d = NULL;
  err e = ERR_OK;

  CHECK(n >= 8, ERR_USAGE, "too few arguments");
  TRY_DONE(make_recipe(arg, n, &r));
  TRY_DONE(dataset_open(arg[1], &r, number(arg[6]), &d));
  TRY_DONE(write_out(d, &r, arg[7]));

done:
  dataset_close(&d);
  recipe_free(&r);
  return e;
}

int main(int n, char **arg)
{
  const err e = run(arg, n);

  if (e) (void)printf("error %d: %s\n", (int)e, err_message());
  return e ? 1 : 0;
}
