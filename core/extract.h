#pragma once
/* Phase 1 of extract-and-aggregate: what a virtual identity layer's parameter gradient holds at each
 * position, from the activation a and the signal g at a tap.  Source: METHODS 1.1; Rebuffi, Fong,
 * Ji, Vedaldi 2020, arXiv:2004.02866.  One extract per file extract_<name>.c. */
#include "core/stats.h"
#include "core/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What the convolution that made a tap read, of the same sample. */
struct extract_input {
  int channels, height, width;
  int64_t stride; /* elements between two channels */
  const real *x;  /* read only */
  const struct window *window;
};

/** One sample at one tap. */
struct extract_site {
  int channels, height, width;
  int64_t stride; /* elements between two channels of this sample */
  const real *a;  /* a[k * stride + u] activation, read only; NULL unless the extract reads it */
  const real *g;  /* g[k * stride + u] signal, read only */
  const struct extract_input *input; /* NULL unless the extract reads it */
};

/** Sample i of those whose planes lie one behind the other, without its input. */
static inline struct extract_site extract_site_of(const struct extract_site *at, int i)
{
  const int64_t skip = (int64_t)i * at->height * at->width;
  return (struct extract_site){
      at->channels, at->height, at->width, at->stride, at->a ? at->a + skip : NULL,
      at->g + skip, NULL};
}

enum { EXTRACT_STATS_A = 1, EXTRACT_STATS_G = 2 };

/** A band of rows of one sample: small enough that what is read of it serves every extract from the
 *  cache.  The stats hold what `wanted` asks for. */
struct extract_call {
  struct extract_site at;
  int row, rows;         /* rows [row, row + rows) */
  int samples;           /* that lie one behind the other; 1 but with takes_samples */
  unsigned wanted;       /* STATS_* */
  const struct stats *a; /* [height, width] over channels of a, in the rows [row - 1, row + rows] of
                            the plane; only with EXTRACT_STATS_A */
  const struct stats *input; /* [height, width of the input] over its channels; where it is read */
  const struct stats *g;     /* [rows, width] over channels of g; only with EXTRACT_STATS_G */
  double *weights;           /* [channels] what `begin` leaves for the bands */
  void *work;                /* scratch, work_bytes */
  const struct stats *out;   /* [samples, rows, width] overwritten */
};

struct extract {
  const char *name;
  const char *formula;
  const char *source;
  bool reads_activation;
  bool no_signal;     /* it is of the activation alone */
  bool reads_input;   /* it lives behind convolutions alone */
  bool takes_samples; /* it can take several samples in one call; then it reads a and g alone */
  unsigned needs;     /* EXTRACT_STATS_* */
  size_t (*work_bytes)(int width, int rows); /* NULL: none */
  void (*begin)(
      const struct extract_call *c); /* before the first band of a sample; NULL: nothing */
  void (*run)(const struct extract_call *c);
};

#define EXTRACT(name) EXTRACT_##name,
enum {
#include "core/extract_list.h"
  N_EXTRACTS
};
#undef EXTRACT

/** All extracts, in the order of extract_list.h, ended by NULL. */
extern const struct extract *const extract_all[];

/** The extract of that name, or NULL. */
const struct extract *extract_find(const char *name);
