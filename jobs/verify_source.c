/** @file
 *  Checks of what a study was computed from. */
#include "core/shape.h"
#include "io/dataset.h"
#include "jobs/pictures.h"
#include "jobs/setup.h"
#include "jobs/verify.h"
#include "jobs/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** The path that was given, or else the recorded one; new.  *missing: it is the recorded one, and
 *  nothing lies there. */
static err find_path(struct verify *c, const char *name, char **path, bool *missing)
{
  const char *given = options_text(c->options, name);

  *missing = false;
  if (given) {
    *path = strdup(given);
    CHECK(*path, ERR_MEMORY, "no memory for a file name");
    return ERR_OK;
  }
  TRY(view_text(c->view, name, path));
  char *colon = strrchr(*path, ':');
  *missing = access(*path, F_OK) != 0;
  if (!*missing || !colon) return ERR_OK;
  *colon = 0; /* FILE.h5:DATASET */
  *missing = access(*path, F_OK) != 0;
  *colon = ':';
  return ERR_OK;
}

/** Compare a checksum with the one in the file. */
static err compare(struct verify *c, const char *what, const char *path, const char *sum)
{
  char *recorded = NULL, name[32];

  (void)snprintf(name, sizeof name, "%s_sha256", what);
  TRY(view_text(c->view, name, &recorded));
  if (strcmp(recorded, sum) != 0) {
    verify_problem(c, "%s is not the one of the study: SHA-256 is %.12s..., recorded is %.12s...",
                   path, sum, recorded);
  }
  free(recorded);
  return ERR_OK;
}

/** Each file of external data; those that differ or are missing are problems by name. */
static err check_weights(struct verify *c, const char *model)
{
  char *text = NULL, *rest = NULL, sum[65];
  err e = ERR_OK;

  TRY(view_text(c->view, "weights_sha256", &text));
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    char *file = NULL;
    if (strlen(line) < WEIGHTS_NAME_AT) continue;
    e = weights_path(model, line + WEIGHTS_NAME_AT, &file);
    if (e) break;
    if (dataset_file_sha256(file, sum)) {
      verify_problem(c, "external data of the model: %.300s", err_message());
    } else if (strncmp(line, sum, 64) != 0) {
      verify_problem(
          c,
          "external data %s are not those of the study: SHA-256 is %.12s..., recorded is "
          "%.12s...",
          file, sum, line);
    }
    free(file);
  }
  free(text);
  return e;
}

static err sum_model(struct verify *c, const char *path)
{
  char sum[65];

  TRY(dataset_file_sha256(path, sum));
  TRY(compare(c, "model", path, sum));
  return check_weights(c, path);
}

err verify_model(struct verify *c)
{
  char *path = NULL;
  bool missing = false;

  TRY(find_path(c, "model", &path, &missing));
  if (missing) verify_skip(c, "not checked: %s is not there; --model says where it is", path);
  const err e = missing ? ERR_OK : sum_model(c, path);
  free(path);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}

/** A recipe that knows the classes by which the data set names its labels. */
static err make_recipe(struct verify *c, const char *model, struct recipe *r)
{
  const struct view *v = c->view;
  const char *classes = options_text(c->options, "classes");
  char beside[4096];
  struct shape input = {4, {1, 3, 1, 1}};
  const char *json =
      setup_recipe_path(model, options_text(c->options, "recipe"), beside, sizeof beside);

  TRY(pictures_recipe(c->view, r));
  input.dim[1] = r->channels;
  input.dim[2] = r->height;
  input.dim[3] = r->width;
  if (json) {
    struct recipe with = {0};
    TRY((r->view.mosaic ? recipe_read_large : recipe_read)(json, &input, v->n_classes, &with));
    with.view = r->view; /* as the study recorded it */
    r->view = (struct recipe_view){0};
    recipe_free(r);
    *r = with;
  } else {
    TRY(view_give_classes(v, r));
  }
  if (classes) TRY(recipe_set(r, "classes", classes));
  return ERR_OK;
}

static err sum_data(struct verify *c, const char *path)
{
  char *model = NULL;
  struct recipe r = {0};
  struct dataset *d = NULL;
  bool missing = false;

  TRY(find_path(c, "model", &model, &missing));
  err e = make_recipe(c, model, &r);
  if (!e) e = dataset_open(path, &r, pictures_limit(c->view), &d);
  if (!e) e = compare(c, "data", path, dataset_sha256(d));
  dataset_close(&d);
  recipe_free(&r);
  free(model);
  return e;
}

err verify_data(struct verify *c)
{
  char *path = NULL;
  bool missing = false;

  TRY(find_path(c, "data", &path, &missing));
  if (missing) verify_skip(c, "not checked: %s is not there; --data says where it is", path);
  const err e = missing ? ERR_OK : sum_data(c, path);
  free(path);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
