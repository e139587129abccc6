/** @file
 *  The tables of a profile. */
#include "jobs/print.h"
#include "jobs/profile.h"

#include <stdio.h>
#include <string.h>

enum { RATE_WIDTH = 9 };

static void add(struct profile_cost *sum, const struct profile_cost *c)
{
  sum->seconds += c->seconds;
  sum->flops += c->flops;
  sum->bytes += c->bytes;
}

static void add_steps(struct profile_cost sum[PROFILE_STEPS],
                      const struct profile_cost c[PROFILE_STEPS])
{
  for (int k = 0; k < PROFILE_STEPS; k++) add(&sum[k], &c[k]);
}

static double all_seconds(const struct profile_cost c[PROFILE_STEPS])
{
  double seconds = 0.0;
  for (int k = 0; k < PROFILE_STEPS; k++) seconds += c[k].seconds;
  return seconds;
}

/** Amount per second in units of 1e9; '-' where there is nothing to measure. */
static void print_rate(int64_t amount, double seconds)
{
  if (amount == 0 || seconds <= 0.0) {
    (void)printf(" %*s", RATE_WIDTH, "-");
    return;
  }
  (void)printf(" %*.1f", RATE_WIDTH, (double)amount / seconds * 1e-9);
}

static void print_cost(const struct profile_cost *c)
{
  (void)printf(" %9.3f", c->seconds * 1e3);
  print_rate(c->flops, c->seconds);
  print_rate(c->bytes, c->seconds);
}

/** Forward, backward, maps, share of `total` seconds. */
static void print_steps(const struct profile_cost c[PROFILE_STEPS], double total)
{
  print_cost(&c[PROFILE_FORWARD]);
  print_cost(&c[PROFILE_BACKWARD]);
  (void)printf(" %9.3f %8.2f\n", c[PROFILE_EXTRACT].seconds * 1e3,
               total > 0.0 ? 100.0 * all_seconds(c) / total : 0.0);
}

static void print_heading(void)
{
  static const char *const heads[] = {"fwd ms",  "GFLOP/s", "GB/s",   "bwd ms",
                                      "GFLOP/s", "GB/s",    "maps ms"};
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) (void)printf(" %9s", heads[i]);
  (void)printf(" %8s\n", "share %");
}

static const char *kernel(const struct plan *p, int node)
{
  const struct op *op = p->graph->nodes[node].op;
  return op->variant ? op->variant(&p->sites[node]) : "-";
}

static int name_width(const struct graph *g)
{
  int wide = (int)strlen("node");
  for (int i = 0; i < g->n_nodes; i++)
    if (print_columns(g->nodes[i].name) > wide) wide = print_columns(g->nodes[i].name);
  return wide < 40 ? wide : 40;
}

static void print_nodes(const struct profile *p, double total)
{
  const struct graph *g = p->plan->graph;
  const int wide = name_width(g);
  (void)printf("%5s  ", "index");
  print_cell("node", wide);
  (void)printf("  %-20s %-12s", "operator", "kernel");
  print_heading();
  for (int i = 0; i <= g->n_nodes; i++) {
    const bool is_input = i == g->n_nodes;
    (void)printf("%5d  ", is_input ? 0 : i + 1);
    print_cell(is_input ? g->values[g->input].name : g->nodes[i].name, wide);
    (void)printf("  %-20s %-12s", is_input ? "Input" : g->nodes[i].op->name,
                 is_input ? "-" : kernel(p->plan, i));
    print_steps(p->cost[i], total);
  }
}

/** Whether node i is the first of its operator and kernel. */
static bool is_first(const struct profile *p, int node)
{
  const struct node *n = p->plan->graph->nodes;
  for (int i = 0; i < node; i++)
    if (n[i].op == n[node].op && !strcmp(kernel(p->plan, i), kernel(p->plan, node))) return false;
  return true;
}

static void print_operators(const struct profile *p, double total)
{
  const struct graph *g = p->plan->graph;
  (void)printf("\n%-20s %-12s %5s", "operator", "kernel", "nodes");
  print_heading();
  for (int i = 0; i < g->n_nodes; i++) {
    struct profile_cost sum[PROFILE_STEPS] = {{0}};
    int n = 0;
    if (!is_first(p, i)) continue;
    for (int k = i; k < g->n_nodes; k++) {
      if (g->nodes[k].op != g->nodes[i].op || strcmp(kernel(p->plan, k), kernel(p->plan, i)) != 0)
        continue;
      add_steps(sum, p->cost[k]);
      n++;
    }
    (void)printf("%-20s %-12s %5d", g->nodes[i].op->name, kernel(p->plan, i), n);
    print_steps(sum, total);
  }
  (void)printf("%-20s %-12s %5d", "Input", "-", 1);
  print_steps(p->cost[g->n_nodes], total);
}

static void print_total(const char *what, const struct profile_cost *c, const struct profile *p)
{
  const double rate = c->seconds > 0.0 ? (double)c->flops / c->seconds : 0.0;
  (void)printf("%-9s %10.3f ms a unit, %9.3f ms a sample", what, c->seconds * 1e3,
               c->seconds * 1e3 / p->plan->batch);
  if (c->flops) {
    (void)printf(", %.1f GFLOP/s, %.0f %% of a large product's", rate * 1e-9,
                 100.0 * rate / p->peak);
  }
  (void)printf("\n");
}

void profile_print(const struct profile *p)
{
  struct profile_cost sum[PROFILE_STEPS] = {{0}}, all = {0};
  for (int i = 0; i <= p->plan->graph->n_nodes; i++) add_steps(sum, p->cost[i]);
  for (int k = 0; k < PROFILE_STEPS; k++) add(&all, &sum[k]);
  print_nodes(p, all.seconds);
  print_operators(p, all.seconds);
  (void)printf("\n");
  print_total("forward", &sum[PROFILE_FORWARD], p);
  print_total("backward", &sum[PROFILE_BACKWARD], p);
  print_total("maps", &sum[PROFILE_EXTRACT], p);
  print_total("together", &all, p);
  (void)printf(
      "a large matrix product runs at %.1f GFLOP/s; operations are those of direct sums, so "
      "Winograd may pass it\n",
      p->peak * 1e-9);
}
