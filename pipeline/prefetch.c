/** @file
 *  The decoding thread and its buffer. */
#include "pipeline/prefetch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prefetch {
  const struct dataset *data;
  const struct recipe *recipe;
  int batch;
  float *input; /* [C][batch][H * W] */
  struct prefetch_slot *slots;
  int64_t first;
  int count;
  bool threaded, wanted, ready, quit;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
};

static int64_t plane(const struct recipe *r)
{
  return (int64_t)r->height * r->width;
}

static int64_t input_floats(const struct recipe *r, int batch)
{
  return plane(r) * batch * r->channels;
}

/** Load every sample of the unit; a bad one leaves zeros and its reason. */
static void load(struct prefetch *p)
{
  const int64_t stride = plane(p->recipe) * p->batch;
  memset(p->input, 0, (size_t)input_floats(p->recipe, p->batch) * sizeof *p->input);
  memset(p->slots, 0, (size_t)p->batch * sizeof *p->slots);
  for (int b = 0; b < p->count; b++) {
    struct prefetch_slot *s = &p->slots[b];
    s->status = dataset_load(p->data, p->first + b, p->recipe, stride,
                             p->input + b * plane(p->recipe), s->size);
    if (s->status != SAMPLE_DONE) (void)snprintf(s->reason, sizeof s->reason, "%s", err_message());
  }
}

static void *decode(void *self)
{
  struct prefetch *p = self;
  (void)pthread_mutex_lock(&p->lock);
  for (;;) {
    while (!p->wanted && !p->quit) (void)pthread_cond_wait(&p->changed, &p->lock);
    if (p->quit) break;
    p->wanted = false;
    (void)pthread_mutex_unlock(&p->lock);
    load(p);
    (void)pthread_mutex_lock(&p->lock);
    p->ready = true;
    (void)pthread_cond_broadcast(&p->changed);
  }
  (void)pthread_mutex_unlock(&p->lock);
  return NULL;
}

static err start_thread(struct prefetch *p)
{
  if (dataset_main_thread(p->data)) return ERR_OK;
  CHECK(!pthread_create(&p->thread, NULL, decode, p), ERR_MEMORY,
        "cannot start the decoding thread");
  (void)pthread_setname_np(p->thread, "decoding");
  p->threaded = true;
  return ERR_OK;
}

err prefetch_make(const struct dataset *d, const struct recipe *r, int batch, struct prefetch **out)
{
  struct prefetch *p = calloc(1, sizeof *p);
  CHECK(p, ERR_MEMORY, "no memory for decoding");
  p->data = d;
  p->recipe = r;
  p->batch = batch;
  (void)pthread_mutex_init(&p->lock, NULL);
  (void)pthread_cond_init(&p->changed, NULL);
  p->input = malloc((size_t)input_floats(r, batch) * sizeof *p->input);
  p->slots = calloc((size_t)batch, sizeof *p->slots);
  err e = ERR_OK;
  CHECK_DONE(p->input && p->slots, ERR_MEMORY, "no memory for %d images of %d x %d", batch,
             r->height, r->width);
  TRY_DONE(start_thread(p));
  *out = p;
  p = NULL;

done:
  prefetch_free(&p);
  return e;
}

void prefetch_free(struct prefetch **prefetch)
{
  struct prefetch *p = *prefetch;
  if (!p) return;
  if (p->threaded) {
    (void)pthread_mutex_lock(&p->lock);
    p->quit = true;
    (void)pthread_cond_broadcast(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
    (void)pthread_join(p->thread, NULL);
  }
  (void)pthread_cond_destroy(&p->changed);
  (void)pthread_mutex_destroy(&p->lock);
  free(p->input);
  free(p->slots);
  free(p);
  *prefetch = NULL;
}

void prefetch_start(struct prefetch *p, int64_t first, int count)
{
  if (p->threaded) (void)pthread_mutex_lock(&p->lock);
  p->first = first;
  p->count = count;
  p->ready = false;
  if (!p->threaded) {
    load(p);
    return;
  }
  p->wanted = true;
  (void)pthread_cond_broadcast(&p->changed);
  (void)pthread_mutex_unlock(&p->lock);
}

void prefetch_wait(struct prefetch *p, float *input, struct prefetch_slot *slots)
{
  if (p->threaded) {
    (void)pthread_mutex_lock(&p->lock);
    while (!p->ready) (void)pthread_cond_wait(&p->changed, &p->lock);
    (void)pthread_mutex_unlock(&p->lock);
  }
  memcpy(input, p->input, (size_t)input_floats(p->recipe, p->batch) * sizeof *input);
  memcpy(slots, p->slots, (size_t)p->batch * sizeof *slots);
}
