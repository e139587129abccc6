#pragma once
/* Memory that is freed together: the many small texts and arrays of a schema. */
#include <stddef.h>

struct pool;

/** NULL when out of memory. */
struct pool *pool_make(void);
void pool_free(struct pool **p);

/** Zeroed memory that lives as long as the pool; NULL when out of memory, then pool_failed is true. */
void *pool_take(struct pool *p, size_t n, size_t bytes);

/** Formatted text that lives as long as the pool; "" when out of memory. */
const char *pool_text(struct pool *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Whether any request failed: to be asked once, after all of them. */
int pool_failed(const struct pool *p);
