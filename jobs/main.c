/** @file
 *  The program: find the job, parse its options, run it, report once, exit. */
#include "core/nearest.h"
#include "io/limit.h"
#include "jobs/help.h"
#include "jobs/job.h"
#include "jobs/kernels.h"
#include "pipeline/comm.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** A command line, taken apart. */
struct call {
  const struct job *job;
  bool help, print_config, trace;
  int argc;
  char **argv;  /* [argc] for options_parse: the job's name, then all but the flags above */
  char **given; /* of main */
};

/** Exit code of a failure: wrong usage or input, or anything else. */
static int code_of(err e)
{
  static const err usage[] = {ERR_USAGE,       ERR_INPUT,    ERR_FORMAT, ERR_SHAPE,
                              ERR_UNSUPPORTED, ERR_MISMATCH, ERR_BUSY};
  for (size_t i = 0; i < sizeof usage / sizeof *usage; i++)
    if (e == usage[i]) return EXIT_USAGE;
  return e ? EXIT_FAILED : EXIT_DONE;
}

/** Descriptors 0 to 2 exist, so that no file of ours becomes stdout; a reader that has gone away is a
 *  failed write and not the end of the process. */
static void prepare_streams(void)
{
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= 2) fd = dup(fd);
  if (fd > 2) (void)close(fd);
  (void)signal(SIGPIPE, SIG_IGN);
  (void)signal(SIGXFSZ, SIG_IGN); /* a file size limit is a failed write with a text, too */
}

/** True where the reader of stdout has gone away, which is its own business. */
static bool reader_has_left(void)
{
  struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
  return errno == EPIPE || (poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)));
}

/** Write out stdout; returns the exit code, EXIT_FAILED where what was printed is lost. */
static int finish_output(int exit_code)
{
  errno = 0;
  if (fflush(stdout) == 0 && !ferror(stdout)) return exit_code;
  if (reader_has_left()) return exit_code;
  (void)fprintf(stderr, "retrograd: cannot write to standard output: %s\n",
                errno ? strerror(errno) : "write error");
  return exit_code ? exit_code : EXIT_FAILED;
}

static const struct job *find_job(const char *name)
{
  for (const struct job *const *j = job_all; *j; j++)
    if (strcmp((*j)->name, name) == 0) return *j;
  return NULL;
}

static err unknown_job(const char *name)
{
  enum { NAMES = 64 };
  const char *names[NAMES];
  char near[200];
  int n = 0;

  CHECK(name[0] != '-', ERR_USAGE, "%s: the job comes first, then its options (retrograd --help)",
        name);
  for (; job_all[n] && n < NAMES; n++) names[n] = job_all[n]->name;
  return FAIL(ERR_USAGE, "there is no job '%s'%s (retrograd --help lists them)", name,
              nearest_text(name, names, n, near, sizeof near));
}

/** True where s is a flag that main itself obeys; it is noted in c. */
static bool take_flag(struct call *c, const char *s)
{
  const struct {
    const char *name;
    bool *flag;
  } flags[] = {{"--help", &c->help},
               {"-h", &c->help},
               {"--print-config", &c->print_config},
               {"--trace", &c->trace}};

  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    if (strcmp(s, flags[i].name) != 0) continue;
    *flags[i].flag = true;
    return true;
  }
  return false;
}

/** Take argv[1..] apart: the job, and the flags that main itself obeys.
 *  kept [argc] receives the other arguments.  On success the job is there, or help is asked for. */
static err read_call(int argc, char **argv, char **kept, struct call *c)
{
  bool ended = false;

  c->argv = kept;
  for (int i = 1; i < argc; i++) {
    ended = ended || strcmp(argv[i], "--") == 0;
    if (ended || !take_flag(c, argv[i])) kept[c->argc++] = argv[i];
  }
  if (!c->argc && c->help) return ERR_OK;
  CHECK(c->argc, ERR_USAGE, "which job? (retrograd --help lists them)");
  c->job = find_job(c->argv[0]);
  return c->job ? ERR_OK : unknown_job(c->argv[0]);
}

/** Set the readers' limits, where a job lets one choose. */
static err set_limits(const struct call *c, const struct options *o)
{
  const struct option *k = c->job->options;
  int n = 0;

  while (k->name && strcmp(k->name, "reader-limits") != 0) k++;
  const char *const *items = k->name ? options_list(o, k->name, &n) : NULL;
  for (int i = 0; i < n; i++) TRY(limit_set(items[i]));
  return ERR_OK;
}

/** The job itself, on every rank if it is parallel. */
static err run_job(const struct call *c, int *exit_code)
{
  struct options *o = NULL;

  TRY(comm_agree(options_parse(c->job->options, c->job->bare, c->argc, c->argv, &o)));
  err e = set_limits(c, o);
  if (!e && !c->print_config) {
    e = c->job->run(o, exit_code);
  } else if (!e && comm_rank() == 0) {
    options_print(o);
  }
  options_free(&o);
  return e;
}

/** Have the kernels that the options ask for, where a job lets one choose; other wrong options are the
 *  job's to report.  Before MPI starts. */
static err choose_kernels(const struct call *c)
{
  const struct option *k = c->job->options;
  struct options *o = NULL;

  while (k->name && strcmp(k->name, "blas-core") != 0) k++;
  if (!k->name || options_parse(c->job->options, c->job->bare, c->argc, c->argv, &o)) return ERR_OK;
  const err e = kernels_choose(options_text(o, k->name), c->given);
  options_free(&o);
  return e;
}

/** True on processes that mpirun or srun started beside a first one. */
static bool is_further_rank(void)
{
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *rank = getenv(names[i]);
    if (rank) return strcmp(rank, "0") != 0;
  }
  return false;
}

/** Obey a command line; returns the exit code of this process. */
static int obey(struct call *c)
{
  int exit_code = EXIT_DONE;

  if (c->help) {
    if (c->job && !(c->job->parallel && is_further_rank())) help_job(c->job);
    if (!c->job) help_program();
    return finish_output(EXIT_DONE);
  }
  assert(c->job);
  const err kernels = choose_kernels(c);
  err e = c->job->parallel ? comm_start(&c->argc, &c->argv) : ERR_OK;
  if (!e) e = comm_agree(kernels);
  if (!e) e = run_job(c, &exit_code);
  (void)comm_report(c->job->name, e, c->trace);
  if (e) exit_code = code_of(e);
  return comm_finish(finish_output(exit_code));
}

int main(int argc, char **argv)
{
  const char *trace = getenv("RETROGRAD_TRACE");
  struct call c = {.trace = trace && *trace && strcmp(trace, "0") != 0, .given = argv};

  prepare_streams();
  if (argc < 2) {
    help_program();
    return finish_output(EXIT_USAGE);
  }
  if (strcmp(argv[1], "--version") == 0) {
    help_version();
    return finish_output(EXIT_DONE);
  }
  char **kept = calloc((size_t)argc + 1, sizeof *kept);
  if (!kept) {
    (void)comm_report("", FAIL(ERR_MEMORY, "no memory for a command line"), c.trace);
    return EXIT_FAILED;
  }
  const err e = read_call(argc, argv, kept, &c);
  if (e) (void)comm_report("", e, c.trace);
  const int exit_code = e ? code_of(e) : obey(&c);
  free((void *)kept);
  return exit_code;
}
