/** @file
 *  The list of objects, and drawing them. */
#include "io/file.h"
#include "io/objects_impl.h"
#include "io/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

err objects_make(int64_t n, struct objects **out)
{
  struct objects *o = calloc(1, sizeof *o);
  CHECK(o, ERR_MEMORY, "no memory for objects");
  o->n_samples = n;
  o->first = malloc(((size_t)n + 1) * sizeof *o->first);
  if (!o->first) {
    free(o);
    return FAIL(ERR_MEMORY, "no memory for objects of %lld samples", (long long)n);
  }
  for (int64_t i = 0; i < n; i++) o->first[i] = -1;
  *out = o;
  return ERR_OK;
}

void objects_free(struct objects **o)
{
  if (!*o) return;
  for (int64_t i = 0; i < (*o)->n; i++) free((*o)->each[i].mask);
  free((*o)->each);
  free((*o)->first);
  free(*o);
  *o = NULL;
}

err objects_append(struct objects *o, int64_t sample, const struct object *x)
{
  if (o->n == o->max) {
    const int64_t max = 2 * o->max + 64;
    struct object *each = realloc(o->each, (size_t)max * sizeof *each);
    CHECK(each, ERR_MEMORY, "no memory for %lld objects", (long long)max);
    o->each = each;
    o->max = max;
  }
  o->each[o->n] = *x;
  o->each[o->n].next = o->first[sample];
  o->first[sample] = o->n++;
  return ERR_OK;
}

err objects_add_box(struct objects *o, int64_t sample, int class, const int box[4])
{
  struct object x = {.class = class};
  memcpy(x.box, box, sizeof x.box);
  return objects_append(o, sample, &x);
}

err objects_sha256(const struct objects *o, char *hex)
{
  struct sha256 *sum = NULL;
  TRY(sha256_make(&sum));
  err e = ERR_OK;
  for (int64_t s = 0; s < o->n_samples && !e; s++) {
    for (int64_t i = o->first[s]; i >= 0 && !e; i = o->each[i].next) {
      const struct object *x = &o->each[i];
      char line[4400];
      const int n = snprintf(line, sizeof line, "%lld %d %d %d %d %d %d %s %lld\n", (long long)s,
                             x->class, x->difficult, x->box[0], x->box[1], x->box[2], x->box[3],
                             x->mask ? x->mask + x->name_at : "", (long long)x->bytes);
      e = sha256_add(sum, line, (size_t)n);
    }
  }
  if (!e) e = sha256_end(sum, hex);
  sha256_free(&sum);
  return e;
}

/** Set what of a box lies in the part. */
static void draw_box(const int box[4], const struct image_part *p, uint8_t *mask)
{
  for (int y = box[1]; y <= box[3]; y++) {
    if (y < p->top || y >= p->top + p->rows) continue;
    for (int x = box[0]; x <= box[2]; x++) {
      if (x < p->left || x >= p->left + p->columns) continue;
      mask[(int64_t)(y - p->top) * p->columns + x - p->left] = 1;
    }
  }
}

static err draw_mask(const char *path, int height, int width, const struct image_part *p,
                     uint8_t *mask)
{
  struct image im = {0};
  TRY(image_read(path, 1, false, &im));
  const bool fits = im.height == height && im.width == width;
  for (int y = 0; y < p->rows && fits; y++) {
    for (int x = 0; x < p->columns; x++) {
      const int row = y + p->top, column = x + p->left;
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      if (im.pixel[(int64_t)row * width + column]) mask[(int64_t)y * p->columns + x] = 1;
    }
  }
  const int rows = im.height, columns = im.width;
  image_free(&im);
  CHECK(fits, ERR_SHAPE, "mask %s is %d x %d pixels, its image %d x %d", path, rows, columns,
        height, width);
  return ERR_OK;
}

/** Whether objects of a class are there that count, and any of another class. */
static bool look(const struct objects *o, int64_t sample, int class, bool *others)
{
  bool there = false;
  *others = false;
  for (int64_t i = o->first[sample]; i >= 0; i = o->each[i].next) {
    const struct object *x = &o->each[i];
    if (x->class != class) *others = true;
    there = there || (x->class == class && !x->difficult);
  }
  return there;
}

err objects_draw(const struct objects *o, int64_t sample, int class, int height, int width,
                 const struct image_part *part, uint8_t *mask, enum object_there *there)
{
  const int64_t n = (int64_t)part->rows * part->columns;
  int64_t area = 0;
  bool others = false;
  *there = OBJECT_NONE;
  memset(mask, 0, (size_t)n);
  if (class < 0 || !look(o, sample, class, &others)) return ERR_OK;
  for (int64_t i = o->first[sample]; i >= 0; i = o->each[i].next) {
    const struct object *x = &o->each[i];
    if (x->class != class) continue;
    if (x->mask) {
      TRY(draw_mask(x->mask, height, width, part, mask));
    } else {
      draw_box(x->box, part, mask);
    }
  }
  for (int64_t u = 0; u < n; u++) area += mask[u];
  if (area) *there = others && 4 * area < n ? OBJECT_DIFFICULT : OBJECT_SOME;
  return ERR_OK;
}
