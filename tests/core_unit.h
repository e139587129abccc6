#pragma once
/* One unit over a graph for the tests of the engine: plan, tape, passes, maps and signals by name.
 * Everything here asserts instead of returning errors. */
#include "core/tape.h"

#include <stdint.h>

/** Plan and tape for lists such as "grad_cam,gradient/bias/sum" and "all", and the last signals. */
struct unit {
  struct plan *plan;
  struct tape *tape;
  /* [n_passes * n_taps], each logical [batch, channels, positions], of the last slot */
  real **a; /* NULL where the activation is not kept */
  real **g;
};

void unit_make(const struct graph *g, int batch, int n_targets, const char *methods,
               const char *layers, struct unit *out);
/** The same with a head in parts (struct plan_request). */
void unit_make_in_parts(const struct graph *g, int batch, int n_targets, const char *methods,
                        const char *layers, int head, int part, struct unit *out);
/** The same where forward may begin again at nodes; resume [n_nodes] outlives the unit. */
void unit_make_resumed(const struct graph *g, int batch, int n_targets, const char *methods,
                       const char *layers, const bool *resume, struct unit *out);
void unit_free(struct unit *u);

/** Keep activations and signals of every pass in a and g; allocates at the first pass. */
void unit_watch(struct unit *u);

/** Fill the input, go forward, then back for every pass and slot.
 *  x [batch, elements of a sample], classes [n_targets, batch]; read only. */
void unit_run(struct unit *u, const double *x, const int *classes);
void unit_forward(struct unit *u, const double *x);

/** Index of a tap by the name of its value, of a method by the name given. */
int unit_tap(const struct unit *u, const char *name);
int unit_method(const struct unit *u, const char *name);

/** Map [positions] of a method at a tap. */
const float *unit_map(const struct unit *u, const char *tap, const char *method, int sample,
                      int slot);

/** Positions, and elements a sample, of plan tap i. */
int64_t unit_positions(const struct unit *u, int i);
int64_t unit_elements(const struct unit *u, int i);
