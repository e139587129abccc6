/** @file
 *  Deciding. */
#include "jobs/scan_verdict.h"

#include "core/scan_decide.h"
#include "pipeline/comm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void scan_verdict_free(struct scan_verdict **verdict)
{
  struct scan_verdict *v = *verdict;
  if (!v) return;
  free(v->log_gain);
  free(v->spread);
  free(v->lead);
  free(v->score);
  free(v->p);
  free(v->reach);
  free(v->test);
  free(v->cleanse);
  free(v->inspect);
  free(v->gain);
  free(v->work);
  free(v);
  *verdict = NULL;
}

static double *numbers(int64_t n)
{
  double *x = malloc((size_t)n * sizeof *x);
  for (int64_t i = 0; x && i < n; i++) x[i] = (double)NAN;
  return x;
}

static err allocate(const struct scan_job *j, struct scan_verdict *v)
{
  const int64_t k = j->classes, cells = k * SCAN_TESTS;
  v->classes = j->classes;
  v->log_gain = numbers(cells);
  v->spread = numbers(cells);
  v->lead = numbers(cells);
  v->score = numbers(k);
  v->p = numbers(k);
  v->reach = numbers(k);
  v->cleanse = numbers(k);
  v->inspect = numbers(k);
  v->gain = numbers(j->rows * SCAN_TESTS);
  v->work = numbers(cells);
  v->test = malloc((size_t)k * sizeof *v->test);
  CHECK(v->log_gain && v->spread && v->lead && v->score && v->p && v->reach && v->cleanse &&
            v->inspect && v->gain && v->work && v->test,
        ERR_MEMORY, "no memory for %d classes", j->classes);
  for (int c = 0; c < v->classes; c++) v->test[c] = -1;
  v->best_row = v->window[0] = v->window[1] = v->window[2] = -1;
  for (int q = 0; q < SCAN_VERDICTS; q++) v->value[q] = (double)NAN;
  return ERR_OK;
}

/** Where the rows of a class are: fine rows of all parts; n 0 where it was dropped. */
struct rows_of_class {
  int64_t first;
  int n;
};

static struct rows_of_class find(const struct scan_job *j, const int32_t *class_, int c)
{
  if (!j->scores[SCAN_FINE])
    return (struct rows_of_class){j->scores[SCAN_COARSE] ? c : 0, j->scores[SCAN_COARSE]};
  for (int64_t i = scan_first(j, SCAN_FINE); i < scan_end(j, SCAN_FINE); i += j->parts)
    if (class_[i] == c) return (struct rows_of_class){i, j->parts};
  return (struct rows_of_class){0, 0};
}

/** The largest logarithm of a gain over the parts: a search can fail to find a trigger, but what it found was
 *  measured on images that it did not see.  And the deviation over parts. */
static void gather(struct scan_verdict *v, struct rows_of_class r, int c, int test)
{
  double sum = 0.0, squares = 0.0, most = (double)NAN;
  int n = 0;
  for (int i = 0; i < r.n; i++) {
    const double x = scan_log_gain(v->gain[(r.first + i) * SCAN_TESTS + test]);
    if (isnan(x)) continue;
    sum += x;
    squares += x * x;
    n++;
    if (!(x <= most)) most = x;
  }
  const double rest = n ? squares - sum * sum / n : 0.0;
  v->log_gain[c * SCAN_TESTS + test] = most;
  if (n > 1) v->spread[c * SCAN_TESTS + test] = sqrt(rest > 0.0 ? rest / (n - 1) : 0.0);
}

/** Leads, scores and p of all classes, from log_gain; a class that was dropped takes part in the comparison with
 *  its coarse gain. */
static void lead(const struct scan_job *j, struct scan_verdict *v)
{
  for (int t = 0; t < SCAN_TESTS; t++) {
    for (int c = 0; c < v->classes; c++) {
      const double fine = v->log_gain[c * SCAN_TESTS + t];
      const bool dropped = isnan(fine) && j->scores[SCAN_COARSE];
      v->work[c] = dropped ? scan_log_gain(v->gain[(int64_t)c * SCAN_TESTS + t]) : fine;
    }
    for (int c = 0; c < v->classes; c++) {
      if (isnan(v->log_gain[c * SCAN_TESTS + t])) continue;
      v->lead[c * SCAN_TESTS + t] = scan_lead(v->work, v->classes, c);
    }
  }
  for (int c = 0; c < v->classes; c++) {
    v->score[c] = scan_score(v->lead + (int64_t)c * SCAN_TESTS, &v->test[c]);
    v->p[c] = isnan(v->score[c]) ? (double)NAN : scan_p(v->score[c]);
  }
}

static int largest(const double *x, int n)
{
  int best = -1;
  for (int i = 0; i < n; i++)
    if (isfinite(x[i]) && (best < 0 || x[i] > x[best])) best = i;
  return best;
}

/** Where the suspected class's best pattern was found, and what it does. */
static err look_at_target(struct scan_verdict *v, struct store *f, struct rows_of_class r,
                          int target)
{
  const int t = v->test[target];
  double rate[SCAN_TESTS], clean[SCAN_TESTS];
  int32_t window[SCAN_TESTS][3];
  int var = 0;
  v->best_row = r.first;
  for (int64_t i = r.first; i < r.first + r.n; i++)
    if (!(v->gain[i * SCAN_TESTS + t] <= v->gain[v->best_row * SCAN_TESTS + t])) v->best_row = i;
  TRY(store_find(f, "samples/rate", &var));
  TRY(store_read(f, var, v->best_row, 1, rate));
  TRY(store_find(f, "samples/clean_rate", &var));
  TRY(store_read(f, var, v->best_row, 1, clean));
  TRY(store_find(f, "samples/window", &var));
  TRY(store_read(f, var, v->best_row, 1, window));
  v->value[VERDICT_RATE] = rate[t];
  v->value[VERDICT_CLEAN_RATE] = clean[t];
  for (int k = 0; k < 3; k++) v->window[k] = window[t][k];
  return ERR_OK;
}

static void conclude(struct scan_verdict *v, int target)
{
  int at = -1;
  v->value[VERDICT_TARGET] = target;
  v->value[VERDICT_SCORE] = target < 0 ? (double)NAN : v->score[target];
  v->value[VERDICT_P] = scan_p(v->value[VERDICT_SCORE]);
  v->value[VERDICT_COUNTED] = scan_p_counted(v->value[VERDICT_SCORE]);
  v->value[VERDICT_PROBABILITY] = scan_probability(v->value[VERDICT_SCORE]);
  if (target >= 0) {
    const int t = v->test[target];
    v->value[VERDICT_SPREAD] = v->spread[target * SCAN_TESTS + t];
  }
  v->value[VERDICT_CLEANSE_INDEX] = scan_anomaly_index(v->cleanse, v->classes, v->work, &at);
  v->value[VERDICT_CLEANSE_TARGET] = at;
  v->value[VERDICT_INSPECT_INDEX] = scan_anomaly_index(v->inspect, v->classes, v->work, &at);
  v->value[VERDICT_INSPECT_TARGET] = at;
}

/** The classic index over the coarse gains of all classes: the largest gain is the smallest effort. */
static void index_gains(const struct scan_job *j, struct scan_verdict *v)
{
  double best = (double)NAN, *x = v->work, *more = v->work + v->classes;
  for (int t = 0; t < SCAN_TESTS && j->scores[SCAN_COARSE]; t++) {
    int at = -1;
    for (int c = 0; c < v->classes; c++)
      x[c] = -scan_log_gain(v->gain[(int64_t)c * SCAN_TESTS + t]);
    const double index = scan_anomaly_index(x, v->classes, more, &at);
    if (!(index <= best) && !isnan(index)) best = index;
  }
  v->value[VERDICT_INDEX] = best;
}

static void take_reach(const struct scan_job *j, const struct scan_pool *pool,
                       struct scan_verdict *v)
{
  int there = 0;
  for (int c = 0; c < v->classes; c++) {
    double sum = 0.0;
    int n = 0;
    for (int i = 0; i < pool->n; i++) {
      if (pool->classes[i] != c) continue;
      sum += pool->margins[i];
      n++;
    }
    if (n) v->reach[c] = sum / n;
  }
  for (int i = 0; i < pool->n; i++) there += pool->margins[i] >= j->pool.margin;
  v->value[VERDICT_REACHED] = (double)there / pool->n;
}

static err read_rows(const struct scan_job *j, struct scan_verdict *v, struct store *f,
                     int32_t *class_)
{
  int var = 0;
  TRY(store_find(f, "samples/class", &var));
  TRY(store_read(f, var, 0, j->rows, class_));
  TRY(store_find(f, "samples/gain", &var));
  TRY(store_read(f, var, 0, j->rows, v->gain));
  TRY(store_find(f, "samples/baseline", &var));
  if (j->scores[SCAN_CLEANSE])
    TRY(store_read(f, var, scan_first(j, SCAN_CLEANSE), j->classes, v->cleanse));
  if (j->scores[SCAN_INSPECT])
    TRY(store_read(f, var, scan_first(j, SCAN_INSPECT), j->classes, v->inspect));
  return ERR_OK;
}

static err decide(const struct scan_job *j, const struct scan_pool *pool, struct scan_verdict *v,
                  struct store *f, int32_t *class_)
{
  TRY(read_rows(j, v, f, class_));
  for (int c = 0; c < v->classes; c++)
    for (int t = 0; t < SCAN_TESTS; t++) gather(v, find(j, class_, c), c, t);
  lead(j, v);
  const int target = largest(v->score, v->classes);
  conclude(v, target);
  index_gains(j, v);
  take_reach(j, pool, v);
  if (target >= 0) TRY(look_at_target(v, f, find(j, class_, target), target));
  return ERR_OK;
}

err scan_verdict_make(const struct scan_job *j, const struct scan_pool *pool, const char *path,
                      struct scan_verdict **out)
{
  struct store *f = NULL;
  err e = ERR_OK;
  struct scan_verdict *v = calloc(1, sizeof *v);
  int32_t *class_ = malloc((size_t)j->rows * sizeof *class_);
  TRY_DONE(v && class_ ? ERR_OK : FAIL(ERR_MEMORY, "no memory for a verdict"));
  TRY_DONE(allocate(j, v));
  TRY_DONE(store_open_read(path, &f));
  TRY_DONE(decide(j, pool, v, f, class_));
  *out = v;
  v = NULL;
done:
  store_close(&f);
  scan_verdict_free(&v);
  free(class_);
  return e;
}

static err put(struct store *f, const char *name, int64_t rows, const void *from)
{
  int var = 0;
  TRY(store_find(f, name, &var));
  return store_write(f, var, 0, rows, from);
}

static err write_all(const struct scan_verdict *v, struct store *f)
{
  TRY(put(f, "classes/log_gain", v->classes, v->log_gain));
  TRY(put(f, "classes/spread", v->classes, v->spread));
  TRY(put(f, "classes/score", v->classes, v->score));
  TRY(put(f, "classes/p_value", v->classes, v->p));
  TRY(put(f, "classes/reach", v->classes, v->reach));
  TRY(put(f, "classes/neural_cleanse", v->classes, v->cleanse));
  TRY(put(f, "classes/neuron_inspect", v->classes, v->inspect));
  TRY(put(f, "verdict/value", SCAN_VERDICTS, v->value));
  return store_sync(f);
}

err scan_verdict_write(const struct scan_verdict *v, const char *path)
{
  struct store *f = NULL;
  TRY(comm_agree(store_open(path, comm_world(), &f)));
  const err e = comm_agree(comm_rank() == 0 ? write_all(v, f) : ERR_OK);
  store_close(&f);
  if (e) return err_trace(e, __FILE__, __LINE__);
  return ERR_OK;
}
