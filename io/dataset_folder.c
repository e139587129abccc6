/** @file
 *  A folder of images: every *.jpg, *.jpeg, *.png below it, in bytewise order of their paths.  Links
 *  to files and folders are followed; a folder that lies within itself is not entered again. */
#include "io/dataset_impl.h"
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct folder {
  char *path;    /* below the data set; "" for itself; owned */
  int64_t outer; /* index of the folder that holds it; -1 for the data set */
  dev_t device;
  ino_t inode;
};

/* Folders found so far; those before `next` are read. */
struct walk {
  struct dataset *d;
  int64_t n, max, next;
  struct folder *folders; /* [n] owned */
};

static bool is_image_name(const char *name)
{
  static const char *const ends[] = {".jpg", ".jpeg", ".png"};
  const char *dot = strrchr(name, '.');

  for (size_t i = 0; dot && i < sizeof ends / sizeof *ends; i++)
    if (strcasecmp(dot, ends[i]) == 0) return true;
  return false;
}

/** True where this is the folder `at` or one of those that hold it. */
static bool holds_itself(const struct walk *w, int64_t at, const struct stat *is)
{
  for (; at >= 0; at = w->folders[at].outer)
    if (w->folders[at].device == is->st_dev && w->folders[at].inode == is->st_ino) return true;
  return false;
}

static err add_folder(struct walk *w, const char *path, int64_t outer, const struct stat *is)
{
  if (w->n == w->max) {
    const int64_t max = w->max ? 2 * w->max : 16;
    struct folder *grown = realloc(w->folders, (size_t)max * sizeof *grown);
    CHECK(grown, ERR_MEMORY, "no memory for a list of folders");
    w->folders = grown;
    w->max = max;
  }
  char *copy = strdup(path);
  CHECK(copy, ERR_MEMORY, "no memory for a path");
  w->folders[w->n++] = (struct folder){copy, outer, is->st_dev, is->st_ino};
  return ERR_OK;
}

/** A name within folder `at`: a folder to walk, an image, or neither.  A link to nowhere with the
 *  name of an image is a sample that cannot be read. */
static err take_name(struct walk *w, int64_t at, const char *full, const char *path)
{
  struct stat is;
  struct item *it = NULL;

  if (stat(full, &is) != 0 || !S_ISDIR(is.st_mode))
    return is_image_name(path) ? dataset_append(w->d, path, &it) : ERR_OK;
  return holds_itself(w, at, &is) ? ERR_OK : add_folder(w, path, at, &is);
}

static err enter_name(struct walk *w, int64_t at, const char *folder, const char *name)
{
  char *path = file_join(w->folders[at].path, name), *full = file_join(folder, name);
  err e = ERR_OK;

  CHECK_DONE(path && full, ERR_MEMORY, "no memory for a path");
  TRY_DONE(take_name(w, at, full, path));

done:
  free(path);
  free(full);
  return e;
}

/** Hidden files and folders are left out, as shells do. */
static err read_names(struct walk *w, int64_t at, const char *full, DIR *dir)
{
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(dir);
    CHECK(entry || errno == 0, ERR_INPUT, "%s: %s", full, strerror(errno));
    if (!entry) return ERR_OK;
    if (entry->d_name[0] == '.') continue;
    TRY(enter_name(w, at, full, entry->d_name));
  }
}

static err read_folder(struct walk *w, int64_t at)
{
  char *full = file_join(w->d->path, w->folders[at].path);

  CHECK(full, ERR_MEMORY, "no memory for a path");
  DIR *dir = opendir(full);
  err e = dir ? read_names(w, at, full, dir) : FAIL(ERR_INPUT, "%s: %s", full, strerror(errno));
  if (dir) (void)closedir(dir);
  free(full);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

static err walk_all(struct walk *w)
{
  struct stat is;

  CHECK(stat(w->d->path, &is) == 0, ERR_INPUT, "%s: %s", w->d->path, strerror(errno));
  TRY(add_folder(w, "", -1, &is));
  for (; w->next < w->n; w->next++) TRY(read_folder(w, w->next));
  return ERR_OK;
}

static int by_path(const void *a, const void *b)
{
  return strcmp(dataset_item_file(a), dataset_item_file(b));
}

/** The label is the first folder of the path; where there is none, there is no label. */
static err label_of(const struct dataset *d, const struct recipe *r, struct item *it)
{
  const char *file = dataset_item_file(it), *end = strchr(file, '/');
  char where[512];

  if (!end) return ERR_OK;
  char *name = strndup(file, (size_t)(end - file));
  CHECK(name, ERR_MEMORY, "no memory for a label");
  (void)snprintf(where, sizeof where, "%.400s (its sub-folders are labels)", d->path);
  const err e = dataset_label(r, name, where, &it->sample.label);
  free(name);
  return e ? err_trace(e, __FILE__, __LINE__) : ERR_OK;
}

/** Samples of one folder follow each other, so most labels are those of the sample before. */
static err label_all(struct dataset *d, const struct recipe *r)
{
  const char *before = "";
  size_t n = 0;

  for (int64_t i = 0; i < d->n; i++) {
    struct item *it = &d->items[i];
    const char *file = dataset_item_file(it);
    if (n > 0 && strncmp(file, before, n) == 0) {
      it->sample.label = d->items[i - 1].sample.label;
    } else {
      TRY(label_of(d, r, it));
      n = strchr(file, '/') ? (size_t)(strchr(file, '/') - file) + 1 : 0;
    }
    before = file;
  }
  return ERR_OK;
}

static void cut_to(struct dataset *d, int64_t limit)
{
  while (limit > 0 && d->n > limit) {
    struct item *it = &d->items[--d->n];
    free(it->shown);
    free(it->file);
  }
}

err dataset_open_folder(struct dataset *d, const struct recipe *r, int64_t limit)
{
  struct walk w = {.d = d};
  err e = walk_all(&w);

  for (int64_t i = 0; i < w.n; i++) free(w.folders[i].path);
  free(w.folders);
  if (e) return err_trace(e, __FILE__, __LINE__);
  d->source = &dataset_files;
  d->folder = strdup(d->path);
  CHECK(d->folder, ERR_MEMORY, "no memory for a path");
  CHECK(d->n > 0, ERR_INPUT, "%s: no *.jpg, *.jpeg or *.png in it or below it", d->path);
  qsort(d->items, (size_t)d->n, sizeof *d->items, by_path);
  cut_to(d, limit);
  TRY(label_all(d, r));
  return dataset_measure_files(d);
}
