/** @file
 *  The program's own matrix products.
 *
 *  Each element is one chain of fused operations in the order of k, so the expected value is known to
 *  the bit: a loop of fma() in the element's own type.  OpenBLAS, independent of all this, agrees
 *  within the bound of two orders of summation: 2 k eps sum |a| |b|, eps = 2^-24. */
#include "check.h"
#include "core/blas.h"
#include "core/product_impl.h"
#include "product_element.h"
#include "product_numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 150 };

/** A random product and its numbers. */
struct sample {
  struct product p;
  float *a, *b, *c, *bias, *expected;
};

/** Extents around those of tiles, panels, depths and blocks. */
static int extent(int common, int large)
{
  return 1 + (random_int(4) ? random_int(common) : random_int(large));
}

/** Zeros of both signs, none or few or most, as rectifiers leave them. */
static void clear(float *v, int64_t n)
{
  const int percent = random_int(3) * 40;
  for (int64_t i = 0; i < n; i++)
    if (random_int(100) < percent) v[i] = random_int(2) ? 0.0F : -0.0F;
}

static void make(struct sample *s)
{
  struct product p = {.m = extent(40, 300), .n = extent(70, 1200), .k = extent(60, 700)};
  if ((int64_t)p.m * p.n * p.k > 4000000) p.n = 1 + p.n % 40;
  p.a_transposed = random_int(2);
  p.add = random_int(2);
  p.a_step = (p.a_transposed ? p.m : p.k) + random_int(3);
  p.b_step = p.n + random_int(3);
  p.c_step = p.n + random_int(3);
  s->a = random_floats(p.a_step * (p.a_transposed ? p.k : p.m));
  s->b = random_floats(p.b_step * p.k);
  s->c = random_floats(p.c_step * p.m);
  s->bias = random_floats(p.m);
  s->expected = malloc((size_t)(p.c_step * p.m) * sizeof *s->expected);
  assert_non_null(s->expected);
  clear(s->b, p.b_step * p.k);
  clear(s->c, p.c_step * p.m);
  clear(s->bias, p.m);
  p.a = s->a;
  p.b = s->b;
  p.c = s->c;
  p.bias = p.add || random_int(2) ? NULL : s->bias;
  p.work = malloc(product_work_bytes(p.n));
  assert_non_null(p.work);
  s->p = p;
  memcpy(s->expected, s->c, (size_t)(p.c_step * p.m) * sizeof *s->c);
  for (int i = 0; i < p.m; i++) {
    for (int j = 0; j < p.n; j++) {
      float *e = s->expected + i * p.c_step + j;
      *e = product_element(&p, i, j, p.add ? *e : p.bias ? p.bias[i] : 0.0F);
    }
  }
}

static void free_sample(struct sample *s)
{
  free(s->a);
  free(s->b);
  free(s->c);
  free(s->bias);
  free(s->expected);
  free(s->p.work);
}

/** Every element, and what lies between the rows of c, to the bit. */
static void products_are_chains_of_fused_operations(void **unused)
{
  (void)unused;
  for (int i = 0; i < CASES; i++) {
    struct sample s;
    make(&s);
    product(&s.p);
    assert_memory_equal(s.c, s.expected, (size_t)(s.p.c_step * s.p.m) * sizeof *s.c);
    free_sample(&s);
  }
}

/** The same from a matrix that was packed, of which a transposed product may want a part only. */
static void packed_matrices_give_the_same_bits(void **unused)
{
  (void)unused;
  for (int i = 0; i < CASES; i++) {
    struct sample s;
    make(&s);
    struct product *p = &s.p;
    const int before = p->a_transposed ? random_int(40) : 0;
    const int rows = p->a_transposed ? p->k : p->m;
    const int columns = p->a_transposed ? before + p->m + random_int(20) : p->k;
    const int own = p->a_transposed ? p->m : p->k;
    float *whole = random_floats((int64_t)rows * columns);
    for (int r = 0; r < rows; r++) {
      memcpy(whole + (int64_t)r * columns + before, p->a + r * p->a_step,
             (size_t)own * sizeof(float));
    }
    float *packed = random_floats(product_packed_count(rows, columns));
    product_pack(rows, columns, whole, columns, packed);
    p->a = NULL;
    p->packed = (struct product_packed){packed, columns, before};
    product(p);
    assert_memory_equal(s.c, s.expected, (size_t)(p->c_step * p->m) * sizeof *s.c);
    free(packed);
    free(whole);
    free_sample(&s);
  }
}

static void openblas_agrees(void **unused)
{
  (void)unused;
  for (int i = 0; i < CASES; i++) {
    struct sample s;
    make(&s);
    const struct product *p = &s.p;
    product_choose(PRODUCT_OPENBLAS);
    product(p);
    product_choose(PRODUCT_OWN);
    for (int r = 0; r < p->m; r++) {
      for (int j = 0; j < p->n; j++) {
        double size = 4.0;
        for (int l = 0; l < p->k; l++) {
          size +=
              fabs((double)(p->a_transposed ? p->a[l * p->a_step + r] : p->a[r * p->a_step + l]) *
                   (double)p->b[l * p->b_step + j]);
        }
        const int64_t at = r * p->c_step + j;
        assert_true(fabs((double)s.c[at] - (double)s.expected[at]) <=
                    2.0 * (p->k + 2) * 0x1p-24 * size);
      }
    }
    free_sample(&s);
  }
}

static void check_panels(const struct product *p, int width, const float *c)
{
  for (int r = 0; r < p->m; r++) {
    for (int j = 0; j < p->n; j++) {
      assert_true(c[((int64_t)(j / width) * p->m + r) * width + j % width] ==
                  product_element(p, r, j, 0.0F));
    }
  }
}

/** Panels hold the same bits as rows do, with plain and with packed matrices. */
static void panels_equal_rows(void **unused)
{
  (void)unused;
  for (int i = 0; i < CASES; i++) {
    struct sample s;
    make(&s);
    const struct product *p = &s.p;
    const int width = product_panel_width(p->n), panels = (p->n + width - 1) / width;
    float *b = random_floats((int64_t)panels * p->k * width);
    float *c = random_floats((int64_t)panels * p->m * width);
    for (int l = 0; l < p->k; l++) {
      for (int j = 0; j < p->n; j++)
        b[((int64_t)(j / width) * p->k + l) * width + j % width] = p->b[l * p->b_step + j];
    }
    void *work = malloc(product_panels_work_bytes());
    assert_non_null(work);
    const int rows = p->a_transposed ? p->k : p->m, columns = p->a_transposed ? p->m : p->k;
    float *packed = random_floats(product_packed_count(rows, columns));
    product_pack(rows, columns, p->a, p->a_step, packed);
    struct product_panels q = {.m = p->m,
                               .n = p->n,
                               .k = p->k,
                               .width = width,
                               .a_transposed = p->a_transposed,
                               .a = p->a,
                               .a_step = p->a_step,
                               .b = b,
                               .c = c,
                               .b_panel = (int64_t)p->k * width,
                               .c_panel = (int64_t)p->m * width,
                               .work = work};
    product_panels(&q);
    check_panels(p, width, c);
    memset(c, 0, (size_t)(panels * p->m * width) * sizeof *c);
    q.a = NULL;
    q.packed = (struct product_packed){packed, columns, 0};
    product_panels(&q);
    check_panels(p, width, c);
    free(packed);
    free(work);
    free(b);
    free(c);
    free_sample(&s);
  }
}

#define CHECK_KERNEL(kernel) check_kernel(&(kernel), #kernel)

enum {
  TILE = PRODUCT_MAX_ROWS * PRODUCT_PANEL,
  DEPTH = 37,
  A_BLOCK = PRODUCT_DEPTH_STEP, /* more than a block of any kernel */
};

enum { B_STEP = PRODUCT_PANEL + 5 };

/** Element (i, l) of a's part of a tile, as product_impl.h says. */
static float tile_a(const struct product_kernel *k, int layout, const float *a, int i, int l)
{
  switch (layout) {
  case PRODUCT_PLAIN:
    return a[(int64_t)i * PRODUCT_DEPTH_STEP + l];
  case PRODUCT_TRANSPOSED:
    return a[(int64_t)l * PRODUCT_ROW_STEP + i];
  case PRODUCT_BLOCKS:
  case PRODUCT_BLOCKS + PRODUCT_COPYING:
    return a[(int64_t)l * k->rows + i];
  default:
    return a[(int64_t)(l / k->rows) * A_BLOCK + (int64_t)i * k->rows + l % k->rows];
  }
}

/** One shape of tile; a, b: its operands. */
static void check_tile(const struct product_kernel *k, int layout, int narrow, int rows,
                       const float *a, const float *b)
{
  float found[TILE] = {0}, panel[DEPTH * PRODUCT_PANEL] = {0};
  const float begin[PRODUCT_MAX_ROWS] = {1.5F, -2.25F};
  const bool copies = layout >= PRODUCT_BLOCKS + PRODUCT_COPYING;
  const int width = narrow ? k->width / 2 : k->width, step = copies ? B_STEP : PRODUCT_PANEL;
  const struct product_tile t = {.depth = DEPTH,
                                 .a = a,
                                 .b = b,
                                 .c = found,
                                 .begin = begin,
                                 .c_step = PRODUCT_PANEL,
                                 .a_block = A_BLOCK,
                                 .b_step = B_STEP,
                                 .panel = panel};
  k->tile[layout][narrow][rows - 1](&t);
  for (int i = 0; i < TILE; i++) {
    const int row = i / PRODUCT_PANEL, column = i % PRODUCT_PANEL;
    float sum = begin[row];
    for (int l = 0; l < DEPTH; l++)
      sum = fmaf(tile_a(k, layout, a, row, l), b[(int64_t)l * step + column], sum);
    if (found[i] != (row < rows && column < width ? sum : 0.0F))
      fail_msg("%s: %d rows of %d, layout %d", k->vectors, rows, width, layout);
  }
  for (int i = 0; copies && i < DEPTH * PRODUCT_PANEL; i++) {
    const int column = i % PRODUCT_PANEL;
    assert_true(panel[i] ==
                (column < width ? b[(int64_t)(i / PRODUCT_PANEL) * B_STEP + column] : 0));
  }
}

/** Every tile of an instruction set against chains of fmaf(). */
static void check_kernel(const struct product_kernel *k)
{
  float *a = random_floats((int64_t)(DEPTH + PRODUCT_MAX_ROWS) * A_BLOCK);
  float *b = random_floats((int64_t)DEPTH * B_STEP);
  for (int shape = 0; shape < 2 * PRODUCT_LAYOUTS; shape++) {
    for (int rows = 1; rows <= k->rows; rows++) check_tile(k, shape / 2, shape % 2, rows, a, b);
  }
  free(a);
  free(b);
}

static void every_instruction_set_gives_the_same_bits(void **unused)
{
  (void)unused;
  check_kernel(&product_portable);
#ifdef PRODUCT_X86
  if (__builtin_cpu_supports("avx2")) check_kernel(&product_avx2);
  if (__builtin_cpu_supports("avx512f")) check_kernel(&product_avx512);
  print_message("compared: AVX2 %s, AVX-512 %s\n", __builtin_cpu_supports("avx2") ? "yes" : "no",
                __builtin_cpu_supports("avx512f") ? "yes" : "no");
#endif
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_are_chains_of_fused_operations),
      cmocka_unit_test(packed_matrices_give_the_same_bits),
      cmocka_unit_test(openblas_agrees),
      cmocka_unit_test(panels_equal_rows),
      cmocka_unit_test(every_instruction_set_gives_the_same_bits),
  };
  product_choose(PRODUCT_OWN);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
