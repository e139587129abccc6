/** @file
 *  SHA-256 of files and of the list of samples. */
#include "io/dataset_impl.h"
#include "io/file.h"
#include "io/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 20 };

/** One line a sample:  path TAB bytes TAB label TAB targets TAB box.  Paths hold no control
 *  characters, so no two lists give the same text. */
static err add_item(struct sha256 *c, const struct item *it)
{
  const struct sample *s = &it->sample;
  char text[512];
  int n = snprintf(text, sizeof text, "\t%lld\t%d\t", (long long)it->bytes, s->label);

  for (int k = 0; k < s->n_targets; k++)
    n += snprintf(text + n, sizeof text - (size_t)n, "%d;", s->target[k]);
  n += snprintf(text + n, sizeof text - (size_t)n, "\t");
  for (int k = 0; s->has_box && k < 4; k++)
    n += snprintf(text + n, sizeof text - (size_t)n, "%d;", s->box[k]);
  n += snprintf(text + n, sizeof text - (size_t)n, "\n");
  TRY(sha256_add(c, it->shown, strlen(it->shown)));
  return sha256_add(c, text, (size_t)n);
}

err dataset_hash_list(struct dataset *d)
{
  static const char title[] = "retrograd data list 1\n";
  struct sha256 *c = NULL;
  err e = ERR_OK;

  TRY(sha256_make(&c));
  TRY_DONE(sha256_add(c, title, strlen(title)));
  for (int64_t i = 0; i < d->n; i++) TRY_DONE(add_item(c, &d->items[i]));
  TRY_DONE(sha256_end(c, d->sha256));

done:
  sha256_free(&c);
  return e;
}

static err add_file(struct sha256 *c, int fd, const char *path, unsigned char *buffer)
{
  int tries = 0;
  for (;;) {
    const ssize_t n = read(fd, buffer, READ_BYTES);
    if (n < 0 && file_again(errno, &tries)) continue;
    CHECK(n >= 0, ERR_INPUT, "%s: %s", path, strerror(errno));
    if (n == 0) return ERR_OK;
    TRY(sha256_add(c, buffer, (size_t)n));
  }
}

static err file_digest(const char *path, err (*make)(struct sha256 **out), char *hex)
{
  const int fd = file_open(path);
  unsigned char *buffer = NULL;
  struct sha256 *c = NULL;
  err e = ERR_OK;

  CHECK(fd >= 0, ERR_INPUT, "%s: %s", path, strerror(errno));
  buffer = malloc(READ_BYTES);
  CHECK_DONE(buffer, ERR_MEMORY, "no memory to read %s", path);
  TRY_DONE(make(&c));
  TRY_DONE(add_file(c, fd, path, buffer));
  TRY_DONE(sha256_end(c, hex));

done:
  sha256_free(&c);
  free(buffer);
  (void)close(fd);
  return e;
}

err dataset_file_sha256(const char *path, char *hex)
{
  return file_digest(path, sha256_make, hex);
}

err dataset_file_sha1(const char *path, char *hex)
{
  return file_digest(path, sha256_make_sha1, hex);
}
