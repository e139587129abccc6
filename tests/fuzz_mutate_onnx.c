/** @file
 *  Mutations of ONNX models that stay protocol buffers: one field of one message somewhere in the
 *  tree is changed, whatever it is; the schema says what there is.  Bytes changed at random rarely get
 *  past the parser; a quarter of the mutations are such all the same. */
#include "onnx/onnx.pb-c.h"
#include "tests/fuzz_file.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_TEXT = 256 };

static uint64_t state;

/** Below n.  Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators". */
static uint64_t below(uint64_t n)
{
  uint64_t z = state += 0x9E3779B97F4A7C15U;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
  z = (z ^ z >> 27) * 0x94D049BB133111EBU;
  return (z ^ z >> 31) % n;
}

/** A field of a message of the tree. */
struct place {
  ProtobufCMessage *message;
  const ProtobufCFieldDescriptor *field;
};

/** Which places are wanted, and one of them, each as likely as the next. */
struct choice {
  int type; /* PROTOBUF_C_TYPE_STRING, ..., -1: any */
  struct place place;
  uint64_t seen;
};

static void *member(const struct place *p)
{
  return (char *)p->message + p->field->offset;
}

static size_t *quantifier(const struct place *p)
{
  return (size_t *)(void *)((char *)p->message + p->field->quantifier_offset);
}

static bool repeated(const struct place *p)
{
  return p->field->label == PROTOBUF_C_LABEL_REPEATED;
}

/** Which field of a union is there. */
static int *which(const struct place *p)
{
  return (int *)(void *)((char *)p->message + p->field->quantifier_offset);
}

/** Elements that a field has. */
static size_t count(const struct place *p)
{
  const int type = (int)p->field->type;
  if (repeated(p)) return *quantifier(p);
  if (p->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) return *which(p) == (int)p->field->id;
  if (type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_MESSAGE)
    return *(void **)member(p) != NULL;
  return *(protobuf_c_boolean *)(void *)quantifier(p) != 0;
}

static size_t width(const struct place *p)
{
  switch (p->field->type) {
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_MESSAGE:
    return sizeof(void *);
  case PROTOBUF_C_TYPE_BYTES:
    return sizeof(ProtobufCBinaryData);
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_DOUBLE:
    return 8;
  default:
    return 4;
  }
}

static void *element(const struct place *p, size_t i)
{
  return repeated(p) ? *(char **)member(p) + i * width(p) : member(p);
}

/* NOLINTNEXTLINE(misc-no-recursion): so short an input nests a few hundred deep at most */
static void walk(ProtobufCMessage *m, struct choice *c)
{
  for (unsigned k = 0; k < m->descriptor->n_fields; k++) {
    const struct place p = {m, &m->descriptor->fields[k]};
    if (c->type < 0 || c->type == (int)p.field->type)
      if (below(++c->seen) == 0) c->place = p;
    if (p.field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
    for (size_t i = 0; i < count(&p); i++) walk(*(ProtobufCMessage **)element(&p, i), c);
  }
}

static const char *any_text(ProtobufCMessage *root)
{
  struct choice c = {.type = PROTOBUF_C_TYPE_STRING};
  walk(root, &c);
  const size_t n = c.seen ? count(&c.place) : 0;
  const char *text = n ? *(char **)element(&c.place, below(n)) : NULL;
  return text ? text : "";
}

/** Another text of the model, which ties values and nodes together anew, or bytes. */
static void change_text(ProtobufCMessage *root, const struct place *p, char **text)
{
  char copy[MAX_TEXT + 1] = "";
  const bool other = below(3) != 0;
  const char *from = other ? any_text(root) : *text ? *text : "";
  (void)snprintf(copy, sizeof copy, "%s", from);
  if (!other) copy[LLVMFuzzerMutate((uint8_t *)copy, strlen(copy), MAX_TEXT)] = 0;
  if (*text != p->field->default_value && *text != protobuf_c_empty_string) free(*text);
  *text = strdup(copy);
}

static void change_bytes(ProtobufCBinaryData *b)
{
  const size_t max = b->len + 16;
  uint8_t *grown = realloc(b->data, max);
  if (!grown) return;
  b->data = grown;
  b->len = LLVMFuzzerMutate(grown, b->len, max);
}

static int64_t any_number(int64_t old)
{
  static const int64_t edges[] = {
      0,         -1,      1,         2,         127,           255,
      32767,     65536,   INT_MAX,   INT_MIN,   1LL << 32,     INT64_MAX,
      INT64_MIN, 1 << 20, 1LL << 31, 1LL << 62, INT_MAX - 1LL, 1 << 16};
  const uint64_t how = below(4);
  if (how == 0) return edges[below(sizeof edges / sizeof *edges)];
  if (how == 1) return (int64_t)((uint64_t)old + 1 - 2 * below(2));
  return (int64_t)below(how == 2 ? 32 : 5) - 2;
}

static void change_number(const struct place *p, void *at)
{
  static const double reals[] = {0, -0.0, 1, -1, 0.5, 1e38, -1e38, 1e-45, 1e300, 2, 3};
  const double real = reals[below(sizeof reals / sizeof *reals)];
  const float single = (float)real;
  int64_t old = 0;
  memcpy(&old, at, width(p));
  const int64_t number = any_number(old);
  const int type = (int)p->field->type;
  const void *to = type == PROTOBUF_C_TYPE_FLOAT    ? (const void *)&single
                   : type == PROTOBUF_C_TYPE_DOUBLE ? (const void *)&real
                                                    : (const void *)&number;
  memcpy(at, to, width(p));
}

static void change_element(ProtobufCMessage *root, const struct place *p, size_t i)
{
  void *at = element(p, i);
  if (p->field->type == PROTOBUF_C_TYPE_STRING) {
    change_text(root, p, at);
  } else if (p->field->type == PROTOBUF_C_TYPE_BYTES) {
    change_bytes(at);
  } else if (p->field->type != PROTOBUF_C_TYPE_MESSAGE) {
    change_number(p, at);
  }
}

/** A copy of a message, or an empty one of its kind. */
static ProtobufCMessage *copy_message(const ProtobufCMessage *m, bool empty)
{
  const size_t n = empty ? 0 : protobuf_c_message_get_packed_size(m);
  uint8_t *packed = malloc(n + 1);
  if (!packed) abort();
  if (n) (void)protobuf_c_message_pack(m, packed);
  ProtobufCMessage *copy = protobuf_c_message_unpack(m->descriptor, NULL, n, packed);
  free(packed);
  return copy;
}

/** The value of a new element: like one of the n that are there. */
static void fill(const struct place *p, size_t n, void *at)
{
  const void *like = element(p, below(n));
  if (p->field->type == PROTOBUF_C_TYPE_STRING) {
    *(char **)at = strdup(*(char *const *)like);
  } else if (p->field->type == PROTOBUF_C_TYPE_MESSAGE) {
    *(ProtobufCMessage **)at = copy_message(*(ProtobufCMessage *const *)like, below(4) == 0);
  } else if (p->field->type != PROTOBUF_C_TYPE_BYTES) {
    memcpy(at, like, width(p));
  }
}

/** Give a list one more element; lists of texts and messages that are empty stay so. */
static void grow(const struct place *p)
{
  const size_t n = *quantifier(p), bytes = width(p);
  const bool plain =
      p->field->type != PROTOBUF_C_TYPE_STRING && p->field->type != PROTOBUF_C_TYPE_MESSAGE;
  if (!n && !plain) return;
  char *all = realloc(*(void **)member(p), (n + 1) * bytes);
  if (!all) abort();
  *(void **)member(p) = all;
  memset(all + n * bytes, 0, bytes);
  if (n) fill(p, n, all + n * bytes);
  if (p->field->type == PROTOBUF_C_TYPE_MESSAGE && !*(void **)(void *)(all + n * bytes)) return;
  *quantifier(p) = n + 1;
}

/** Put element i last and forget it, or exchange it with another. */
static void reorder(const struct place *p, size_t i, bool drop)
{
  const size_t n = *quantifier(p), bytes = width(p), k = drop ? n - 1 : below(n);
  char *all = *(void **)member(p), kept[sizeof(ProtobufCBinaryData)];
  memcpy(kept, all + i * bytes, bytes);
  memcpy(all + i * bytes, all + k * bytes, bytes);
  memcpy(all + k * bytes, kept, bytes);
  if (!drop) return;
  void *last = all + k * bytes;
  if (p->field->type == PROTOBUF_C_TYPE_STRING) free(*(char **)last);
  if (p->field->type == PROTOBUF_C_TYPE_BYTES) free(((ProtobufCBinaryData *)last)->data);
  if (p->field->type == PROTOBUF_C_TYPE_MESSAGE)
    protobuf_c_message_free_unpacked(*(ProtobufCMessage **)last, NULL);
  *quantifier(p) = n - 1;
}

/** A single field that is absent comes, one that is there goes or changes. */
static void change_single(ProtobufCMessage *root, const struct place *p)
{
  const int type = (int)p->field->type;
  const bool there = count(p), go = there && below(8) == 0;
  if (type == PROTOBUF_C_TYPE_MESSAGE) {
    ProtobufCMessage **m = member(p);
    if (!go) return;
    protobuf_c_message_free_unpacked(*m, NULL);
    *m = NULL;
    if (p->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) *which(p) = 0;
    return;
  }
  if (p->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) return;
  if (type != PROTOBUF_C_TYPE_STRING) *(protobuf_c_boolean *)(void *)quantifier(p) = !go;
  if (!go) change_element(root, p, 0);
}

static void change(ProtobufCMessage *root)
{
  struct choice c = {.type = below(3) ? -1 : PROTOBUF_C_TYPE_STRING};
  walk(root, &c);
  const struct place *p = &c.place;
  if (!c.seen) return;
  if (!repeated(p)) {
    change_single(root, p);
    return;
  }
  const size_t n = *quantifier(p);
  const uint64_t how = below(8);
  if (!n || how == 0) {
    grow(p);
  } else if (how <= 2) {
    reorder(p, below(n), how == 1);
  } else {
    change_element(root, p, below(n));
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
  state = seed;
  Onnx__ModelProto *m = NULL;
  if (size > 1 && below(4)) m = onnx__model_proto__unpack(NULL, size - 1, data + 1);
  if (!m) return LLVMFuzzerMutate(data, size, max);
  for (uint64_t n = 1 + below(3); n; n--) change(&m->base);
  if (below(16) == 0) data[0] = (uint8_t)below(4);
  const size_t packed = onnx__model_proto__get_packed_size(m);
  if (packed + 1 <= max) {
    (void)onnx__model_proto__pack(m, data + 1);
    size = packed + 1;
  } else {
    size = LLVMFuzzerMutate(data, size, max);
  }
  onnx__model_proto__free_unpacked(m, NULL);
  return size;
}
