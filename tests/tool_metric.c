/** @file
 *  For tests: similarities, metrics and intervals of numbers in files, as lines on standard input say;
 *  each line is answered by one line of numbers.
 *
 *      similarity  NAME  A.f4  B.f4  height  width
 *      hog         A.f4  height  width
 *      metric      NAME  map.f4 h w  image.f4|- h w  object.u1|- tolerance  input.f4|- h w  other|- energy|-
 *      value       NAME  s_0 s_1 ... s_n
 *      smooth      A.f4  height  width  sigma
 *      means       V.f8  rows  columns  seed  resamples  level  [G.i4  groups]
 *      medians     V.f8  rows  columns  seed  resamples  level */
#include "core/bootstrap.h"
#include "core/metric.h"
#include "core/similarity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 64 };

static int number(const char *text)
{
  return (int)strtol(text, NULL, 10);
}

static void *bytes(const char *path, size_t n)
{
  void *out = malloc(n + 1);
  FILE *f = fopen(path, "rb");
  if (!f || !out || fread(out, 1, n, f) != n) {
    (void)fprintf(stderr, "cannot read %zu bytes of %s\n", n, path);
    exit(1);
  }
  (void)fclose(f);
  return out;
}

/** An array, or NULL for "-". */
static void *perhaps(const char *path, int height, int width, size_t size)
{
  return strcmp(path, "-") ? bytes(path, (size_t)height * (size_t)width * size) : NULL;
}

static void metric(char *const *w)
{
  const int h = number(w[3]), x = number(w[4]), ih = number(w[6]), iw = number(w[7]);
  const int nh = number(w[11]), nw = number(w[12]);
  float *map = perhaps(w[2], h, x, 4), *image = perhaps(w[5], ih, iw, 4);
  float *input = perhaps(w[10], nh, nw, 4), *other = perhaps(w[13], nh, nw, 4);
  float *energy = perhaps(w[14], h, x, 4);
  uint8_t *object = perhaps(w[8], ih, iw, 1);
  const struct metric_map m = {h,     x,      map,          image ? ih : 0, image ? iw : 0, image,
                               image, object, number(w[9]), input ? nh : 0, input ? nw : 0, input,
                               other, energy};
  const struct metric *k = metric_find(w[1]);
  if (!k || !k->run) exit(1);
  double *work = malloc((metric_work_doubles(k, &m) + 1) * sizeof *work);
  if (!work) exit(1);
  (void)printf("%.17g\n", metric_of(k, &m, work));
  free(work);
  free(map);
  free(image);
  free(input);
  free(other);
  free(energy);
  free(object);
}

static void value(char *const *w, int n)
{
  double score[MAX_WORDS];
  const struct metric *k = metric_find(w[1]);
  if (!k || !k->value) exit(1);
  for (int i = 2; i < n; i++) score[i - 2] = strtod(w[i], NULL);
  (void)printf("%.17g\n", k->value(score, n - 3));
}

static void smooth(char *const *w)
{
  const int h = number(w[2]), x = number(w[3]);
  const double sigma = strtod(w[4], NULL);
  float *map = perhaps(w[1], h, x, 4);
  double *work = malloc(metric_smooth_work(h, x, sigma) * sizeof *work);
  if (!map || !work) exit(1);
  metric_smooth(map, h, x, sigma, work);
  for (int i = 0; i < h * x; i++) (void)printf("%.9g ", (double)map[i]);
  (void)printf("\n");
  free(work);
  free(map);
}

static void similarity(char *const *word)
{
  const int height = number(word[4]), width = number(word[5]);
  const size_t n = (size_t)height * (size_t)width * sizeof(float);
  const struct similarity *s = similarity_find(word[1]);
  float *a = bytes(word[2], n), *b = bytes(word[3], n);
  if (!s) exit(1);
  double *work = malloc((s->work_doubles(height, width) + 1) * sizeof *work);
  if (!work) exit(1);
  (void)printf("%.17g\n", similarity_of(s, a, b, height, width, work));
  free(work);
  free(a);
  free(b);
}

static void hog(char *const *word)
{
  const int height = number(word[2]), width = number(word[3]);
  const int64_t n = similarity_hog_length(height, width);
  float *a = bytes(word[1], (size_t)height * (size_t)width * sizeof *a);
  double *feature = malloc(((size_t)n + 1) * sizeof *feature);
  double *work = malloc((similarity_hog_work(height, width) + 1) * sizeof *work);
  if (!feature || !work) exit(1);
  similarity_hog_of(a, height, width, feature, work);
  for (int64_t i = 0; i < n; i++) (void)printf("%.17g ", feature[i]);
  (void)printf("\n");
  free(work);
  free(feature);
  free(a);
}

static void intervals(char *const *word, int n)
{
  const int rows = number(word[2]), columns = number(word[3]);
  const struct bootstrap how = {.seed = (uint64_t)strtoull(word[4], NULL, 10),
                                .resamples = number(word[5]),
                                .level = strtod(word[6], NULL)};
  double *v = bytes(word[1], (size_t)rows * (size_t)columns * sizeof *v);
  int *group = n > 8 ? bytes(word[7], (size_t)rows * sizeof *group) : NULL;
  struct interval *out = malloc((size_t)columns * sizeof *out);
  if (!out) exit(1);
  const err e = !strcmp(word[0], "medians") ? bootstrap_medians(&how, v, rows, columns, out)
                                            : bootstrap_means(&how, v, rows, columns, group,
                                                              n > 8 ? number(word[8]) : 1, out);
  if (e) exit(1);
  for (int c = 0; c < columns; c++) {
    (void)printf("%.17g %.17g %.17g %lld ", out[c].value, out[c].low, out[c].high,
                 (long long)out[c].n);
  }
  (void)printf("\n");
  free(out);
  free(group);
  free(v);
}

int main(void)
{
  char line[4096], *word[MAX_WORDS];
  while (fgets(line, sizeof line, stdin)) {
    int n = 0;
    char *rest = NULL;
    line[strcspn(line, "\n")] = 0;
    for (char *at = strtok_r(line, "\t", &rest); at && n < MAX_WORDS;
         at = strtok_r(NULL, "\t", &rest))
      word[n++] = at;
    if (n == 6 && !strcmp(word[0], "similarity")) {
      similarity(word);
    } else if (n == 4 && !strcmp(word[0], "hog")) {
      hog(word);
    } else if (n == 15 && !strcmp(word[0], "metric")) {
      metric(word);
    } else if (n >= 4 && !strcmp(word[0], "value")) {
      value(word, n);
    } else if (n == 5 && !strcmp(word[0], "smooth")) {
      smooth(word);
    } else if (n >= 7) {
      intervals(word, n);
    } else {
      return 1;
    }
  }
  return 0;
}
