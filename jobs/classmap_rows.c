/** @file
 *  Rows of a map: where they are, what is read back, and their commit. */
#include "jobs/classmap_rows.h"

#include "pipeline/progress.h"

#include <stdlib.h>
#include <string.h>

static const char *const paths[CLASSMAP_VARIABLES] = {
    [CLASSMAP_GAIN] = "samples/gain",
    [CLASSMAP_BASE_LOGIT] = "samples/base_logit",
    [CLASSMAP_BASE_RATE] = "samples/base_rate",
    [CLASSMAP_LOGIT] = "samples/logit",
    [CLASSMAP_RATE] = "samples/rate",
    [CLASSMAP_REFINED_LOGIT] = "samples/refined_logit",
    [CLASSMAP_REFINED_RATE] = "samples/refined_rate",
    [CLASSMAP_HALVES_COSINE] = "samples/halves_cosine",
    [CLASSMAP_MAP] = "maps/map",
    [CLASSMAP_REFINED] = "maps/refined",
    [CLASSMAP_ITERATE] = "maps/iterate",
    [CLASSMAP_STEP_LOGIT] = "maps/step_logit",
    [CLASSMAP_STEP_RATE] = "maps/step_rate",
    [CLASSMAP_IMAGE_RATE] = "samples/image_rate",
    [CLASSMAP_REFINED_IMAGE_RATE] = "samples/refined_image_rate",
};

/** Numbers of a row of each variable. */
static int64_t row_count(const struct classmap *c, int k)
{
  const int64_t count[CLASSMAP_VARIABLES] = {[CLASSMAP_GAIN] = c->setup->graph->classes,
                                             [CLASSMAP_BASE_LOGIT] = 1,
                                             [CLASSMAP_BASE_RATE] = 1,
                                             [CLASSMAP_LOGIT] = CLASSMAP_FACTORS,
                                             [CLASSMAP_RATE] = CLASSMAP_FACTORS,
                                             [CLASSMAP_REFINED_LOGIT] = CLASSMAP_FACTORS,
                                             [CLASSMAP_REFINED_RATE] = CLASSMAP_FACTORS,
                                             [CLASSMAP_HALVES_COSINE] = 1,
                                             [CLASSMAP_MAP] = c->pixels,
                                             [CLASSMAP_REFINED] = c->pixels,
                                             [CLASSMAP_ITERATE] = c->n_steps * c->pixels,
                                             [CLASSMAP_STEP_LOGIT] = c->n_steps,
                                             [CLASSMAP_STEP_RATE] = c->n_steps,
                                             [CLASSMAP_IMAGE_RATE] = CLASSMAP_FACTORS,
                                             [CLASSMAP_REFINED_IMAGE_RATE] = CLASSMAP_FACTORS};
  return count[k];
}

static int variables(const struct classmap *c)
{
  return c->images ? CLASSMAP_VARIABLES : CLASSMAP_ALWAYS;
}

err classmap_rows_make(const struct classmap *c, struct classmap_rows *r)
{
  bool all = true;
  r->c = c;
  for (int k = 0; k < variables(c); k++) {
    r->row[k] = calloc((size_t)row_count(c, k), sizeof *r->row[k]);
    all = all && r->row[k];
  }
  r->state = calloc((size_t)class_map_planes(&c->set) * (size_t)c->pixels, sizeof *r->state);
  CHECK(all && r->state, ERR_MEMORY, "no memory for a map of %lld numbers and %d kept steps",
        (long long)c->pixels, c->n_steps);
  return ERR_OK;
}

void classmap_rows_free(struct classmap_rows *r)
{
  for (int k = 0; k < CLASSMAP_VARIABLES; k++) free(r->row[k]);
  free(r->state);
}

err classmap_rows_find(struct classmap_rows *r, struct store *s)
{
  for (int k = 0; k < variables(r->c); k++) TRY(store_find(s, paths[k], &r->var[k]));
  TRY(classmap_slots_find(s, &r->slots));
  return ERR_OK;
}

void classmap_rows_clear(struct classmap_rows *r)
{
  for (int k = 0; k < variables(r->c); k++)
    memset(r->row[k], 0, (size_t)row_count(r->c, k) * sizeof *r->row[k]);
}

err classmap_rows_read(struct classmap_rows *r, struct store *s, int64_t row, int64_t *iteration)
{
  static const int curves[] = {CLASSMAP_ITERATE, CLASSMAP_STEP_LOGIT, CLASSMAP_STEP_RATE};
  struct classmap_slots slots;
  TRY(classmap_slots_find(s, &slots));
  TRY(classmap_slots_read(s, &slots, row, r->state, iteration, &r->next));
  for (int k = 0; *iteration && k < 3; k++) {
    int var = 0, n_dims = 0;
    int64_t first[STORE_MAX_DIMS] = {row}, count[STORE_MAX_DIMS];
    TRY(store_find(s, paths[curves[k]], &var));
    store_extent(s, var, &n_dims, count);
    count[0] = 1;
    if (count[1] > r->c->n_steps) count[1] = r->c->n_steps;
    TRY(store_read_box(s, var, first, count, r->row[curves[k]]));
  }
  return ERR_OK;
}

err classmap_rows_commit(struct classmap_rows *r, struct store *s, int64_t row,
                         const struct class_map *map)
{
  TRY(store_write(s, r->var[CLASSMAP_ITERATE], row, 1, r->row[CLASSMAP_ITERATE]));
  TRY(store_write(s, r->var[CLASSMAP_STEP_LOGIT], row, 1, r->row[CLASSMAP_STEP_LOGIT]));
  TRY(store_write(s, r->var[CLASSMAP_STEP_RATE], row, 1, r->row[CLASSMAP_STEP_RATE]));
  TRY(classmap_slots_write(s, &r->slots, row, r->next, class_map_state(map),
                           class_map_iteration(map)));
  r->next = 1 - r->next;
  r->committed = progress_clock();
  return ERR_OK;
}

err classmap_rows_write(struct classmap_rows *r, struct store *s, int64_t row,
                        const struct class_map *map)
{
  TRY(classmap_rows_commit(r, s, row, map));
  TRY(classmap_rows_commit(r, s, row, map));
  for (int k = 0; k < variables(r->c); k++) TRY(store_write(s, r->var[k], row, 1, r->row[k]));
  return ERR_OK;
}
