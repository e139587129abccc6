/** @file
 *  NeuronInspect. */
#include "core/neuron_inspect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double weight = 1e-5; /* of the sparse and the smooth feature; the third has 1 */

struct inspect {
  double *saliency, *sorted; /* [plane] */
  uint8_t *odd;              /* [plane] */
  double *sparse, *smooth;   /* [images] */
};

void inspect_free(struct inspect **inspect)
{
  struct inspect *r = *inspect;
  if (!r) return;
  free(r->saliency);
  free(r->sorted);
  free(r->odd);
  free(r->sparse);
  free(r->smooth);
  free(r);
  *inspect = NULL;
}

err inspect_make(const struct scan_lab *l, int images, struct inspect **out)
{
  struct inspect *r = calloc(1, sizeof *r);
  if (r) {
    r->saliency = calloc((size_t)l->plane, sizeof(double));
    r->sorted = calloc((size_t)l->plane, sizeof(double));
    r->odd = calloc((size_t)l->plane, 1);
    r->sparse = calloc((size_t)images + 1, sizeof(double));
    r->smooth = calloc((size_t)images + 1, sizeof(double));
  }
  if (r && r->saliency && r->sorted && r->odd && r->sparse && r->smooth) {
    *out = r;
    return ERR_OK;
  }
  inspect_free(&r);
  return FAIL(ERR_MEMORY, "no memory for saliency maps");
}

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/** Median of x [n], which is sorted. */
static double median(double *x, int64_t n)
{
  qsort(x, (size_t)n, sizeof *x, ascending);
  return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/** |laplacian * s|_1 with zeros beyond the edges. */
static double roughness(const struct scan_lab *l, const double *s)
{
  double sum = 0.0;
  for (int i = 0; i < l->height; i++) {
    for (int j = 0; j < l->width; j++) {
      const double *at = s + (int64_t)i * l->width + j;
      const double around = (i > 0 ? at[-l->width] : 0.0) +
                            (i + 1 < l->height ? at[l->width] : 0.0) + (j > 0 ? at[-1] : 0.0) +
                            (j + 1 < l->width ? at[1] : 0.0);
      sum += fabs(around - 4.0 * *at);
    }
  }
  return sum;
}

/** What one image's gradient adds. */
static void look(struct inspect *r, const struct scan_lab *l, const real *g, int i)
{
  double *s = r->saliency;
  memset(s, 0, (size_t)l->plane * sizeof *s);
  for (int64_t u = 0; u < l->pixels; u++) s[u % l->plane] += fabs((double)g[u]);
  r->sparse[i] = 0.0;
  for (int64_t u = 0; u < l->plane; u++) r->sparse[i] += s[u];
  r->smooth[i] = roughness(l, s);
  memcpy(r->sorted, s, (size_t)l->plane * sizeof *s);
  const double middle = median(r->sorted, l->plane);
  for (int64_t u = 0; u < l->plane; u++) r->odd[u] ^= s[u] > middle;
}

double inspect_run(struct inspect *r, struct scan_lab *l, const real *images, int n, int target)
{
  const struct class_loss *logit = class_loss_find("logit");
  double persistent = 0.0;
  memset(r->odd, 0, (size_t)l->plane);
  for (int i = 0; i < n; i += l->batch) {
    const int m = n - i < l->batch ? n - i : l->batch;
    (void)class_engine_forward(l->engine, m, images + i * l->pixels);
    for (int b = 0; b < m; b++) l->targets[b] = target;
    const real *g = class_engine_backward(l->engine, logit, l->targets, NULL);
    for (int b = 0; b < m; b++) look(r, l, g + b * l->pixels, i + b);
  }
  for (int64_t u = 0; u < l->plane; u++) persistent += r->odd[u];
  return weight * median(r->sparse, n) + weight * median(r->smooth, n) + persistent;
}
