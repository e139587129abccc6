/** @file
 *  Help texts made from the tables. */
#include "jobs/help.h"

#include "core/blas.h"
#include "core/product.h"
#include "io/versions.h"
#include "io/yaml.h"
#include "jobs/print.h"

#include <stdio.h>
#include <string.h>

static const struct {
  int code;
  const char *text;
} exits[] = {
    {EXIT_DONE, "done"},
    {EXIT_FAILED, "failed"},
    {EXIT_USAGE, "wrong usage or input; nothing was written"},
    {EXIT_SKIPPED, "done, but some samples were skipped"},
    {EXIT_AGAIN, "stopped on request; start the same command again to continue"},
};

void help_program(void)
{
  int wide = 0;

  printf("retrograd " RETROGRAD_VERSION ": backpropagation saliency of whole data sets\n\n"
         "Usage: retrograd JOB [options]      alone, or under mpirun or srun\n"
         "       retrograd JOB --help         what a job does and its options\n"
         "       retrograd --version\n\n"
         "Jobs:\n");
  for (const struct job *const *j = job_all; *j; j++)
    if ((int)strlen((*j)->name) > wide) wide = (int)strlen((*j)->name);
  for (const struct job *const *j = job_all; *j; j++) {
    printf("  %-*s  ", wide, (*j)->name);
    print_wrapped(wide + 4, wide + 4, (*j)->summary);
  }
  printf("\nExit codes:\n");
  for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
    printf("  %2d  %s\n", exits[i].code, exits[i].text);
}

void help_job(const struct job *j)
{
  printf("retrograd %s: ", j->name);
  print_wrapped((int)strlen(j->name) + 12, 2, j->summary);
  printf("\nUsage: %s\n\n", j->usage);
  if (j->about) {
    print_wrapped(0, 0, j->about);
    putchar('\n');
  }
  options_help(j->options);
}

void help_version(void)
{
  printf("retrograd " RETROGRAD_VERSION "\nkernels %s (%s)\n%s\n%s\nlibyaml %s\ncompiler %s\n",
         product_family(), product_vectors(), blas_family(), versions_text(), yaml_pairs_version(),
         __VERSION__);
}
