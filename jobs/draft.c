/** @file
 *  A schema that grows. */
#include "jobs/draft.h"

#include "io/dataset.h"
#include "io/versions.h"

#include <string.h>

/** Room for one more entry.  What was there is copied; the pool frees it with all the rest. */
static void *grown(struct draft *d, const void *old, int n, int *room, size_t bytes)
{
  if (n < *room) return (void *)old;
  const int more = *room ? 2 * *room : 16;
  void *all = pool_take(d->pool, (size_t)more, bytes);
  if (!all) return NULL;
  if (n) memcpy(all, old, (size_t)n * bytes);
  *room = more;
  return all;
}

/** Define append_NAME: the new entry; where there is no memory, one that is thrown away. */
#define APPEND(name, one, list, count, room)                                            \
  static struct one *append_##name(struct draft *d, struct one entry)                   \
  {                                                                                     \
    static struct one nowhere;                                                          \
    struct one *all = grown(d, d->schema.list, d->schema.count, &d->room, sizeof *all); \
    if (!all) return &nowhere;                                                          \
    d->schema.list = all;                                                               \
    all[d->schema.count] = entry;                                                       \
    return &all[d->schema.count++];                                                     \
  }
APPEND(attr, store_attr, attrs, n_attrs, room_attrs)
APPEND(dim, store_dim, dims, n_dims, room_dims)
APPEND(var, store_var, vars, n_vars, room_vars)

err draft_make(struct draft **out)
{
  struct pool *pool = pool_make();
  struct draft *d = pool ? pool_take(pool, 1, sizeof *d) : NULL;
  if (!d) pool_free(&pool);
  CHECK(d, ERR_MEMORY, "no memory to describe the file");
  d->pool = pool;
  *out = d;
  return ERR_OK;
}

err draft_end(const struct draft *d)
{
  CHECK(!pool_failed(d->pool), ERR_MEMORY, "no memory to describe the file");
  return ERR_OK;
}

void draft_free(struct draft **d)
{
  if (!*d) return;
  struct pool *pool = (*d)->pool; /* holds the draft itself */
  pool_free(&pool);
  *d = NULL;
}

void draft_text(struct draft *d, const char *name, const char *text)
{
  (void)append_attr(d, (struct store_attr){.name = name, .type = STORE_TEXT, .text = text});
}

void draft_number(struct draft *d, const char *name, int64_t value)
{
  int64_t *v = pool_take(d->pool, 1, sizeof *v);
  if (!v) return;
  *v = value;
  (void)append_attr(d, (struct store_attr){.name = name, .type = STORE_I64, .n = 1, .i64 = v});
}

void draft_root(struct draft *d, const char *title, const char *job)
{
  draft_text(d, "title", title);
  draft_text(d, "software", "retrograd");
  draft_text(d, "software_version", RETROGRAD_VERSION);
  draft_number(d, "schema_version", STORE_SCHEMA_VERSION);
  draft_text(d, "job", job);
}

struct store_dim *draft_dim(struct draft *d, const char *group, const char *name, int64_t size,
                            const char *const *text, const char *long_name)
{
  return append_dim(
      d, (struct store_dim){
             .group = group, .name = name, .size = size, .text = text, .long_name = long_name});
}

struct store_var *draft_var(struct draft *d, const char *path, enum store_type type,
                            const char *dims, const char *units, const void *data,
                            const char *long_name)
{
  const int group = (int)strcspn(path, "/");
  struct store_var v = {.group = pool_text(d->pool, "%.*s", group, path),
                        .name = pool_text(d->pool, "%s", path + group + 1),
                        .type = type,
                        .units = units,
                        .data = data,
                        .long_name = long_name};
  while (*dims) {
    const int n = (int)strcspn(dims, " ");
    v.dims[v.n_dims++] = pool_text(d->pool, "%.*s", n, dims);
    dims += n + (dims[n] == ' ');
  }
  return append_var(d, v);
}

void draft_flags(struct draft *d, struct store_var *v, const struct draft_flag *flags, int n)
{
  struct store_attr *attr = pool_take(d->pool, 2, sizeof *attr);
  int64_t *values = pool_take(d->pool, (size_t)n, sizeof *values);
  const char *words = "";
  if (!attr || !values) return;
  for (int k = 0; k < n; k++) {
    values[k] = flags[k].value;
    words = pool_text(d->pool, "%s%s%s", words, k ? " " : "", flags[k].word);
  }
  attr[0] = (struct store_attr){.name = "flag_values", .type = STORE_I64, .n = n, .i64 = values};
  attr[1] = (struct store_attr){.name = "flag_meanings", .type = STORE_TEXT, .text = words};
  v->n_attrs = 2;
  v->attrs = attr;
}

void draft_status(struct draft *d, const char *long_name)
{
#define E(name, word, text) {name, word},
  static const struct draft_flag flags[] = {SAMPLE_STATUS_LIST(E)};
#undef E
  struct store_var *v = draft_var(d, "samples/status", STORE_U8, "sample", "1", NULL, long_name);
  v->zero = true;
  draft_flags(d, v, flags, sizeof flags / sizeof *flags);
}

void draft_checks(struct draft *d, int64_t rows, int64_t first, const char *about, const char *what)
{
  const char **name = pool_take(d->pool, (size_t)d->schema.n_vars, sizeof *name);
  int n = 0;
  for (int i = 0; name && i < d->schema.n_vars; i++) {
    const struct store_var *v = &d->schema.vars[i];
    if (!v->data && !strcmp(v->dims[0], "sample"))
      name[n++] = pool_text(d->pool, "%s/%s", v->group, v->name);
  }
  draft_dim(d, "checks", "sample", rows, NULL, about)->first = first;
  (void)draft_dim(d, "checks", "variable", n, name,
                  pool_text(d->pool, "Variable of this file with a row for each %s", what));
  (void)draft_var(d, "checks/crc32", STORE_U32, "sample variable", "1", NULL,
                  pool_text(d->pool, "CRC-32 of the %s's row of the variable", what));
}
