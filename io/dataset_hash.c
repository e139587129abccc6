/** @file
 *  SHA-256 of files and of the list of samples.  The one owner of openssl/evp.h among the readers. */
#include "io/dataset_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHA256_BYTES = 32, READ_BYTES = 1 << 20 };

static err digest_make(EVP_MD_CTX **out)
{
  EVP_MD_CTX *c = EVP_MD_CTX_new();

  CHECK(c, ERR_MEMORY, "no memory for SHA-256");
  if (EVP_DigestInit_ex(c, EVP_sha256(), NULL) != 1) {
    EVP_MD_CTX_free(c);
    return FAIL(ERR_IO, "libcrypto has no SHA-256");
  }
  *out = c;
  return ERR_OK;
}

static err digest_add(EVP_MD_CTX *c, const void *bytes, size_t n)
{
  CHECK(EVP_DigestUpdate(c, bytes, n) == 1, ERR_IO, "SHA-256 failed in libcrypto");
  return ERR_OK;
}

/** hex has 65 bytes. */
static err digest_end(EVP_MD_CTX *c, char *hex)
{
  static const char digit[] = "0123456789abcdef";
  unsigned char sum[SHA256_BYTES];

  CHECK(EVP_DigestFinal_ex(c, sum, NULL) == 1, ERR_IO, "SHA-256 failed in libcrypto");
  for (int i = 0; i < SHA256_BYTES; i++) {
    hex[2 * (size_t)i] = digit[sum[i] >> 4];
    hex[2 * (size_t)i + 1] = digit[sum[i] & 15];
  }
  hex[64] = 0;
  return ERR_OK;
}

/** One line a sample:  path TAB bytes TAB label TAB targets TAB box.  Paths hold no control
 *  characters, so no two lists give the same text. */
static err add_item(EVP_MD_CTX *c, const struct item *it)
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
  TRY(digest_add(c, it->shown, strlen(it->shown)));
  return digest_add(c, text, (size_t)n);
}

err dataset_hash_list(struct dataset *d)
{
  static const char title[] = "retrograd data list 1\n";
  EVP_MD_CTX *c = NULL;
  err e = ERR_OK;

  TRY(digest_make(&c));
  TRY_DONE(digest_add(c, title, strlen(title)));
  for (int64_t i = 0; i < d->n; i++) TRY_DONE(add_item(c, &d->items[i]));
  TRY_DONE(digest_end(c, d->sha256));

done:
  EVP_MD_CTX_free(c);
  return e;
}

static err add_file(EVP_MD_CTX *c, int fd, const char *path, unsigned char *buffer)
{
  for (;;) {
    const ssize_t n = read(fd, buffer, READ_BYTES);
    if (n < 0 && errno == EINTR) continue;
    CHECK(n >= 0, ERR_INPUT, "%s: %s", path, strerror(errno));
    if (n == 0) return ERR_OK;
    TRY(digest_add(c, buffer, (size_t)n));
  }
}

err dataset_file_sha256(const char *path, char *hex)
{
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  unsigned char *buffer = NULL;
  EVP_MD_CTX *c = NULL;
  err e = ERR_OK;

  CHECK(fd >= 0, ERR_INPUT, "%s: %s", path, strerror(errno));
  buffer = malloc(READ_BYTES);
  CHECK_DONE(buffer, ERR_MEMORY, "no memory to read %s", path);
  TRY_DONE(digest_make(&c));
  TRY_DONE(add_file(c, fd, path, buffer));
  TRY_DONE(digest_end(c, hex));

done:
  EVP_MD_CTX_free(c);
  free(buffer);
  (void)close(fd);
  return e;
}
