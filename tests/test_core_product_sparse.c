/** @file
 *  Products that skip zeros give the bits of those that do not: chains of fmaf() in the order of k. */
#include "check.h"
#include "core/product_impl.h"
#include "product_numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** A sparse product in the panels and the packed order of one instruction set. */
struct sparse_sample {
  struct product_run r;
  struct product_depth d;
  int rows, columns; /* of the packed matrix */
  float *a, *packed, *b, *c;
};

static void make_sparse(struct sparse_sample *s, const struct product_kernel *k)
{
  struct product_run r = {.kernel = k, .a_transposed = random_int(2), .edges = true};
  r.m = (PRODUCT_SPARSE_LEAST - 1) * k->sparse->lanes + 1 + random_int(300);
  r.n = PRODUCT_PANEL + random_int(400);
  s->d = (struct product_depth){.depth = 1 + random_int(200)};
  s->d.k = s->d.depth;
  s->rows = r.a_transposed ? s->d.k : r.m;
  s->columns = r.a_transposed ? r.m : s->d.k;
  r.order = (struct product_order){k->rows, (int64_t)k->rows * s->columns + random_int(20)};
  const int64_t packed = (s->rows + k->rows - 1) / k->rows * r.order.step + PRODUCT_TAIL;
  s->a = random_floats((int64_t)s->rows * s->columns);
  s->packed = random_floats(packed);
  for (int i = 0; i < s->rows; i++) {
    for (int j = 0; j < s->columns; j++)
      s->packed[product_packed_at(&r.order, i, j)] = s->a[(int64_t)i * s->columns + j];
  }
  s->packed[packed - PRODUCT_TAIL] = 1.0F; /* finite */
  r.packed_a = (struct product_packed){s->packed, s->columns, 0};
  const int panels = (r.n + PRODUCT_PANEL - 1) / PRODUCT_PANEL;
  r.b_panel = (int64_t)s->d.k * PRODUCT_PANEL + PRODUCT_PAD;
  r.b = s->b = random_floats(panels * r.b_panel);
  for (int64_t i = 0; i < panels * r.b_panel; i++) {
    if (random_int(100) < 80) r.b[i] = random_int(2) ? 0.0F : -0.0F;
    if (i % PRODUCT_PANEL >= r.n - i / r.b_panel * PRODUCT_PANEL) r.b[i] = 0.0F;
  }
  r.c_panel = PRODUCT_PANEL;
  r.c_step = r.n;
  r.c = s->c = random_floats((int64_t)r.m * r.n);
  r.sparse = calloc((size_t)product_sparse_floats(k->sparse, r.n, s->d.depth), sizeof(float));
  assert_non_null(r.sparse);
  s->r = r;
}

static float sparse_element(const struct sparse_sample *s, int i, int j, float begin)
{
  const float *b = s->b + j / PRODUCT_PANEL * s->r.b_panel + j % PRODUCT_PANEL;
  float sum = begin;
  for (int l = 0; l < s->d.depth; l++) {
    const float a =
        s->r.a_transposed ? s->a[(int64_t)l * s->columns + i] : s->a[(int64_t)i * s->columns + l];
    sum = fmaf(a, b[(int64_t)l * PRODUCT_PANEL], sum);
  }
  return sum + 0.0F;
}

static void check_sparse(const struct product_kernel *k)
{
  for (int i = 0; i < 40; i++) {
    struct sparse_sample s;
    make_sparse(&s, k);
    const struct product_run *r = &s.r;
    const bool add = random_int(2);
    float *bias = random_floats(r->m), *before = random_floats((int64_t)r->m * r->n);
    memcpy(before, s.c, (size_t)((int64_t)r->m * r->n) * sizeof *before);
    assert_true(s.d.depth < 60 || r->m < 60 || product_is_sparse(r, s.d, NULL, 0));
    s.packed[(s.rows + k->rows - 1) / k->rows * r->order.step] = 0.0F;
    assert_false(product_is_sparse(r, s.d, NULL, 0)); /* not finite */
    product_sparse(r, s.d, add, add ? NULL : bias);
    for (int row = 0; row < r->m; row++) {
      for (int j = 0; j < r->n; j++) {
        const int64_t at = (int64_t)row * r->n + j;
        const float expected = sparse_element(&s, row, j, add ? before[at] : bias[row]);
        assert_memory_equal(&s.c[at], &expected, sizeof expected);
      }
    }
    free(s.a);
    free(s.packed);
    free(s.b);
    free(s.c);
    free(s.r.sparse);
    free(bias);
    free(before);
  }
}

/** Zeros that are skipped change no bit, on any CPU. */
static void sparse_products_are_the_same_chains(void **unused)
{
  (void)unused;
  if (!product_native()) skip();
#ifdef PRODUCT_X86
  if (__builtin_cpu_supports("avx2")) check_sparse(&product_avx2);
  if (__builtin_cpu_supports("avx512f")) check_sparse(&product_avx512);
#endif
}

/** 0 times an infinite weight is not skipped. */
static void packed_matrices_know_whether_they_are_finite(void **unused)
{
  (void)unused;
  for (int i = 0; i < 3; i++) {
    const float a[3] = {1.0F, i == 1 ? INFINITY : i == 2 ? NAN : 2.0F, 3.0F};
    const int64_t n = product_packed_count(3, 1);
    float *packed = random_floats(n);
    product_pack(3, 1, a, 1, packed);
    assert_true(packed[n - PRODUCT_TAIL] == (i ? 0.0F : 1.0F));
    free(packed);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sparse_products_are_the_same_chains),
      cmocka_unit_test(packed_matrices_know_whether_they_are_finite),
  };
  product_choose(PRODUCT_OWN);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
