/** @file
 *  Planes of depthwise convolutions: every instruction set gives, bit for bit, what core/depthwise_plane.h says,
 *  and touches nothing beside its planes. */
#include "check.h"
#include "core/depthwise_plane.h"
#include "product_numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** x at a place, or 0. */
static float at(const struct depthwise_plane *p, int h, int q)
{
  const bool there = h >= 0 && h < p->in[0] && q >= 0 && q < p->in[1];
  return there ? p->x[(int64_t)h * p->in[1] + q] : 0.0F;
}

static float forward(const struct depthwise_plane *p, int r, int o, int stride)
{
  float row[3];
  for (int i = 0; i < 3; i++) {
    const int h = r * stride - p->begin[0] + i, q = o * stride - p->begin[1];
    const float *w = p->w + (ptrdiff_t)i * 3;
    row[i] = fmaf(w[2], at(p, h, q + 2), fmaf(w[1], at(p, h, q + 1), w[0] * at(p, h, q)));
  }
  return p->bias + (row[0] + row[1] + row[2]);
}

/** What row h of the outputs gives to column q through row i of the kernel. */
static float given(const struct depthwise_plane *p, int h, int q, int i)
{
  const float *w = p->w + (ptrdiff_t)i * 3;
  const int s = (q + p->begin[1]) / 2;
  if ((q + p->begin[1]) % 2) return w[1] * at(p, h, s);
  return fmaf(w[0], at(p, h, s), w[2] * at(p, h, s - 1));
}

static float back(const struct depthwise_plane *p, int r, int q)
{
  const int h = (r + p->begin[0]) / 2;
  if ((r + p->begin[0]) % 2) return given(p, h, q, 1);
  return given(p, h - 1, q, 2) + given(p, h, q, 0);
}

static float expected_at(const struct depthwise_plane *p, enum depthwise_way way, int r, int o)
{
  return way == DEPTHWISE_BACK_2 ? back(p, r, o)
                                 : forward(p, r, o, way == DEPTHWISE_STRIDE_2 ? 2 : 1);
}

/** A copy that ends where the memory ends. */
static float *exact(float *numbers, int64_t n)
{
  float *v = malloc((size_t)n * sizeof *v);
  assert_non_null(v);
  memcpy(v, numbers, (size_t)n * sizeof *v);
  free(numbers);
  return v;
}

static void check_one(depthwise_plane_of *of, enum depthwise_way way)
{
  struct depthwise_plane p = {.set = random_int(2), .bias = way == DEPTHWISE_BACK_2 ? 0.0F : 0.75F};
  for (int i = 0; i < 2; i++) {
    p.in[i] = 1 + random_int(random_int(3) ? 20 : 70);
    p.out[i] = 1 + random_int(random_int(3) ? 20 : 70);
    p.begin[i] = random_int(4);
  }
  const int64_t in = (int64_t)p.in[0] * p.in[1], out = (int64_t)p.out[0] * p.out[1];
  float *x = exact(random_floats(in), in), *w = exact(random_floats(9), 9);
  float *y = exact(random_floats(out), out), *before = malloc((size_t)out * sizeof *before);
  assert_non_null(before);
  memcpy(before, y, (size_t)out * sizeof *y);
  p.x = x;
  p.w = w;
  p.y = y;
  of(&p);
  for (int r = 0; r < p.out[0]; r++) {
    for (int o = 0; o < p.out[1]; o++) {
      const int64_t i = (int64_t)r * p.out[1] + o;
      const float sum = expected_at(&p, way, r, o);
      assert_true(y[i] == (p.set ? sum : before[i] + sum));
    }
  }
  free(x);
  free(w);
  free(y);
  free(before);
}

static void every_instruction_set_gives_the_same_bits(void **unused)
{
  (void)unused;
#ifdef PRODUCT_X86
  if (!__builtin_cpu_supports("avx2")) skip();
  for (int i = 0; i < 300; i++) {
    const enum depthwise_way way = (enum depthwise_way)(i % DEPTHWISE_WAYS);
    if (__builtin_cpu_supports("avx2")) check_one(depthwise_plane_avx2[way], way);
    if (__builtin_cpu_supports("avx512f")) check_one(depthwise_plane_avx512[way], way);
  }
#else
  skip();
#endif
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_instruction_set_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
