/** @file
 *  Attributes and nodes of the file to those of the graph. */
#include "io/onnx_impl.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct onnx_attrs {
  struct attr_list list;
  struct attr *item; /* [list.n] */
  char **text;       /* [list.n] strings, ended by 0; NULL elsewhere */
};

/** The type where the file leaves it out, from the field that is filled. */
static Onnx__AttributeProto__AttributeType attribute_type(const Onnx__AttributeProto *a)
{
  if (a->has_type && a->type) return a->type;
  if (a->has_i) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
  if (a->has_f) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
  if (a->has_s) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
  if (a->n_ints) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
  if (a->n_floats) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
  return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED;
}

static enum attr_kind attribute_kind(Onnx__AttributeProto__AttributeType type)
{
  switch (type) {
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
    return ATTR_INT;
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
    return ATTR_FLOAT;
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
    return ATTR_STRING;
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
    return ATTR_INTS;
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
    return ATTR_FLOATS;
  default:
    return ATTR_OTHER;
  }
}

static err convert(const Onnx__AttributeProto *a, struct attr *out, char **text)
{
  CHECK(a->name && *a->name, ERR_FORMAT, "an attribute has no name");
  TRY(onnx_name_check(a->name, "attribute name"));
  CHECK(!a->ref_attr_name || !*a->ref_attr_name, ERR_UNSUPPORTED,
        "attribute '%.100s' refers to a function's attribute", a->name);
  const enum attr_kind kind = attribute_kind(attribute_type(a));
  const size_t n = kind == ATTR_INTS ? a->n_ints : kind == ATTR_FLOATS ? a->n_floats : 0;
  CHECK(n <= INT_MAX, ERR_FORMAT, "attribute '%.100s' is too long", a->name);
  *out = (struct attr){.name = a->name,
                       .kind = kind,
                       .i = a->i,
                       .f = a->f,
                       .n = (int)n,
                       .ints = a->ints,
                       .floats = a->floats};
  if (kind != ATTR_STRING) return ERR_OK;
  *text = calloc(1, a->s.len + 1);
  CHECK(*text, ERR_MEMORY, "no memory for attribute '%.100s'", a->name);
  if (a->s.len) memcpy(*text, a->s.data, a->s.len);
  TRY(onnx_name_check(*text, "attribute value"));
  out->s = *text;
  return ERR_OK;
}

static err convert_all(const Onnx__NodeProto *p, struct onnx_attrs *a)
{
  enum { MAX_ATTRIBUTES = 64 };
  CHECK(p->n_attribute <= MAX_ATTRIBUTES, ERR_FORMAT, "it has %zu attributes", p->n_attribute);
  for (size_t i = 0; i < p->n_attribute; i++) {
    TRY(convert(p->attribute[i], &a->item[i], &a->text[i]));
    CHECK(!attr_find(&a->list, a->item[i].name), ERR_FORMAT, "attribute '%.100s' is given twice",
          a->item[i].name);
    a->list.n++;
  }
  return ERR_OK;
}

err onnx_attrs_make(const Onnx__NodeProto *p, struct onnx_attrs **out)
{
  struct onnx_attrs *a = calloc(1, sizeof *a);
  CHECK(a, ERR_MEMORY, "no memory for attributes");
  err e = ERR_OK;
  a->item = calloc(p->n_attribute + 1, sizeof *a->item);
  a->text = calloc(p->n_attribute + 1, sizeof *a->text);
  CHECK_DONE(a->item && a->text, ERR_MEMORY, "no memory for attributes");
  a->list.item = a->item;
  TRY_DONE(convert_all(p, a));
  *out = a;
  a = NULL;
done:
  onnx_attrs_free(&a);
  return e;
}

const struct attr_list *onnx_attrs_list(const struct onnx_attrs *a)
{
  return &a->list;
}

void onnx_attrs_free(struct onnx_attrs **a)
{
  if (!*a) return;
  for (int i = 0; (*a)->text && i <= (*a)->list.n; i++) free((*a)->text[i]);
  free((*a)->text);
  free((*a)->item);
  free(*a);
  *a = NULL;
}

static err add(struct onnx_model *m, struct onnx_node *n)
{
  struct onnx_attrs *attrs = NULL;
  bool folded = false;
  TRY(onnx_attrs_make(n->proto, &attrs));
  err e = onnx_fold(m, n, onnx_attrs_list(attrs), &folded);
  if (!e && !folded) e = onnx_pattern(m, n, &folded);
  if (!e && !folded) e = onnx_adapt(m, n, onnx_attrs_list(attrs));
  onnx_attrs_free(&attrs);
  return e;
}

err onnx_node_add(struct onnx_model *m, struct onnx_node *n)
{
  const err e = add(m, n);
  if (!e) return ERR_OK;
  char why[700];
  (void)snprintf(why, sizeof why, "%s", err_message());
  if (!strncmp(why, "node '", 6)) return FAIL(e, "%s", why); /* the graph has named it */
  return FAIL(e, "node '%.200s' (%.60s, opset %d): %s", onnx_node_name(n->proto), n->proto->op_type,
              m->opset, why);
}
