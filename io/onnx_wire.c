/** @file
 *  A walk over the wire format before anything is allocated.  protobuf-c parses nested messages by
 *  recursion and merges a single message that is given twice, so a small hostile file could take the
 *  stack or quadratic time; here both are refused, and files that are something else are named.
 *  Source: Protocol Buffers documentation, "Encoding". */
#include "io/onnx_impl.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_DEPTH = 128 }; /* the most that the limit can be set to */

enum wire { WIRE_VARINT, WIRE_FIXED64, WIRE_LENGTH, WIRE_GROUP, WIRE_END_GROUP, WIRE_FIXED32 };

struct frame {
  const ProtobufCMessageDescriptor *desc;
  const uint8_t *end;
  uint64_t seen; /* single messages met so far, by field index */
};

struct cursor {
  const uint8_t *begin, *p;
  int depth;
  struct frame frame[MAX_DEPTH]; /* frame[depth] is the message at hand */
};

static err damaged(const struct cursor *c)
{
  return FAIL(ERR_FORMAT, "not an ONNX model, or damaged (at byte %td of %td)", c->p - c->begin,
              c->frame[0].end - c->begin);
}

static err read_varint(struct cursor *c, uint64_t *out)
{
  const uint8_t *end = c->frame[c->depth].end;
  uint64_t v = 0;
  for (int shift = 0; shift < 64 && c->p < end; shift += 7) {
    const uint8_t byte = *c->p++;
    v |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) {
      *out = v;
      return ERR_OK;
    }
  }
  return damaged(c);
}

/** Go into the message of `length` bytes that field f holds. */
static err enter(struct cursor *c, const ProtobufCFieldDescriptor *f, uint64_t length)
{
  struct frame *at = &c->frame[c->depth];
  if (f->label != PROTOBUF_C_LABEL_REPEATED) {
    const uint64_t bit = UINT64_C(1) << ((f - at->desc->fields) % 64);
    CHECK(!(at->seen & bit), ERR_FORMAT, "damaged: a %s holds its field '%s' twice",
          at->desc->short_name, f->name);
    at->seen |= bit;
  }
  CHECK(c->depth + 1 < limit_of(LIMIT_ONNX_NESTING) && c->depth + 1 < MAX_DEPTH, ERR_FORMAT,
        "damaged: messages are nested more than %d deep%s", (int)limit_of(LIMIT_ONNX_NESTING),
        limit_hint(LIMIT_ONNX_NESTING));
  c->frame[++c->depth] = (struct frame){.desc = f->descriptor, .end = c->p + length};
  return ERR_OK;
}

/** Skip or enter what follows a tag of kind WIRE_LENGTH. */
static err take_length(struct cursor *c, const ProtobufCFieldDescriptor *f)
{
  uint64_t length = 0;
  TRY(read_varint(c, &length));
  const uint64_t left = (uint64_t)(c->frame[c->depth].end - c->p);
  CHECK(length <= left || c->depth || !f || f->type != PROTOBUF_C_TYPE_MESSAGE, ERR_FORMAT,
        "the file is truncated: its %s wants %" PRIu64 " bytes and %" PRIu64
        " are left; copy or download it again",
        f->name, length, left);
  if (length > left) return damaged(c);
  if (f && f->type == PROTOBUF_C_TYPE_MESSAGE) return enter(c, f, length);
  c->p += length;
  return ERR_OK;
}

static err take_field(struct cursor *c)
{
  uint64_t tag = 0, skipped = 0;
  TRY(read_varint(c, &tag));
  const struct frame *at = &c->frame[c->depth];
  const unsigned wire = tag & 7;
  if (tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF) return damaged(c);
  if (wire == WIRE_VARINT) return read_varint(c, &skipped);
  if (wire == WIRE_LENGTH)
    return take_length(c, protobuf_c_message_descriptor_get_field(at->desc, (unsigned)(tag >> 3)));
  const ptrdiff_t width = wire == WIRE_FIXED64 ? 8 : wire == WIRE_FIXED32 ? 4 : 0;
  if (!width || at->end - c->p < width) return damaged(c);
  c->p += width;
  return ERR_OK;
}

/** Name what the file is instead, where its first bytes tell. */
static err check_kind(const uint8_t *bytes, int64_t n)
{
  static const struct {
    const char *magic, *what;
  } kinds[] = {
      {"\x89PNG", "it is a PNG image"},
      {"\x89HDF", "it is an HDF5 file"},
      {"\xFF\xD8\xFF", "it is a JPEG image"},
      {"PK\x03\x04", "it is a ZIP archive, perhaps a PyTorch file; use torch.onnx.export"},
      {"version https://git-lfs", "it is a Git LFS pointer; fetch the file with 'git lfs pull'"},
      {"TFL3", "it is a TensorFlow Lite file"},
  };
  CHECK(n > 0, ERR_FORMAT, "not an ONNX model: the file is empty");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const size_t length = strlen(kinds[i].magic);
    CHECK((uint64_t)n < length || memcmp(bytes, kinds[i].magic, length) != 0, ERR_FORMAT,
          "not an ONNX model: %s", kinds[i].what);
  }
  return ERR_OK;
}

err onnx_wire_check(const uint8_t *bytes, int64_t n)
{
  TRY(check_kind(bytes, n));
  struct cursor c = {.begin = bytes, .p = bytes};
  c.frame[0] = (struct frame){.desc = &onnx__model_proto__descriptor, .end = bytes + n};
  for (int fields = 0;; fields++) {
    while (c.depth && c.p == c.frame[c.depth].end) c.depth--;
    if (c.p == c.frame[0].end) return ERR_OK;
    CHECK(fields < limit_of(LIMIT_ONNX_FIELDS), ERR_FORMAT, "the file holds more than %d fields%s",
          (int)limit_of(LIMIT_ONNX_FIELDS), limit_hint(LIMIT_ONNX_FIELDS));
    TRY(take_field(&c));
  }
}
