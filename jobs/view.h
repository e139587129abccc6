#pragma once
/* A study's file as its readers see it: all the small tables in memory, maps row by row.
 * Works on complete, running and killed studies alike. */
#include "core/err.h"
#include "io/recipe.h"
#include "io/store.h"

#include <stdbool.h>
#include <stdint.h>

struct view {
  const char *path;
  struct store *store;
  int64_t n_samples;
  int n_classes, n_targets, n_layers, n_methods;
  char **sample;         /* [n_samples] path in the data set */
  int32_t *label;        /* [n_samples] -1: none */
  uint8_t *status;       /* [n_samples] enum sample_status */
  int32_t *target_class; /* [n_samples][n_targets] -1: none */
  float *score;          /* [n_samples][n_targets] */
  char **class_name;     /* [n_classes], or NULL where the study knows no names */
  char **target;         /* [n_targets] slots */
  char **layer;          /* [n_layers] taps by name */
  char **layer_op;       /* [n_layers] */
  char **layer_variable; /* [n_layers] name in the group maps */
  int32_t *layer_index;  /* [n_layers] of the tap in the model */
  int32_t *layer_shape;  /* [n_layers][3] channels, height, width */
  char **method;         /* [n_methods] as given */
  char **canonical;      /* [n_methods] */
};

/** Open a study and read its tables; they are checked against each other, not against the maps.
 *  path must outlive the view.  Close with view_close.
 *  Errors: as store_open_read; ERR_FORMAT naming what does not fit.  Not collective. */
MUST_CHECK err view_open(const char *path, struct view **out);

/** Also fine on NULL. */
void view_close(struct view **v);

/** Name of a class, or its number written into text[16]; "none" for -1. */
const char *view_class(const struct view *v, int index, char text[16]);

/** Give a recipe the study's class names, by which a data set's labels go.  Errors: ERR_MEMORY. */
MUST_CHECK err view_give_classes(const struct view *v, struct recipe *r);

/** Word for a status code, "done"; "unknown" for codes that are none. */
const char *view_status(int code);

/** How many samples have that status. */
int64_t view_count(const struct view *v, int code);

/** Logits of one sample.  logits [n_classes] overwritten.  Errors: ERR_IO. */
MUST_CHECK err view_logits(struct view *v, int64_t sample, float *logits);

/** The k classes with the largest logits, best first; ties: the smaller class first; NaN: last.
 *  best [k] overwritten; k is at most n. */
void view_best(const float *logits, int n, int k, int *best);

/** A text attribute of the file: new, the caller frees; "" where it is absent.
 *  Errors: ERR_MEMORY. */
MUST_CHECK err view_text(struct view *v, const char *name, char **out);

/** An integer attribute of the file, or `otherwise`. */
int64_t view_number(struct view *v, const char *name, int64_t otherwise);

/** The variable of one layer. */
struct view_maps {
  int layer, var;
  int n_methods, height, width;
  int64_t row;    /* floats of one sample: [n_targets][n_methods][height][width] */
  int *method_at; /* [n_methods] which method of the study lies there; owned */
};

/** Find the maps of a layer and check their extents and names against the tables.
 *  Free with view_maps_free.  Errors: ERR_FORMAT, ERR_MEMORY. */
MUST_CHECK err view_maps_find(struct view *v, int layer, struct view_maps *out);
void view_maps_free(struct view_maps *m);

/** Place of a method of the study in the maps, or -1 where it is not at this layer. */
int view_maps_slot(const struct view_maps *m, int method);

/** Read the row of one sample.  row [m->row] overwritten.  Errors: ERR_IO. */
MUST_CHECK err view_maps_read(struct view *v, const struct view_maps *m, int64_t sample,
                              float *row);

/** True where maps of a method can be negative, by its canonical form; true for what this program does not
 *  know. */
bool view_is_signed(const struct view *v, int method);
