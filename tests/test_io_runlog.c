/** @file
 *  The log of the runs and its lock. */
#include "io/runlog.h"
#include "study_files.h"

#include <fcntl.h>
#include <sys/wait.h>

static const char *study(void **state, const char *name, char path[PATH])
{
  if (snprintf(path, PATH, "%s/%s", (const char *)*state, name) >= PATH) abort();
  return path;
}

/** Bytes put at the end of a study's log, as a killed run leaves them. */
static void leave(const char *path, const char *bytes)
{
  char log[PATH + 16];
  (void)snprintf(log, sizeof log, "%s.runs.jsonl", path);
  const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
  (void)close(fd);
}

static void append(const char *path, const char *line)
{
  struct runlog *l = NULL;
  assert_int_equal(runlog_open(path, &l), ERR_OK);
  assert_int_equal(runlog_append(l, line), ERR_OK);
  runlog_close(&l);
  assert_null(l);
}

static void lines_are_kept(void **state)
{
  char path[PATH];
  char **lines = NULL;
  int64_t n = -1;
  assert_int_equal(runlog_read(study(state, "a.h5", path), &n, &lines), ERR_OK);
  assert_int_equal(n, 0);
  free(lines);
  append(path, "{\"run\": 1}");
  append(path, "{\"run\": 2, \"text\": \"a\\nb\"}");
  assert_int_equal(runlog_read(path, &n, &lines), ERR_OK);
  assert_int_equal(n, 2);
  assert_string_equal(lines[0], "{\"run\": 1}");
  assert_string_equal(lines[1], "{\"run\": 2, \"text\": \"a\\nb\"}");
  free(lines);
}

/** A torn line is ended by the next run and skipped by readers, wherever it is. */
static void torn_lines_are_skipped(void **state)
{
  char path[PATH], whole[] = "{\"run\": 7, \"text\": \"}\"}", part[64];
  for (size_t cut = 1; cut < strlen(whole); cut++) {
    char **lines = NULL;
    int64_t n = 0;
    (void)snprintf(part, sizeof part, "torn%d.h5", (int)cut);
    (void)study(state, part, path);
    append(path, "{\"run\": 6}");
    (void)snprintf(part, cut + 1, "%s", whole);
    leave(path, part);
    assert_int_equal(runlog_read(path, &n, &lines), ERR_OK);
    assert_int_equal(n, 1);
    free(lines);
    append(path, "{\"run\": 8}");
    assert_int_equal(runlog_read(path, &n, &lines), ERR_OK);
    assert_int_equal(n, 2);
    assert_string_equal(lines[1], "{\"run\": 8}");
    free(lines);
  }
}

static void line_breaks_are_refused(void **state)
{
  char path[PATH];
  struct runlog *l = NULL;
  assert_int_equal(runlog_open(study(state, "b.h5", path), &l), ERR_OK);
  assert_int_equal(runlog_append(l, "{\n}"), ERR_FORMAT);
  runlog_close(&l);
  assert_int_equal(runlog_open(study(state, "no/folder.h5", path), &l), ERR_IO);
}

/** In a child: is the study busy, and does the message name process and host? */
static int child_sees_busy(const char *path, pid_t holder)
{
  struct runlog *l = NULL;
  char process[32];
  (void)snprintf(process, sizeof process, "process %ld", (long)holder);
  const bool busy = runlog_open(path, &l) == ERR_BUSY;
  return busy && strstr(err_message(), process) && strstr(err_message(), "node17") ? 0 : 1;
}

static int child_takes_and_dies(const char *path)
{
  struct runlog *l = NULL;
  if (runlog_open(path, &l) != ERR_OK) return 1;
  return runlog_append(l, "{\"run\": \"child\"}") != ERR_OK; /* not closed: the kernel unlocks */
}

static void one_run_at_a_time(void **state)
{
  char path[PATH];
  int status = 0;
  struct runlog *l = NULL;
  const pid_t self = getpid();
  append(study(state, "c.h5", path), "{\"host\": \"node17\"}");
  assert_int_equal(runlog_open(path, &l), ERR_OK);
  pid_t child = fork();
  if (child == 0) _exit(child_sees_busy(path, self));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  runlog_close(&l);
  child = fork();
  if (child == 0) _exit(child_takes_and_dies(path));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(runlog_open(path, &l), ERR_OK);
  runlog_close(&l);
}

int main(void)
{
  char folder[] = "/tmp/test_io_runlog_XXXXXX", command[64];
  if (!mkdtemp(folder)) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(lines_are_kept, folder),
      cmocka_unit_test_prestate(torn_lines_are_skipped, folder),
      cmocka_unit_test_prestate(line_breaks_are_refused, folder),
      cmocka_unit_test_prestate(one_run_at_a_time, folder),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command) != 0 || failed;
}
