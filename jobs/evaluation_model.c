/** @file
 *  The model behind a study, for metrics that ask it again. */
#include "core/product.h"
#include "core/tape.h"
#include "io/dataset.h"
#include "io/onnx.h"
#include "jobs/evaluation.h"
#include "jobs/perturb.h"
#include "jobs/pictures.h"
#include "jobs/verify.h"
#include "pipeline/comm.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct evaluation_model {
  struct view *view;
  struct recipe recipe;
  struct graph *graph;
  struct plan *plan;
  struct tape *tape;
  struct perturb *perturb;
  struct pictures *pictures;
  float *x;        /* [channels][pixels] of one image */
  float *unit;     /* [channels][unit][pixels] */
  float *recorded; /* [classes] */
};

void evaluation_model_close(struct evaluation_model **m)
{
  if (!*m) return;
  perturb_free(&(*m)->perturb);
  tape_free(&(*m)->tape);
  plan_free(&(*m)->plan);
  graph_free(&(*m)->graph);
  recipe_free(&(*m)->recipe);
  pictures_close(&(*m)->pictures);
  free((*m)->x);
  free((*m)->unit);
  free((*m)->recorded);
  free(*m);
  *m = NULL;
}

struct perturb *evaluation_model_perturb(struct evaluation_model *m)
{
  return m->perturb;
}

/** Model and data set are those of the study.  Rank 0 looks: files are large. */
static err check_sources(struct view *v, const struct options *o)
{
  struct verify c = {.view = v, .options = o};
  if (comm_rank() != 0) return ERR_OK;
  TRY(verify_model(&c));
  if (!c.problems && !c.note[0]) TRY(verify_data(&c));
  CHECK(!c.note[0], ERR_INPUT, "metrics that ask the model: %s", c.note);
  CHECK(!c.problems, ERR_MISMATCH, "%s", c.first);
  return ERR_OK;
}

static err check_kernels(struct view *v)
{
  char *recorded = NULL;
  TRY(view_text(v, "kernel_family", &recorded));
  const bool same = !strcmp(recorded, product_family());
  const err e = same
                    ? ERR_OK
                    : FAIL(ERR_MISMATCH,
                           "%s was made with the kernels %s, these are %s: choose with --blas-core",
                           v->path, recorded, product_family());
  free(recorded);
  return e;
}

/** What the configuration says of how the model was read and run. */
static err read_config(struct view *v, char **output, bool *plain)
{
  char *text = NULL;
  TRY(view_text(v, "config", &text));
  json_t *c = json_loads(text, 0, NULL);
  const char *name = json_string_value(json_object_get(c, "output"));
  *plain = json_is_false(json_object_get(c, "winograd"));
  *output = name ? strdup(name) : NULL;
  const bool read = c != NULL && (!name || *output);
  json_decref(c);
  free(text);
  CHECK(read, ERR_FORMAT, "%s does not say how its model was read", v->path);
  return ERR_OK;
}

static err read_graph(struct evaluation_model *m, const struct options *o, bool *plain)
{
  char *recorded = NULL, *output = NULL;
  err e = read_config(m->view, &output, plain);
  if (!e) e = view_text(m->view, "model", &recorded);
  const struct onnx_options how = {.height = m->recipe.height,
                                   .width = m->recipe.width,
                                   .output = output,
                                   .factor = m->recipe.view.factor,
                                   .offset = m->recipe.view.offset};
  const char *given = options_text(o, "model");
  if (!e) e = onnx_read(given ? given : recorded, &how, &m->graph);
  if (!e) e = graph_gather_weights(m->graph);
  free(recorded);
  free(output);
  return e;
}

/** A plan of forward passes alone, of units as large as the study's. */
static err make_tape(struct evaluation_model *m, int unit, bool plain)
{
  const struct plan_request request = {.graph = m->graph, .batch = unit, .plain = plain};
  TRY(plan_make(&request, &m->plan));
  return tape_make(m->plan, &m->tape);
}

static err open_model(struct evaluation_model *m, const struct evaluation *e,
                      const struct options *o)
{
  bool plain = false;
  TRY(check_sources(m->view, o));
  TRY(check_kernels(m->view));
  TRY(pictures_recipe(m->view, &m->recipe));
  m->recipe.n_classes = 0;
  TRY(read_graph(m, o, &plain));
  CHECK(m->graph->classes == m->view->n_classes, ERR_MISMATCH,
        "the model has %d classes, the study %d", m->graph->classes, m->view->n_classes);
  const int unit = (int)view_number(m->view, "unit", 1);
  TRY(make_tape(m, unit, plain));
  TRY(perturb_make(m->tape, m->plan, e->step, &m->perturb));
  TRY(pictures_open(m->view, options_text(o, "data"), &m->pictures));
  const size_t inputs =
      (size_t)m->recipe.channels * (size_t)m->recipe.height * (size_t)m->recipe.width;
  m->x = malloc(inputs * sizeof *m->x);
  m->unit = malloc(inputs * (size_t)unit * sizeof *m->unit);
  m->recorded = malloc((size_t)m->view->n_classes * sizeof *m->recorded);
  CHECK(m->x && m->unit && m->recorded, ERR_MEMORY, "no memory for images");
  return ERR_OK;
}

err evaluation_model_open(const struct evaluation *e, struct view *v, const struct options *o,
                          struct evaluation_model **out)
{
  *out = NULL;
  if (!evaluation_needs(e, METRIC_MODEL)) return ERR_OK;
  struct evaluation_model *m = calloc(1, sizeof *m);
  CHECK(m, ERR_MEMORY, "no memory for a model");
  m->view = v;
  const err x = open_model(m, e, o);
  if (x) {
    evaluation_model_close(&m);
    return err_trace(x, __FILE__, __LINE__);
  }
  *out = m;
  return ERR_OK;
}

/** The image of a sample into slot b of the unit. */
static err take_image(struct evaluation_model *m, int64_t sample, int b)
{
  const int64_t plane = (int64_t)m->recipe.height * m->recipe.width;
  TRY(pictures_input(m->pictures, m->view, sample, m->x));
  for (int64_t c = 0; c < m->recipe.channels; c++) {
    memcpy(m->unit + (c * m->plan->batch + b) * plane, m->x + c * plane,
           (size_t)plane * sizeof *m->x);
  }
  return ERR_OK;
}

/** The logits of a sample are the study's. */
static err check_logits(struct evaluation_model *m, int64_t sample, int b)
{
  const float *logits = perturb_logits(m->perturb) + b;
  double most = 0.0, error = 0.0;
  TRY(view_logits(m->view, sample, m->recorded));
  for (int c = 0; c < m->graph->classes; c++) {
    most = fmax(most, fabs((double)m->recorded[c]));
    error = fmax(error, fabs((double)logits[(int64_t)c * m->plan->batch] - (double)m->recorded[c]));
  }
  CHECK(error <= 1e-3 * most, ERR_MISMATCH,
        "%s: its logits differ by %.2g from those of the study: the image or the model is another",
        m->view->sample[sample], error);
  return ERR_OK;
}

err evaluation_model_unit(struct evaluation_model *m, const struct evaluation *e,
                          const struct study_unit *unit)
{
  const uint8_t *status = m->view->status + unit->first;
  memset(m->unit, 0, (size_t)plan_elements(m->plan, m->graph->input) * sizeof *m->unit);
  for (int b = 0; b < unit->count; b++)
    if (status[b] == SAMPLE_DONE) TRY(take_image(m, unit->first + b, b));
  comm_leave();
  perturb_unit(m->perturb, m->unit, evaluation_blurs(e));
  comm_enter();
  for (int b = 0; b < unit->count; b++)
    if (status[b] == SAMPLE_DONE) TRY(check_logits(m, unit->first + b, b));
  return ERR_OK;
}

int64_t evaluation_model_passes(const struct evaluation_model *m)
{
  int64_t forward = 0, backward = 0;
  tape_passes(m->tape, &forward, &backward);
  return forward;
}
