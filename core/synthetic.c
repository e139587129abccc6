/** @file
 *  The table of distributions, made from synthetic_list.h, and what they share. */
#include "core/synthetic.h"

#include "core/blur.h"
#include "core/nearest.h"
#include "core/random.h"

#include <stdio.h>
#include <string.h>

#define SYNTHETIC(name) extern const struct synthetic synthetic_##name;
#include "core/synthetic_list.h"
#undef SYNTHETIC

const struct synthetic *const synthetic_all[] = {
#define SYNTHETIC(name) &synthetic_##name,
#include "core/synthetic_list.h"
#undef SYNTHETIC
    NULL,
};

const struct synthetic *synthetic_find(const char *name)
{
  for (const struct synthetic *const *d = synthetic_all; *d; d++)
    if (!strcmp((*d)->name, name)) return *d;
  return NULL;
}

static err unknown(const char *name)
{
  enum { NAMES = 32 };
  const char *names[NAMES];
  char near[256];
  int n = 0;
  for (; synthetic_all[n] && n < NAMES; n++) names[n] = synthetic_all[n]->name;
  return FAIL(ERR_USAGE, "there is no distribution '%s'%s", name,
              nearest_text(name, names, n, near, sizeof near));
}

err synthetic_parse(const char *text, struct synthetic_use *out)
{
  char name[USE_TEXT];
  (void)snprintf(name, sizeof name, "%.*s", use_name_length(text), text);
  struct synthetic_use u = {.synthetic = synthetic_find(name)};
  if (!u.synthetic) return unknown(name);
  TRY(use_parse(text, "distribution", u.synthetic->params, &u.with));
  *out = u;
  return ERR_OK;
}

int64_t synthetic_work_bytes(int height, int width)
{
  return blur_work_bytes(height, width) + (int64_t)sizeof(double) * height * width +
         3 * (int64_t)sizeof(real) * height * width;
}

void synthetic_make(const struct synthetic_use *u, struct synthetic_site s, real *pixels)
{
  s.with = &u->with;
  u->synthetic->make(&s, pixels);
}

void synthetic_uniforms(const struct synthetic_site *s, int stream, int channel, int64_t n,
                        double *u)
{
  const struct random_place at = {.seed = s->seed,
                                  .stream = (uint32_t)(stream + RANDOM_STREAMS * channel),
                                  .copy = s->class,
                                  .sample = s->sample};
  random_uniform(&at, n, u);
}

void synthetic_normals(const struct synthetic_site *s, int stream, int channel, int64_t n,
                       double *z)
{
  synthetic_uniforms(s, stream, channel, n, z);
  for (int64_t i = 0; i < n; i++) z[i] = random_normal(z[i]);
}

void synthetic_normal_about(const struct synthetic_site *s, double mean, double deviation,
                            real *pixels)
{
  const int64_t n = (int64_t)s->height * s->width;
  for (int c = 0; c < s->scale->channels; c++) {
    synthetic_normals(s, RANDOM_SYNTHETIC, c, n, s->work);
    for (int64_t i = 0; i < n; i++)
      pixels[c * n + i] = synthetic_clip(mean + deviation * s->work[i]);
  }
}
