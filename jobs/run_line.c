/** @file
 *  The first line of a run. */
#include "jobs/run_line.h"

#include "core/product.h"
#include "pipeline/comm.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/** This process's own command line, as the kernel keeps it. */
static json_t *command_line(void)
{
  char text[65536];
  json_t *list = json_array();
  FILE *f = fopen("/proc/self/cmdline", "rb");
  const size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
  if (f) (void)fclose(f);
  text[n] = 0;
  for (size_t i = 0; i < n; i += strlen(text + i) + 1)
    (void)json_array_append_new(list, json_string(text + i));
  return list;
}

/** Variables that tell where and how the run was started; Slurm's access token is nobody's business. */
static json_t *variables(void)
{
  static const char *const prefix[] = {"SLURM_",    "OPENBLAS_", "OMP_",          "OMPI_MCA_",
                                       "PMIX_MCA_", "HDF5_",     "LOADEDMODULES="};
  json_t *o = json_object();
  for (char **v = environ; *v; v++) {
    for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++) {
      const char *equals = strchr(*v, '=');
      if (!equals || strncmp(*v, prefix[i], strlen(prefix[i])) != 0) continue;
      if (strncmp(*v, "SLURM_JWT=", 10) == 0) continue;
      char name[128];
      (void)snprintf(name, sizeof name, "%.*s", (int)(equals - *v), *v);
      (void)json_object_set_new(o, name, json_string(equals + 1));
    }
  }
  return o;
}

static json_t *now(void)
{
  char text[32] = "";
  const time_t t = time(NULL);
  struct tm utc = {0};
  if (gmtime_r(&t, &utc)) (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return json_string(text);
}

err run_line_make(const char *job, char **line)
{
  char host[256] = "";
  (void)gethostname(host, sizeof host - 1);
  json_t *o = json_object();
  int bad = json_object_set_new(o, "event", json_string("start"));
  bad |= json_object_set_new(o, "job", json_string(job));
  bad |= json_object_set_new(o, "time", now());
  bad |= json_object_set_new(o, "version", json_string(RETROGRAD_VERSION));
  bad |= json_object_set_new(o, "command", command_line());
  bad |= json_object_set_new(o, "host", json_string(host));
  bad |= json_object_set_new(o, "ranks", json_integer(comm_size()));
  bad |= json_object_set_new(o, "kernel_family", json_string(product_family()));
  bad |= json_object_set_new(o, "vectors", json_string(product_vectors()));
  bad |= json_object_set_new(o, "environment", variables());
  *line = bad ? NULL : json_dumps(o, JSON_COMPACT);
  json_decref(o);
  CHECK(*line, ERR_MEMORY, "no memory for the run log");
  return ERR_OK;
}
