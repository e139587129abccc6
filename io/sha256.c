/** @file
 *  SHA-256, and SHA-1, by libcrypto; the one owner of openssl/evp.h. */
#include "io/sha256.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct sha256 {
  EVP_MD_CTX *context;
};

static err make(const EVP_MD *kind, struct sha256 **out)
{
  struct sha256 *c = calloc(1, sizeof *c);
  CHECK(c, ERR_MEMORY, "no memory for SHA-256");
  c->context = EVP_MD_CTX_new();
  if (!c->context || EVP_DigestInit_ex(c->context, kind, NULL) != 1) {
    sha256_free(&c);
    return FAIL(ERR_IO, "libcrypto lacks a digest");
  }
  *out = c;
  return ERR_OK;
}

err sha256_make(struct sha256 **out)
{
  return make(EVP_sha256(), out);
}

err sha256_make_sha1(struct sha256 **out)
{
  return make(EVP_sha1(), out);
}

err sha256_add(struct sha256 *c, const void *bytes, size_t n)
{
  CHECK(EVP_DigestUpdate(c->context, bytes, n) == 1, ERR_IO, "SHA-256 failed in libcrypto");
  return ERR_OK;
}

err sha256_end(struct sha256 *c, char *hex)
{
  static const char digit[] = "0123456789abcdef";
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned n = 0;

  CHECK(EVP_DigestFinal_ex(c->context, sum, &n) == 1, ERR_IO, "SHA-256 failed in libcrypto");
  for (size_t i = 0; i < n; i++) {
    hex[2 * i] = digit[sum[i] >> 4];
    hex[2 * i + 1] = digit[sum[i] & 15];
  }
  hex[2 * (size_t)n] = 0;
  return ERR_OK;
}

void sha256_free(struct sha256 **c)
{
  if (!*c) return;
  EVP_MD_CTX_free((*c)->context);
  free(*c);
  *c = NULL;
}
