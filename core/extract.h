#pragma once
/* Phase 1 of extract-and-aggregate: what a virtual identity layer's parameter gradient holds at each
 * position, from the activation a and the signal g at a tap.  Source: METHODS 1.1; Rebuffi, Fong,
 * Ji, Vedaldi 2020, arXiv:2004.02866.  One extract per file extract_<name>.c. */
#include "core/stats.h"

#include <stdbool.h>
#include <stdint.h>

/** One sample at one tap. */
struct extract_site {
  int channels, height, width;
  int64_t stride; /* elements between two channels of this sample */
  const real *a;  /* a[k * stride + u] activation, read only; NULL unless the extract reads it */
  const real *g;  /* g[k * stride + u] signal, read only */
};

enum { EXTRACT_STATS_A = 1, EXTRACT_STATS_G = 2 };

struct extract_call {
  struct extract_site at;
  const struct stats *a;   /* stats over channels of a; only with EXTRACT_STATS_A */
  const struct stats *g;   /* stats over channels of g; only with EXTRACT_STATS_G */
  double *work;            /* [work_planes][positions] scratch, at least `channels` doubles */
  const struct stats *out; /* overwritten */
};

struct extract {
  const char *name;
  const char *formula;
  const char *source;
  bool reads_activation;
  unsigned needs;  /* EXTRACT_STATS_* */
  int work_planes; /* scratch planes of [positions] doubles */
  void (*run)(const struct extract_call *c);
};

/** All extracts, in the order of extract_list.h, ended by NULL. */
extern const struct extract *const extract_all[];

/** The extract of that name, or NULL. */
const struct extract *extract_find(const char *name);

/** Most scratch planes that any extract wants. */
int extract_work_planes(void);
