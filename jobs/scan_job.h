#pragma once
/* What the parts of the job scan share. */
#include "core/scan_class.h"
#include "jobs/setup.h"
#include "pipeline/study.h"

#include <stdbool.h>

/* Kinds of rows of a scan's file, in their order there. */
#define SCAN_ROW_LIST(E)                                                          \
  E(SCAN_COARSE, "coarse", "every class, cheaply")                                \
  E(SCAN_CLEANSE, "neural_cleanse", "every class, where the score was asked for") \
  E(SCAN_INSPECT, "neuron_inspect", "every class, where the score was asked for") \
  E(SCAN_FINE, "fine", "a class that the coarse rows left, with one part of the pool")

enum scan_kind {
#define E(id, name, about) id,
  SCAN_ROW_LIST(E)
#undef E
      SCAN_KINDS
};

extern const char *const scan_kind_names[SCAN_KINDS + 1];

enum { SCAN_MOST_CLEAN = 1000 };

struct scan_row {
  enum scan_kind kind;
  int item; /* the class; of a fine row the slot: the how-manieth class that was left */
  int part; /* of a fine row: begins with the noises of the first half */
};

/** Everything about a scan but its memory. */
struct scan_job {
  struct setup *setup;
  struct pixel_scale scale;
  struct scan_pool_settings pool;
  struct scan_class_settings coarse, fine;
  int replicates;          /* parts of each noise's images: one finds, the others measure */
  int parts;               /* fine rows of a class: noises times replicates */
  int classes, slots;      /* classes of the model; those that the coarse rows leave */
  bool scores[SCAN_KINDS]; /* which kinds of rows there are */
  int64_t rows;
  double p_flag; /* p below which a model is called suspicious */
  struct {
    int steps, batches, batch; /* of Neural Cleanse */
  } cleanse;
  const char *clean_path; /* NULL: none */
  real *clean;            /* [n_clean][pixels] */
  int n_clean;
  char clean_sha256[65];
};

/** Read the options after setup_classes.  Errors: ERR_USAGE; those of reading clean images.  Collective. */
MUST_CHECK err scan_job_read(struct scan_job *j, const struct options *o);
void scan_job_free(struct scan_job *j);

struct scan_row scan_row_of(const struct scan_job *j, int64_t row);
/** First row of a kind, and behind its last. */
int64_t scan_first(const struct scan_job *j, enum scan_kind kind);
int64_t scan_end(const struct scan_job *j, enum scan_kind kind);

/** The settings as canonical JSON; new.  Errors: ERR_MEMORY. */
MUST_CHECK err scan_job_config(const struct scan_job *j, const struct options *o, char **json);
