/** @file
 *  The plan in figures. */
#include "jobs/attribute_dry.h"

#include "jobs/attribute_probe.h"
#include "jobs/attribute_propose.h"
#include "jobs/attribute_unit.h"
#include "jobs/memory.h"
#include "jobs/print.h"
#include "pipeline/comm.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double mib(int64_t bytes)
{
  return (double)bytes / 1048576.0;
}

static void print_layers(const struct setup *s, const struct attribute_schema *a)
{
  int wide = print_columns("layer");
  for (int i = 0; i < s->plan->n_places; i++) {
    const int n = print_columns(attribute_schema_variable(a, i));
    wide = n > wide ? n : wide;
  }
  (void)printf("%5s  ", "index");
  print_cell("layer", wide);
  (void)printf("  %-20s %-18s %7s %12s\n", "operator", "C x H x W", "methods", "MiB");
  for (int i = 0; i < s->plan->n_places; i++) {
    const struct plan_tap *t = plan_place(s->plan, i);
    char shape[48];
    (void)snprintf(shape, sizeof shape, "%d x %d x %d", t->channels, t->height, t->width);
    const int64_t bytes =
        s->count * s->n_targets * t->n_methods * t->height * t->width * (int64_t)sizeof(float);
    (void)printf("%5d  ", t->tap);
    print_cell(attribute_schema_variable(a, i), wide);
    (void)printf("  %-20s %-18s %7d %12.2f\n", plan_place_op(s->plan, i), shape, t->n_methods,
                 mib(bytes));
  }
}

/** A method of a pass is read off some tap. */
static bool is_fed(const struct plan *p, int method, int pass)
{
  bool taken = false;
  for (int t = 0; t < p->n_taps; t++)
    for (int k = 0; k < p->taps[t].n_methods; k++) taken = taken || p->taps[t].methods[k] == method;
  return taken && p->pass_of[method] == pass;
}

/** The same for one over a set of taps, by its parts. */
static bool is_fed_in_part(const struct plan *p, const struct plan_combination *c, int pass)
{
  for (int k = 0; k < c->n; k++) {
    const struct plan_tap *t = &p->taps[c->part[k].tap];
    if (p->pass_of[t->methods[t->n_methods + c->part[k].k]] == pass) return true;
  }
  return false;
}

static bool rides_on(const struct plan *p, int method, int pass)
{
  for (int i = 0; i < p->n_combinations; i++)
    if (p->combinations[i].method == method) return is_fed_in_part(p, &p->combinations[i], pass);
  return is_fed(p, method, pass);
}

/** The methods that a pass feeds, each once, in order. */
static void print_riders(const struct plan *p, int pass)
{
  const char *before = "";
  for (int m = 0; m < p->n_methods; m++) {
    if (!rides_on(p, m, pass)) continue;
    (void)printf("%s%s", before, p->methods[m].given);
    before = ", ";
  }
  (void)printf("\n");
}

/** The passes over images in several sizes. */
static void print_sizes(const struct plan *p)
{
  if (!p->n_sizes) return;
  (void)printf("  each sample alone, forward and back for each target, at ");
  for (int i = 0; i < p->n_sizes; i++)
    (void)printf("%s%dx%d", i ? ", " : "", p->sizes[i].extent[0], p->sizes[i].extent[1]);
  for (int i = 0; i < p->n_sized; i++)
    (void)printf("%s %s", i ? "," : ":", p->methods[p->sized[i].method].given);
  (void)printf("\n");
}

static void print_passes(const struct setup *s)
{
  const struct plan *p = s->plan;
  const int64_t n = s->count, units = (n + s->unit - 1) / s->unit;
  (void)printf("\nsamples %" PRId64 ", unit %d, units %" PRId64
               ", targets %d, methods %d, rules and averages %d\n",
               n, s->unit, units, s->n_targets, s->n_methods, p->n_passes);
  for (int i = 0; i < p->n_passes; i++) {
    const struct plan_source *source = &p->sources[p->passes[i].source];
    (void)printf("  %d x %s", source->copies, p->passes[i].rule.with.text);
    if (source->average.average) (void)printf(" in %s", source->average.with.text);
    (void)printf(": ");
    print_riders(p, i);
  }
  print_sizes(p);
  for (int i = 0; i < p->n_metas; i++) {
    const struct plan_meta *m = &p->metas[i];
    (void)printf("  %s, each sample and target alone, %d x forward and %d x backward:",
                 m->use.with.text, m->plan->n_forward, m->plan->n_backward);
    for (int k = 0; k < m->plan->n_methods; k++)
      (void)printf("%s %s", k ? "," : "", p->methods[m->method[k]].given);
    (void)printf("\n");
  }
  (void)printf("passes  forward %" PRId64 ", backward %" PRId64 "\n", units * p->n_forward,
               units * p->n_backward);
}

/** This process's memory, largest over all ranks.  Collective. */
static struct memory highest(const struct setup *s)
{
  const struct memory m = memory_now();
  int64_t all[2] = {m.peak, m.anonymous > s->loading_bytes ? m.anonymous : s->loading_bytes};
  comm_max(all, 2);
  return (struct memory){.peak = all[0], .anonymous = all[1]};
}

/** What the ranks of this node hold in common. */
static int64_t common_bytes(const struct setup *s)
{
  return shared_bytes(s->weights) + shared_bytes(s->prepared) + shared_bytes(s->list);
}

/** most: the largest rank's, at their highest; what ranks of a node share is in every rank's peak. */
static void print_memory(const struct setup *s, const struct memory *most)
{
  const int64_t common = common_bytes(s);
  (void)printf("memory  %.1f MiB per rank: arena %.1f, maps of a unit %.1f, weights %.1f, "
               "transformed weights %.1f\n",
               mib(most->peak), mib(s->plan->arena_bytes), mib(s->plan->rows_floats * 4),
               mib(s->graph->weight_bytes), mib(s->plan->prepared_bytes));
  if (s->plan->average_bytes) {
    (void)printf("        of it %.1f MiB for averages over copies and for references\n",
                 mib(s->plan->average_bytes));
  }
  if (s->plan->meta_bytes) {
    (void)printf("        of it %.1f MiB for steps of the weights: weights, gradients and "
                 "activations of its own\n",
                 mib(s->plan->meta_bytes));
  }
  if (s->plan->sizes_bytes) {
    (void)printf("        of it %.1f MiB for images in several sizes: transformed weights that are "
                 "others there, activations, what is kept of a sample\n",
                 mib(s->plan->sizes_bytes));
  }
  if (!common) return;
  (void)printf("        of it at most %.1f MiB private; %.1f MiB of weights and the list are there "
               "once for the %d "
               "ranks of this node\n",
               mib(most->anonymous), mib(common), shared_ranks(s->weights));
}

/** Add the floating-point operations of `runs` passes forward, and of all passes back, `times` times; gradients of
 *  weights count as one more pass. */
static void add_work(const struct plan *p, int runs, double times, double *forward,
                     double *backward)
{
  for (int i = 0; i < p->graph->n_nodes; i++) {
    const struct node *n = &p->graph->nodes[i];
    const double flops =
        n->op->flops ? times * (double)(n->op->flops(&p->sites[i]) * p->batch) : 0.0;
    *forward += flops * runs;
    for (int k = 0; k < p->n_passes; k++) {
      bool needed = false;
      for (int x = 0; x < n->n_in; x++)
        needed = needed || (n->in[x] >= 0 && p->passes[k].need[n->in[x]]);
      if (plan_weighs(p, &p->passes[k], i)) *backward += flops;
      if (needed) *backward += flops * p->n_targets * p->sources[p->passes[k].source].copies;
    }
  }
}

/** Of a unit.  Steps and other sizes of the image go through plans of their own, which have none inside, sample by
 *  sample; all targets share an image's forward pass in a size, and each has its step. */
static void count_work(const struct plan *p, double *forward, double *backward)
{
  const int slots = p->batch * p->n_targets;
  int own = p->n_forward;
  *forward = *backward = 0.0;
  for (int i = 0; i < p->n_metas; i++) {
    const struct plan *inner = p->metas[i].plan;
    add_work(inner, inner->n_forward, slots, forward, backward);
    own -= slots * inner->n_forward;
  }
  for (int i = 0; i < p->n_sizes; i++) {
    const struct plan *inner = p->sizes[i].plan;
    double none = 0.0;
    add_work(inner, inner->n_forward, p->batch, forward, &none);
    add_work(inner, 0, slots, &none, backward);
    own -= p->batch * inner->n_forward;
  }
  add_work(p, own, 1.0, forward, backward);
}

static void print_work(const struct setup *s, int64_t units, double seconds)
{
  double forward = 0.0, backward = 0.0;
  count_work(s->plan, &forward, &backward);
  const double unit = forward + backward;
  (void)printf(
      "work    %.4g GFLOP per unit forward, %.4g backward, %.4g TFLOP in all; %.4g GFLOP/s "
      "with all else\n",
      forward * 1e-9, backward * 1e-9, unit * (double)units * 1e-12, unit * 1e-9 / seconds);
}

static void print_time(const struct attribute_probe *probe, int64_t units)
{
  const double seconds = probe->seconds;
  const int64_t each = (units + comm_size() - 1) / comm_size();
  const double all = probe->start + seconds * (double)each;
  char writing[512];
  if (probe->written) {
    (void)snprintf(writing, sizeof writing, "writing included, %.1f %% of it", 100.0 * probe->io);
  } else {
    (void)snprintf(writing, sizeof writing, "without writing: %s",
                   probe->why[0] ? probe->why : "another rank could not");
  }
  (void)printf("time    %.*f s per unit, about %.*f s on %d rank%s (units measured, %s)\n",
               seconds < 0.1 ? 4 : 3, seconds, all < 10.0 ? 2 : 0, all, comm_size(),
               comm_size() > 1 ? "s" : "", writing);
}

/** A node like this one, or CORESxMIB. */
static err read_node(const char *text, struct demand *d)
{
  char *end = NULL;
  d->room = (int64_t)sysconf(_SC_PHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE);
  d->cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
  if (!text) return ERR_OK;
  const long cores = strtol(text, &end, 10);
  const long room = *end == 'x' ? strtol(end + 1, &end, 10) : 0;
  CHECK(!*end && cores > 0 && cores < 1 << 20 && room > 0 && room < INT64_C(1) << 32, ERR_USAGE,
        "--plan-node %s: give cores and MiB of a node as 64x256000", text);
  d->cores = (int)cores;
  d->room = (int64_t)room << 20;
  return ERR_OK;
}

/** What the proposal starts from.  Errors: ERR_USAGE. */
static err read_demand(const struct options *o, struct demand *d)
{
  d->ranks = options_int(o, "plan-ranks");
  d->within = options_real(o, "plan-within");
  CHECK(d->ranks >= 0 && d->within > 0.0, ERR_USAGE,
        "--plan-ranks must not be negative, --plan-within must be above 0");
  return read_node(options_text(o, "plan-node"), d);
}

static void print_proposal(const struct setup *s, const struct memory *most, struct demand *d)
{
  int64_t list = 0;
  (void)dataset_list(s->data, &list);
  d->shared = s->graph->weight_bytes + s->plan->prepared_bytes + list;
  d->private = common_bytes(s) || most->peak < d->shared ? most->anonymous : most->peak - d->shared;
  const struct proposal p = attribute_propose(d);
  (void)printf("propose %" PRId64 " rank%s on %" PRId64
               " node%s (%d cores, %.1f GiB), %.0f MiB of a node's memory: about %.0f s; "
               "Slurm: --nodes=%" PRId64 " --ntasks=%" PRId64 " --ntasks-per-node=%" PRId64
               " --mem=%.0fM --time=%" PRId64 " --signal=B:USR1@%" PRId64 "\n",
               p.ranks, p.ranks > 1 ? "s" : "", p.nodes, p.nodes > 1 ? "s" : "", d->cores,
               (double)d->room / 1073741824.0, mib(p.bytes), p.seconds, p.nodes, p.ranks, p.each,
               ceil(mib(p.bytes)), p.minutes, p.lead);
}

err attribute_dry(const struct setup *s, const struct options *o, const struct attribute_schema *a)
{
  struct attribute_unit *u = NULL;
  struct attribute_probe probe;
  struct demand d = {.units = (s->count + s->unit - 1) / s->unit};
  TRY(comm_agree(read_demand(o, &d)));
  TRY(comm_agree(attribute_unit_make(s, a, &u)));
  const err e = attribute_probe(s, o, u, &probe);
  const int64_t file_bytes = e || s->brief ? 0 : store_bytes(attribute_schema_of(a));
  const struct memory most = highest(s); /* the pages that a unit and the file touch were touched */
  attribute_unit_free(&u);
  if (e) return err_trace(e, __FILE__, __LINE__);
  if (comm_rank() != 0) return ERR_OK;

  d.seconds = probe.seconds;
  print_layers(s, a);
  print_passes(s);
  print_work(s, d.units, d.seconds);
  print_memory(s, &most);
  (void)printf("file    %.2f MiB\n", mib(file_bytes));
  print_time(&probe, d.units);
  print_proposal(s, &most, &d);
  return ERR_OK;
}
