/** @file
 *  The group /samples of the file. */
#include "jobs/attribute_maps.h"
#include "jobs/attribute_schema_impl.h"

static const char *const axis_hw[] = {"height", "width"};
static const char *const axis_box[] = {"xmin", "ymin", "xmax", "ymax"};

/** Label, box and path of every sample, as the data set lists them. */
static void add_listed(struct attribute_schema *a)
{
  const struct dataset *d = a->setup->data;
  const int64_t n = a->setup->brief ? 0 : a->setup->count;
  const char **path = pool_take(a->pool, (size_t)n, sizeof *path);
  int32_t *label = pool_take(a->pool, (size_t)n, sizeof *label);
  int32_t *box = pool_take(a->pool, (size_t)n * 4, sizeof *box);
  if (!path || !label || !box) return;
  for (int64_t i = 0; i < n; i++) {
    const struct sample s = dataset_sample(d, a->setup->first + i);
    path[i] = s.path;
    label[i] = s.label;
    for (int k = 0; k < 4; k++) box[4 * i + k] = s.has_box ? s.box[k] : -1;
  }
  attribute_schema_var(a,
                       &(struct store_var){.group = "samples",
                                           .name = "path",
                                           .type = STORE_TEXT,
                                           .n_dims = 1,
                                           .dims = {"sample"},
                                           .units = "1",
                                           .data = n ? path : NULL,
                                           .long_name = "Where the sample lies in the data set"});
  attribute_schema_var(
      a, &(struct store_var){.group = "samples",
                             .name = "label",
                             .type = STORE_I32,
                             .n_dims = 1,
                             .dims = {"sample"},
                             .units = "1",
                             .data = n ? label : NULL,
                             .long_name = "Class of the sample, -1 where none is known"});
  attribute_schema_var(
      a, &(struct store_var){.group = "samples",
                             .name = "box",
                             .type = STORE_I32,
                             .n_dims = 2,
                             .dims = {"sample", "axis_box"},
                             .units = "pixel",
                             .data = n ? box : NULL,
                             .long_name = "Object's box, inclusive pixels of the file's image, "
                                          "-1 where none is known"});
}

static void add_status(struct attribute_schema *a)
{
#define E(name, word, text) (name),
  static const int64_t values[] = {SAMPLE_STATUS_LIST(E)};
#undef E
#define E(name, word, text) word " "
  static const char meanings[] = SAMPLE_STATUS_LIST(E);
#undef E
  enum { N = sizeof values / sizeof *values };
  struct store_attr *attr = pool_take(a->pool, 2, sizeof *attr);
  if (!attr) return;
  attr[0] = (struct store_attr){.name = "flag_values", .type = STORE_I64, .n = N, .i64 = values};
  attr[1] =
      (struct store_attr){.name = "flag_meanings",
                          .type = STORE_TEXT,
                          .text = pool_text(a->pool, "%.*s", (int)sizeof meanings - 2, meanings)};
  attribute_schema_var(
      a, &(struct store_var){.group = "samples",
                             .name = "status",
                             .type = STORE_U8,
                             .n_dims = 1,
                             .dims = {"sample"},
                             .units = "1",
                             .zero = true,
                             .n_attrs = 2,
                             .attrs = attr,
                             .long_name = "What became of the sample; only 1 has data"});
}

void attribute_schema_samples(struct attribute_schema *a)
{
  const struct setup *s = a->setup;
  const struct recipe *r = &s->recipe;
  const bool named = r->classes && r->n_classes == s->graph->classes;
  const char **slot = pool_take(a->pool, (size_t)s->n_targets, sizeof *slot);
  for (int i = 0; slot && i < s->n_targets; i++) slot[i] = s->targets[i].name;
  a->dims[a->schema.n_dims++] = attribute_maps_samples("samples", s);
  attribute_schema_dim(a, "samples", "class", s->graph->classes,
                       named ? (const char *const *)r->classes : NULL, "Class of the model");
  attribute_schema_dim(a, "samples", "target", s->n_targets, slot,
                       "Target slot: whose logit is explained");
  attribute_schema_dim(a, "samples", "axis_hw", 2, axis_hw, "Height and width");
  attribute_schema_dim(a, "samples", "axis_box", 4, axis_box, "Corners of a box");
  add_listed(a);
  attribute_schema_var(
      a, &(struct store_var){.group = "samples",
                             .name = "size",
                             .type = STORE_I32,
                             .n_dims = 2,
                             .dims = {"sample", "axis_hw"},
                             .units = "pixel",
                             .long_name = "Size of the file's image, 0 where unknown"});
  add_status(a);
  attribute_schema_var(a, &(struct store_var){.group = "samples",
                                              .name = "logits",
                                              .type = STORE_F32,
                                              .n_dims = 2,
                                              .dims = {"sample", "class"},
                                              .units = "1",
                                              .long_name = "Logits of the model"});
  attribute_schema_var(
      a, &(struct store_var){.group = "samples",
                             .name = "target_class",
                             .type = STORE_I32,
                             .n_dims = 2,
                             .dims = {"sample", "target"},
                             .units = "1",
                             .long_name = "Class that the maps of the slot explain, -1: none"});
  attribute_schema_var(a, &(struct store_var){.group = "samples",
                                              .name = "score",
                                              .type = STORE_F32,
                                              .n_dims = 2,
                                              .dims = {"sample", "target"},
                                              .units = "1",
                                              .long_name = "Logit of that class, NaN: none"});
  a->slots = slot;
}
