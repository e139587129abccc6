/** @file
 *  Arrays of a study for numpy. */
#include "core/upsample.h"
#include "io/dataset.h"
#include "io/npz.h"
#include "io/utf8.h"
#include "jobs/export.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 80, FIXED = 6 };

static const char *const fixed_names[FIXED] = {"y", "c", "logits", "sample", "path", "status"};

/** One array of maps: what its rows are made from. */
struct plane {
  const struct export *x;
  const struct view_maps *maps;
  int slot, target;
  int height, width; /* of a row */
  float *room;       /* [maps->height, maps->width] */
  char name[NAME];
};

/** All that the arrays read while the archive is written. */
struct source {
  const struct export *x;
  const struct export_arrays *a;
  struct view_maps maps;
  struct plane *plane; /* [n] owned */
  int n;
  float *room; /* owned */
  int32_t *label, *class;
  uint8_t *status; /* [x->n] owned each */
  int text_width;
};

/** Maps of one method for consecutive rows. */
static err fill_maps(void *user, int64_t first, int64_t count, void *rows)
{
  const struct plane *p = user;
  const struct view_maps *m = p->maps;
  struct view *v = p->x->view;
  const int64_t size = (int64_t)p->height * p->width, part[5] = {1, 1, 1, m->height, m->width};
  float *out = rows;

  for (int64_t i = first; i < first + count; i++, out += size) {
    const int64_t sample = p->x->sample[i], from[5] = {sample, p->target, p->slot, 0, 0};
    if (v->status[sample] == SAMPLE_DONE) {
      TRY(store_read_box(v->store, m->var, from, part, p->room));
      upsample_bilinear(p->room, m->height, m->width, out, p->height, p->width);
      continue;
    }
    for (int64_t k = 0; k < size; k++) out[k] = NAN;
  }
  return ERR_OK;
}

static err fill_logits(void *user, int64_t first, int64_t count, void *rows)
{
  const struct export *x = user;
  struct view *v = x->view;
  float *out = rows;

  for (int64_t i = first; i < first + count; i++, out += v->n_classes) {
    if (v->status[x->sample[i]] == SAMPLE_DONE) {
      TRY(view_logits(v, x->sample[i], out));
      continue;
    }
    for (int k = 0; k < v->n_classes; k++) out[k] = NAN;
  }
  return ERR_OK;
}

/** Code points of a text into out (NULL: only counted); returns how many.  A byte that is not UTF-8
 *  stands for U+FFFD. */
static int code_points(const char *text, uint32_t *out)
{
  static const unsigned char first_bits[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  int n = 0;

  while (*text) {
    const int bytes = utf8_length(text);
    uint32_t point = bytes ? (unsigned char)*text & first_bits[bytes] : 0xFFFDU;
    for (int k = 1; k < bytes; k++) point = point << 6 | ((unsigned char)text[k] & 0x3FU);
    if (out) out[n] = point;
    n++;
    text += bytes ? bytes : 1;
  }
  return n;
}

static err fill_paths(void *user, int64_t first, int64_t count, void *rows)
{
  const struct source *s = user;
  uint32_t *out = rows;

  memset(rows, 0, (size_t)count * (size_t)s->text_width * sizeof *out);
  for (int64_t i = 0; i < count; i++)
    (void)code_points(s->x->view->sample[s->x->sample[first + i]], out + i * s->text_width);
  return ERR_OK;
}

static bool is_taken(const struct source *s, const char *name)
{
  for (int k = 0; k < FIXED; k++)
    if (!strcmp(fixed_names[k], name)) return true;
  for (int k = 0; k < s->n; k++)
    if (!strcmp(s->plane[k].name, name)) return true;
  return false;
}

/** A method's name as that of an array: safe in a file name, and not taken. */
static void name_array(const struct source *s, const char *method, char name[NAME])
{
  char safe[NAME - 12];
  size_t n = 0;

  for (; method[n] && n + 1 < sizeof safe; n++) {
    const char c = method[n];
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    safe[n] = '_';
    if (plain || c == '.' || c == '-') safe[n] = c;
  }
  safe[n] = 0;
  (void)snprintf(name, NAME, "%s", safe);
  for (int k = 2; is_taken(s, name); k++) (void)snprintf(name, NAME, "%s_%d", safe, k);
}

/** Which methods there are at the layer, and what their rows need. */
static err list_planes(struct source *s)
{
  const struct view *v = s->x->view;
  const struct export_arrays *a = s->a;

  s->plane = calloc((size_t)s->maps.n_methods, sizeof *s->plane);
  s->room = malloc((size_t)s->maps.height * (size_t)s->maps.width * sizeof *s->room);
  CHECK(s->plane && s->room, ERR_MEMORY, "no memory for %d methods", s->maps.n_methods);
  for (int k = 0; k < s->maps.n_methods; k++) {
    char name[NAME];
    if (!a->methods[s->maps.method_at[k]]) continue;
    name_array(s, v->method[s->maps.method_at[k]], name);
    struct plane *p = &s->plane[s->n++];
    *p = (struct plane){.x = s->x,
                        .maps = &s->maps,
                        .slot = k,
                        .target = a->target,
                        .height = a->height ? a->height : s->maps.height,
                        .width = a->height ? a->width : s->maps.width,
                        .room = s->room};
    memcpy(p->name, name, sizeof name);
  }
  CHECK(s->n, ERR_USAGE, "none of the methods asked for is at layer %s of %s", v->layer[a->layer],
        v->path);
  return ERR_OK;
}

/** The small arrays, in memory. */
static err list_values(struct source *s)
{
  const struct export *x = s->x;
  const struct view *v = x->view;
  const size_t n = (size_t)x->n;

  s->label = malloc(n * sizeof *s->label);
  s->class = malloc(n * sizeof *s->class);
  s->status = malloc(n);
  CHECK(s->label && s->class && s->status, ERR_MEMORY, "no memory for %zu labels", n);
  s->text_width = 1;
  for (int64_t i = 0; i < x->n; i++) {
    const int64_t sample = x->sample[i];
    const bool done = v->status[sample] == SAMPLE_DONE;
    const int points = code_points(v->sample[sample], NULL);
    s->label[i] = v->label[sample];
    s->status[i] = v->status[sample];
    s->class[i] = done ? v->target_class[sample * v->n_targets + s->a->target] : -1;
    if (points > s->text_width) s->text_width = points;
  }
  return ERR_OK;
}

static err add_values(struct source *s, struct npz *z)
{
  const int64_t n = s->x->n;
  const struct npy_array arrays[FIXED] = {
      {.type = NPY_I32, .n_dims = 1, .dims = {n}, .data = s->label},
      {.type = NPY_I32, .n_dims = 1, .dims = {n}, .data = s->class},
      {.type = NPY_F32,
       .n_dims = 2,
       .dims = {n, s->x->view->n_classes},
       .fill = fill_logits,
       .user = (void *)s->x},
      {.type = NPY_I64, .n_dims = 1, .dims = {n}, .data = s->x->sample},
      {.type = NPY_TEXT,
       .text_width = s->text_width,
       .n_dims = 1,
       .dims = {n},
       .fill = fill_paths,
       .user = s},
      {.type = NPY_U8, .n_dims = 1, .dims = {n}, .data = s->status},
  };
  for (int k = 0; k < FIXED; k++) TRY(npz_add(z, fixed_names[k], &arrays[k]));
  return ERR_OK;
}

static err add_all(struct source *s, struct npz *z)
{
  for (int k = 0; k < s->n; k++) {
    struct plane *p = &s->plane[k];
    const struct npy_array array = {.type = NPY_F32,
                                    .n_dims = 4,
                                    .dims = {s->x->n, 1, p->height, p->width},
                                    .fill = fill_maps,
                                    .user = p};
    TRY(npz_add(z, p->name, &array));
  }
  TRY(add_values(s, z));
  return ERR_OK;
}

static err write_archive(struct source *s, const char *path)
{
  struct npz *z = NULL;

  TRY(list_planes(s));
  TRY(list_values(s));
  TRY(npz_open(path, &z));
  const err e = add_all(s, z);
  if (!e) return npz_close(&z);
  npz_discard(&z);
  return err_trace(e, __FILE__, __LINE__);
}

err export_npz(const struct export *x, const struct export_arrays *a, const char *path)
{
  struct source s = {.x = x, .a = a};

  TRY(view_maps_find(x->view, a->layer, &s.maps));
  const err e = write_archive(&s, path);
  view_maps_free(&s.maps);
  free(s.plane);
  free(s.room);
  free(s.label);
  free(s.class);
  free(s.status);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
