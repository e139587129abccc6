#pragma once
/* For tests of data sets: a folder of one's own, small files in it, and a recipe for them. */
#include "io/dataset.h"
#include "tests/check.h"
#include "tests/tiny_images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t six[] = {10, 20, 30, 40, 50, 60};
static char *cat_dog_fox[] = {"cat", "dog", "red fox", "dog house"};

/* All tests work in a folder of their own, which is the working folder meanwhile. */
static inline int enter_folder(void **state)
{
  static char name[32];

  (void)snprintf(name, sizeof name, "/tmp/dataset_XXXXXX");
  *state = mkdtemp(name);
  return *state ? chdir(*state) : 1;
}

static inline int leave_folder(void **state)
{
  char command[64];

  if (chdir("/") != 0) return 1;
  (void)snprintf(command, sizeof command, "rm -rf '%s'", (const char *)*state);
  return system(command); /* NOLINT(cert-env33-c): a folder name of our own making */
}

static inline struct recipe recipe_of(bool names)
{
  const struct shape input = {4, {1, 1, 2, 3}};
  struct recipe r = {0};
  assert_int_equal(recipe_read(NULL, &input, 4, &r), ERR_OK);
  r.scale = 1.0;
  if (names) r.classes = cat_dog_fox;
  return r;
}

static inline void put(const char *path, const void *bytes, size_t n)
{
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

static inline void put_text(const char *path, const char *text)
{
  put(path, text, strlen(text));
}

static inline void put_png(const char *path)
{
  struct tiny t;
  tiny_png(&t, 2, 3, 1, six);
  put(path, t.bytes, t.n);
}

static inline void make_dir(const char *path)
{
  assert_int_equal(mkdir(path, 0700), 0);
}

static inline struct dataset *open_ok(const char *path, const struct recipe *r, int64_t limit)
{
  struct dataset *d = NULL;
  const err e = dataset_open(path, r, limit, &d);
  if (e) print_message("%s\n", err_message());
  assert_int_equal(e, ERR_OK);
  return d;
}

static inline void refused(const char *path, const struct recipe *r, err code, const char *reason)
{
  struct dataset *d = NULL;
  const err e = dataset_open(path, r, 0, &d);
  if (e != code || !strstr(err_message(), reason)) print_message("%d %s\n", (int)e, err_message());
  assert_int_equal(e, code);
  assert_non_null(strstr(err_message(), reason));
  assert_null(d);
}
