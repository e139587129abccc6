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
  const char **path = pool_take(a->draft->pool, (size_t)n, sizeof *path);
  int32_t *label = pool_take(a->draft->pool, (size_t)n, sizeof *label);
  int32_t *box = pool_take(a->draft->pool, (size_t)n * 4, sizeof *box);
  if (!path || !label || !box) return;
  for (int64_t i = 0; i < n; i++) {
    const struct sample s = dataset_sample(d, a->setup->first + i);
    path[i] = s.path;
    label[i] = s.label;
    for (int k = 0; k < 4; k++) box[4 * i + k] = s.has_box ? s.box[k] : -1;
  }
  (void)draft_var(a->draft, "samples/path", STORE_TEXT, "sample", "1", n ? path : NULL,
                  "Where the sample lies in the data set");
  (void)draft_var(a->draft, "samples/label", STORE_I32, "sample", "1", n ? label : NULL,
                  "Class of the sample, -1 where none is known");
  (void)draft_var(a->draft, "samples/box", STORE_I32, "sample axis_box", "pixel", n ? box : NULL,
                  "Object's box, inclusive pixels of the file's image, "
                  "-1 where none is known");
}

void attribute_schema_samples(struct attribute_schema *a)
{
  const struct setup *s = a->setup;
  const struct recipe *r = &s->recipe;
  const bool named = r->classes && r->n_classes == s->graph->classes;
  const char **slot = pool_take(a->draft->pool, (size_t)s->n_targets, sizeof *slot);
  for (int i = 0; slot && i < s->n_targets; i++) slot[i] = s->targets[i].name;
  attribute_maps_samples(a->draft, "samples", s);
  (void)draft_dim(a->draft, "samples", "class", s->graph->classes,
                  named ? (const char *const *)r->classes : NULL, "Class of the model");
  (void)draft_dim(a->draft, "samples", "target", s->n_targets, slot,
                  "Target slot: whose logit is explained");
  (void)draft_dim(a->draft, "samples", "axis_hw", 2, axis_hw, "Height and width");
  (void)draft_dim(a->draft, "samples", "axis_box", 4, axis_box, "Corners of a box");
  add_listed(a);
  (void)draft_var(a->draft, "samples/size", STORE_I32, "sample axis_hw", "pixel", NULL,
                  "Size of the file's image, 0 where unknown");
  draft_status(a->draft, "What became of the sample; only 1 has data");
  (void)draft_var(a->draft, "samples/logits", STORE_F32, "sample class", "1", NULL,
                  "Logits of the model");
  (void)draft_var(a->draft, "samples/target_class", STORE_I32, "sample target", "1", NULL,
                  "Class that the maps of the slot explain, -1: none");
  (void)draft_var(a->draft, "samples/score", STORE_F32, "sample target", "1", NULL,
                  "Logit of that class, NaN: none");
  a->slots = slot;
}
