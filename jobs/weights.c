/** @file
 *  Checksums of a model's external data. */
#include "jobs/weights.h"

#include "io/dataset.h"
#include "io/file.h"
#include "io/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

err weights_path(const char *model, const char *name, char **path)
{
  char *folder = file_folder(model);
  *path = folder ? file_join(folder, name) : NULL;
  free(folder);
  CHECK(*path, ERR_MEMORY, "no memory for a path");
  return ERR_OK;
}

/** One line of the sums. */
static err add_sum(FILE *to, const char *model, const char *name)
{
  char *path = NULL, hex[65];
  TRY(weights_path(model, name, &path));
  const err e = dataset_file_sha256(path, hex);
  free(path);
  if (e) return err_trace(e, __FILE__, __LINE__);
  (void)fprintf(to, "%s  %s\n", hex, name);
  return ERR_OK;
}

static err add_size(FILE *to, const char *model, const char *name)
{
  char *path = NULL;
  TRY(weights_path(model, name, &path));
  (void)fprintf(to, "%lld  %s\n", (long long)file_bytes(path), name);
  free(path);
  return ERR_OK;
}

/** A line for each file, by `add`: *text is new. */
static err list(const char *model, const char *files,
                err (*add)(FILE *, const char *, const char *), char **text)
{
  char *copy = strdup(files), *rest = NULL, *out = NULL;
  size_t bytes = 0;
  err e = ERR_OK;
  FILE *to = open_memstream(&out, &bytes);

  CHECK_DONE(copy && to, ERR_MEMORY, "no memory for checksums");
  for (char *name = strtok_r(copy, "\n", &rest); name; name = strtok_r(NULL, "\n", &rest))
    TRY_DONE(add(to, model, name));
  const int failed = fclose(to);
  to = NULL;
  CHECK_DONE(!failed && out, ERR_MEMORY, "no memory for checksums");
  *text = out;
  out = NULL;

done:
  if (to) (void)fclose(to);
  free(out);
  free(copy);
  return e;
}

err weights_sums(const char *model, const char *files, char **text)
{
  return list(model, files, add_sum, text);
}

err weights_sizes(const char *model, const char *files, char *hex)
{
  char *text = NULL;
  struct sha256 *sum = NULL;
  TRY(list(model, files, add_size, &text));
  err e = sha256_make(&sum);
  if (!e) e = sha256_add(sum, text, strlen(text));
  if (!e) e = sha256_end(sum, hex);
  sha256_free(&sum);
  free(text);
  return e;
}
