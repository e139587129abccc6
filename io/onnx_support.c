/** @file
 *  Refusing a model with unknown operators before any work: one message that names all of them and
 *  everything that is supported. */
#include "io/onnx_impl.h"

#include <stdio.h>
#include <string.h>

struct text {
  char at[1400];
  int n; /* items listed */
};

/** Append an item to a list; what does not fit becomes "...". */
static void list(struct text *t, const char *item)
{
  const size_t used = strlen(t->at), room = sizeof t->at - used;
  t->n++;
  if (strlen(item) + 8 < room) {
    (void)snprintf(t->at + used, room, "%s%s", used ? ", " : "", item);
  } else if (used < 3 || strcmp(t->at + used - 3, "...") != 0) {
    (void)snprintf(t->at + used, room, ", ...");
  }
}

static bool default_domain(const Onnx__NodeProto *p)
{
  return !p->domain || !*p->domain || !strcmp(p->domain, "ai.onnx");
}

static bool is_supported(const Onnx__NodeProto *p)
{
  return default_domain(p) && (op_find(p->op_type) || onnx_fold_knows(p->op_type));
}

/** "Resize" or "com.microsoft.FusedConv". */
static void qualified(const Onnx__NodeProto *p, char *text, size_t bytes)
{
  const bool plain = default_domain(p);
  (void)snprintf(text, bytes, "%.60s%s%.60s", plain ? "" : p->domain, plain ? "" : ".", p->op_type);
}

static bool has_subgraph(const Onnx__NodeProto *p)
{
  for (size_t i = 0; i < p->n_attribute; i++)
    if (p->attribute[i]->g || p->attribute[i]->n_graphs) return true;
  return false;
}

/** Whether an operator type was met before among the wanted nodes, looking only at the few that
 *  were kept. */
static bool met(const Onnx__NodeProto *const *kept, int n, const Onnx__NodeProto *p)
{
  for (int i = 0; i < n; i++) {
    if (!strcmp(kept[i]->op_type, p->op_type) && default_domain(kept[i]) == default_domain(p))
      return true;
  }
  return false;
}

const char *onnx_advice(const Onnx__NodeProto *p)
{
  static const char *const quantised[] = {"QLinear",         "QuantizeLinear", "DequantizeLinear",
                                          "DynamicQuantize", "ConvInteger",    "MatMulInteger"};
  for (size_t i = 0; i < sizeof quantised / sizeof *quantised; i++) {
    if (!strncmp(p->op_type, quantised[i], strlen(quantised[i])))
      return "; the model is quantised: export it before quantisation, in float32";
  }
  return has_subgraph(p) ? ", as nothing with a sub-graph is" : "";
}

static err refuse(const struct onnx_model *m, const Onnx__NodeProto *const *kept, int n)
{
  char first[128];
  char item[128];
  struct text others = {.n = 0};
  struct text known = {.n = 0};
  const Onnx__NodeProto *p = kept[0];
  qualified(p, first, sizeof first);
  for (int i = 1; i < n; i++) {
    qualified(kept[i], item, sizeof item);
    list(&others, item);
  }
  for (const struct op *const *op = op_all; *op; op++) list(&known, (*op)->name);
  char more[1500] = "";
  if (others.n) {
    (void)snprintf(more, sizeof more, "; %d more operator type%s not supported either: %s",
                   others.n, others.n > 1 ? "s are" : " is", others.at);
  }
  return FAIL(ERR_UNSUPPORTED,
              "node '%.100s': operator %s (opset %d) is not supported%s%s. Supported: %s",
              onnx_node_name(p), first, m->opset, onnx_advice(p), more, known.at);
}

err onnx_operators_check(const struct onnx_model *m)
{
  enum { MAX_KEPT = 64 };
  const Onnx__NodeProto *kept[MAX_KEPT];
  int n = 0;
  for (int i = 0; i < m->n_order && n < MAX_KEPT; i++) {
    const Onnx__NodeProto *p = m->nodes[m->order[i]].proto;
    if (!is_supported(p) && !met(kept, n, p)) kept[n++] = p;
  }
  return n ? refuse(m, kept, n) : ERR_OK;
}
