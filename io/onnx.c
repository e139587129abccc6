/** @file
 *  Reading an ONNX model: file, checks, order, graph. */
#include "io/onnx.h"

#include "io/onnx_impl.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { OPSET_MIN = 7, OPSET_MAX = 20, IR_MIN = 3, IR_MAX = 16 };

enum { LARGE_PIECE = 1 << 20 };

/** The mapped file while it is parsed. */
struct mapping {
  uint8_t *bytes;
  size_t size;
};

/** Memory for the parser.  A large piece is about to be copied from the mapping: what was read of
 *  the file before goes first, so that weights are not in memory twice. */
static void *take(void *mapping, size_t bytes)
{
  const struct mapping *file = mapping;
  if (bytes >= LARGE_PIECE) (void)madvise(file->bytes, file->size, MADV_DONTNEED);
  return malloc(bytes);
}

static void give(void *mapping, void *memory)
{
  (void)mapping;
  free(memory);
}

static err unpack(struct onnx_model *m, uint8_t *bytes, int64_t size)
{
  TRY(onnx_wire_check(bytes, size));
  struct mapping file = {bytes, (size_t)size};
  ProtobufCAllocator memory = {.alloc = take, .free = give, .allocator_data = &file};
  m->proto = onnx__model_proto__unpack(&memory, (size_t)size, bytes);
  CHECK(m->proto, ERR_FORMAT, "not an ONNX model, or damaged");
  m->graph = m->proto->graph;
  CHECK(m->graph, ERR_FORMAT, "not an ONNX model, or truncated: it holds no graph");
  m->budget = limit_of(LIMIT_ONNX_FREE);
  onnx_budget_raise(m, size);
  return ERR_OK;
}

/** Map the file, parse it, let it go: weights are in memory once. */
static err parse_file(struct onnx_model *m)
{
  int fd = -1;
  int64_t size = 0;
  struct onnx_file file;
  void *bytes = MAP_FAILED;
  err e = ERR_OK;
  TRY(onnx_file_open(m->path, &fd, &size, &file));
  CHECK_DONE(size > 0, ERR_FORMAT, "not an ONNX model: the file is empty");
  CHECK_DONE(size <= INT_MAX, ERR_UNSUPPORTED,
             "the file is larger than 2 GiB, the most that its format allows; save the model with "
             "external data (onnx.save_model(..., save_as_external_data=True))");
  bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
  CHECK_DONE(bytes != MAP_FAILED, ERR_INPUT, "the file cannot be read");
  TRY_DONE(unpack(m, bytes, size));
done:
  if (bytes != MAP_FAILED) (void)munmap(bytes, (size_t)size);
  (void)close(fd);
  return e;
}

static bool is_default_domain(const char *domain)
{
  return !domain || !*domain || !strcmp(domain, "ai.onnx");
}

/** The version of the default operator set; other sets matter only where a node uses them. */
static err check_versions(struct onnx_model *m)
{
  const Onnx__ModelProto *p = m->proto;
  CHECK(p->has_ir_version && p->ir_version >= IR_MIN && p->ir_version <= IR_MAX, ERR_UNSUPPORTED,
        "its IR version is %" PRId64 "; %d to %d are supported",
        p->has_ir_version ? p->ir_version : 0, IR_MIN, IR_MAX);
  int64_t opset = -1;
  for (size_t i = 0; i < p->n_opset_import; i++) {
    const Onnx__OperatorSetIdProto *s = p->opset_import[i];
    if (!is_default_domain(s->domain)) continue;
    CHECK(opset < 0 || opset == s->version, ERR_FORMAT,
          "it names two operator sets, %" PRId64 " and %" PRId64, opset, s->version);
    opset = s->has_version && s->version >= 0 ? s->version : 0;
  }
  CHECK(opset >= 0, ERR_FORMAT, "it does not say which ONNX operator set (opset) it uses");
  CHECK(opset >= OPSET_MIN && opset <= OPSET_MAX, ERR_UNSUPPORTED,
        "its opset is %" PRId64 "; %d to %d are supported (torch.onnx.export(..., "
        "opset_version=13), or onnx.version_converter)",
        opset, OPSET_MIN, OPSET_MAX);
  m->opset = (int)opset;
  return ERR_OK;
}

static err build(struct onnx_model *m, struct graph **out)
{
  TRY(parse_file(m));
  TRY(check_versions(m));
  TRY(onnx_values_make(m));
  TRY(onnx_output_find(m));
  TRY(onnx_order_make(m));
  TRY(onnx_operators_check(m));
  TRY(graph_builder_make(m->opset, &m->builder));
  TRY(onnx_input_add(m));
  for (int i = 0; i < m->n_order; i++) TRY(onnx_node_add(m, &m->nodes[m->order[i]]));
  CHECK(!onnx_value_is_constant(m, m->output), ERR_UNSUPPORTED,
        "the output '%.200s' does not depend on the input", m->values[m->output].name);
  TRY(onnx_output_logits(m));
  int id = -1;
  TRY(onnx_external_note(m));
  TRY(onnx_external_keep(m));
  TRY(onnx_view_id(m, m->output, ONNX_PLAIN, &id));
  return graph_finish(&m->builder, id, out);
}

static void release(struct onnx_model *m)
{
  for (int i = 0; i < m->n_values; i++) onnx_constant_free(&m->values[i].constant);
  for (int i = 0; i < m->n_files; i++) {
    free(m->files[i].name);
    if (m->files[i].bytes) (void)munmap(m->files[i].bytes, (size_t)m->files[i].size);
  }
  if (m->proto) onnx__model_proto__free_unpacked(m->proto, NULL);
  graph_builder_free(&m->builder);
  free(m->files);
  free(m->values);
  free(m->nodes);
  free(m->edges);
  free(m->order);
}

/** What to add to a refusal when the input has another size than the model's own. */
static const char *resized(const struct onnx_model *m, char *text, size_t bytes)
{
  const struct onnx_options *o = m->options;
  const bool height = o->height && m->own_height && o->height != m->own_height;
  const bool width = o->width && m->own_width && o->width != m->own_width;
  text[0] = 0;
  if (height || width) {
    (void)snprintf(text, bytes, " (the input is %dx%d by --size, the model was made for %dx%d)",
                   o->height, o->width, m->own_height, m->own_width);
  }
  return text;
}

void onnx_notes_free(struct onnx_notes *notes)
{
  free(notes->weight_files);
  notes->weight_files = NULL;
}

err onnx_read(const char *path, const struct onnx_options *o, struct graph **out)
{
  struct onnx_model m = {.path = path, .options = o};
  char why[1800], size[120];
  const err e = build(&m, out);
  release(&m);
  if (e) onnx_notes_free(&m.notes);
  if (!e) {
    if (!o->notes) onnx_notes_free(&m.notes);
    if (o->notes) *o->notes = m.notes;
    return ERR_OK;
  }
  (void)snprintf(why, sizeof why, "%s", err_message());
  return FAIL(e, "model %.200s: %s%s", path, why, resized(&m, size, sizeof size));
}
