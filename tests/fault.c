/** @file
 *  Makes one call of one rank fail; loaded before a program (LD_PRELOAD), which is the released one.
 *
 *    FAULT=rank:kind:n[:errno]   kind: open, read, write, reserve, sync, alloc, message, inner; n from 1
 *    FAULT_PATH=text             calls on files count where the path holds this, or ends with it where
 *                                the text ends with '$'
 *    FAULT_HOLD=file             the call does not fail: the file is made and the call waits HOLD
 *                                seconds, in the middle of a pwrite, so that a process can be killed there
 *
 *    FAULT_HASTE=1               alarms come after a hundredth of their time
 *    FAULT_CLOCK=after,step      so many seconds after the start the time of day is so many others
 *
 *  Allocations and messages count where the program itself makes them, not its libraries; `inner` are
 *  those collective calls that HDF5 makes.  A message is a call of MPI that reaches another rank; it
 *  fails as MPI does, through the error handler, or for files by what it returns. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <mpi.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { NOTHING, OPEN, READ, WRITE, RESERVE, SYNC, ALLOC, MESSAGE, INNER };
enum { HOLD = 20 };

static enum kind kind;
static long countdown;
static int why = EIO;
static const char *path_part = "", *held;
static uintptr_t program_from, program_to;

static double clock_after, clock_step, clock_began;

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t each);
extern void *__libc_realloc(void *block, size_t n);

/** The first object is the program. */
static int find_program(struct dl_phdr_info *info, size_t bytes, void *none)
{
  (void)bytes, (void)none;
  for (int k = 0; k < info->dlpi_phnum; k++) {
    if (info->dlpi_phdr[k].p_type != PT_LOAD || !(info->dlpi_phdr[k].p_flags & PF_X)) continue;
    program_from = info->dlpi_addr + info->dlpi_phdr[k].p_vaddr;
    program_to = program_from + info->dlpi_phdr[k].p_memsz;
  }
  return 1;
}

#define CALLER     __builtin_return_address(0)
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static double forward_clock(void)
{
  struct timespec now;
  (void)NEXT(clock_gettime)(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/** What the time of day is changed by at this moment. */
static time_t clock_change(void)
{
  return clock_began > 0.0 && forward_clock() - clock_began >= clock_after ? (time_t)clock_step : 0;
}

__attribute__((constructor)) static void read_clock(void)
{
  const char *text = getenv("FAULT_CLOCK");
  if (text && sscanf(text, "%lf,%lf", &clock_after, &clock_step) == 2)
    clock_began = forward_clock();
}

int clock_gettime(clockid_t id, struct timespec *now)
{
  const int failed = NEXT(clock_gettime)(id, now);
  if (!failed && id == CLOCK_REALTIME) now->tv_sec += clock_change();
  return failed;
}
int gettimeofday(struct timeval *restrict now, void *restrict none)
{
  const int failed = NEXT(gettimeofday)(now, none);
  if (!failed) now->tv_sec += clock_change();
  return failed;
}
time_t time(time_t *out)
{
  const time_t now = NEXT(time)(NULL) + clock_change();
  if (out) *out = now;
  return now;
}

__attribute__((constructor)) static void read_settings(void)
{
  static const char *const names[] = {"",     "open",  "read",    "write", "reserve",
                                      "sync", "alloc", "message", "inner"};
  const char *fault = getenv("FAULT"), *part = getenv("FAULT_PATH"), *me = getenv("PMIX_RANK");
  char name[16] = "";
  int rank = 0, number = EIO;
  long n = 0;
  if (!fault || sscanf(fault, "%d:%15[a-z]:%ld:%d", &rank, name, &n, &number) < 3) return;
  if (rank != (me ? (int)strtol(me, NULL, 10) : 0)) return;
  (void)dl_iterate_phdr(find_program, NULL);
  why = number;
  if (part) path_part = part;
  held = getenv("FAULT_HOLD");
  countdown = n;
  for (int k = OPEN; k <= INNER; k++)
    if (!strcmp(name, names[k])) kind = (enum kind)k;
}

/** Say that the call is under way, and wait. */
static void hold(void)
{
  FILE *f = fopen(held, "w");
  if (f) (void)fclose(f);
  struct timespec left = {.tv_sec = HOLD};
  while (nanosleep(&left, &left)) continue;
}

static bool counted(enum kind k)
{
  return k == kind && __atomic_sub_fetch(&countdown, 1, __ATOMIC_SEQ_CST) == 0;
}

/** True for the call that is to fail. */
static bool hit(enum kind k)
{
  if (!counted(k)) return false;
  if (held) {
    hold();
    return false;
  }
  errno = why;
  return true;
}

static bool is_wanted(const char *path)
{
  const size_t n = strlen(path), part = strlen(path_part);
  if (!part || path_part[part - 1] != '$') return strstr(path, path_part);
  return n >= part - 1 && !strncmp(path + n - (part - 1), path_part, part - 1);
}

static bool hit_path(enum kind k, const char *path)
{
  return k == kind && is_wanted(path) && hit(k);
}

/** Whether the descriptor is of a file that counts. */
static bool is_wanted_fd(enum kind k, int fd)
{
  char link[64], path[4096];
  if (k != kind) return false;
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return false;
  path[n] = 0;
  return is_wanted(path);
}

static bool hit_fd(enum kind k, int fd)
{
  return is_wanted_fd(k, fd) && hit(k);
}

typedef ssize_t pwrite_fn(int, const void *, size_t, off_t);

/** Half of the bytes, a pause, the rest. */
static ssize_t write_halves(pwrite_fn *real, int fd, const void *from, size_t n, off_t at)
{
  const ssize_t half = real(fd, from, n / 2, at);
  if (half != (ssize_t)(n / 2)) return half;
  hold();
  const ssize_t rest = real(fd, (const char *)from + half, n - n / 2, at + half);
  return rest < 0 ? rest : half + rest;
}

static ssize_t do_pwrite(pwrite_fn *real, int fd, const void *from, size_t n, off_t at)
{
  if (held && is_wanted_fd(WRITE, fd) && counted(WRITE)) return write_halves(real, fd, from, n, at);
  return hit_fd(WRITE, fd) ? -1 : real(fd, from, n, at);
}

static bool is_own(const void *caller)
{
  const uintptr_t at = (uintptr_t)caller;
  return at >= program_from && at < program_to;
}

static bool hit_own(enum kind k, const void *caller)
{
  return kind == k && is_own(caller) && hit(k);
}

static mode_t mode_of(int flags, va_list args)
{
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define OPENS(name)                           \
  int name(const char *path, int flags, ...)  \
  {                                           \
    va_list args;                             \
    va_start(args, flags);                    \
    const mode_t mode = mode_of(flags, args); \
    va_end(args);                             \
    if (hit_path(OPEN, path)) return -1;      \
    return NEXT(name)(path, flags, mode);     \
  }
OPENS(open)
OPENS(open64)

ssize_t read(int fd, void *to, size_t n)
{
  return hit_fd(READ, fd) ? -1 : NEXT(read)(fd, to, n);
}
ssize_t pread(int fd, void *to, size_t n, off_t at)
{
  return hit_fd(READ, fd) ? -1 : NEXT(pread)(fd, to, n, at);
}
ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
  return hit_fd(READ, fd) ? -1 : NEXT(pread64)(fd, to, n, at);
}
ssize_t preadv(int fd, const struct iovec *to, int n, off_t at)
{
  return hit_fd(READ, fd) ? -1 : NEXT(preadv)(fd, to, n, at);
}
ssize_t write(int fd, const void *from, size_t n)
{
  return hit_fd(WRITE, fd) ? -1 : NEXT(write)(fd, from, n);
}
ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
  return do_pwrite(NEXT(pwrite), fd, from, n, at);
}
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
  return do_pwrite(NEXT(pwrite64), fd, from, n, at);
}
ssize_t pwritev(int fd, const struct iovec *from, int n, off_t at)
{
  return hit_fd(WRITE, fd) ? -1 : NEXT(pwritev)(fd, from, n, at);
}
ssize_t writev(int fd, const struct iovec *from, int n)
{
  return hit_fd(WRITE, fd) ? -1 : NEXT(writev)(fd, from, n);
}
int fallocate(int fd, int mode, off_t at, off_t size)
{
  return hit_fd(RESERVE, fd) ? -1 : NEXT(fallocate)(fd, mode, at, size);
}
int fallocate64(int fd, int mode, off64_t at, off64_t size)
{
  return hit_fd(RESERVE, fd) ? -1 : NEXT(fallocate64)(fd, mode, at, size);
}
int fsync(int fd)
{
  return hit_fd(SYNC, fd) ? -1 : NEXT(fsync)(fd);
}

void *malloc(size_t n)
{
  return hit_own(ALLOC, CALLER) ? NULL : __libc_malloc(n);
}
void *calloc(size_t n, size_t each)
{
  return hit_own(ALLOC, CALLER) ? NULL : __libc_calloc(n, each);
}
void *realloc(void *block, size_t n)
{
  return hit_own(ALLOC, CALLER) ? NULL : __libc_realloc(block, n);
}

/** What MPI does with an operation that fails. */
static bool lost(MPI_Comm comm, const void *caller)
{
  if (!(is_own(caller) ? hit(MESSAGE) : hit(INNER))) return false;
  (void)MPI_Comm_call_errhandler(comm, MPI_ERR_OTHER);
  return true;
}
static bool lost_one_sided(MPI_Win window, const void *caller)
{
  if (!hit_own(MESSAGE, caller)) return false;
  (void)MPI_Win_call_errhandler(window, MPI_ERR_OTHER);
  return true;
}

int MPI_Allreduce(const void *from, void *to, int n, MPI_Datatype t, MPI_Op op, MPI_Comm c)
{
  return lost(c, CALLER) ? MPI_ERR_OTHER : PMPI_Allreduce(from, to, n, t, op, c);
}
int MPI_Bcast(void *data, int n, MPI_Datatype t, int root, MPI_Comm c)
{
  return lost(c, CALLER) ? MPI_ERR_OTHER : PMPI_Bcast(data, n, t, root, c);
}
unsigned alarm(unsigned seconds)
{
  return NEXT(alarm)(getenv("FAULT_HASTE") ? seconds / 100 : seconds);
}

int MPI_File_open(MPI_Comm c, const char *path, int mode, MPI_Info info, MPI_File *f)
{
  return hit(INNER) ? MPI_ERR_IO : PMPI_File_open(c, path, mode, info, f);
}
int MPI_Send(const void *from, int n, MPI_Datatype t, int to, int tag, MPI_Comm c)
{
  return lost(c, CALLER) ? MPI_ERR_OTHER : PMPI_Send(from, n, t, to, tag, c);
}
int MPI_Fetch_and_op(const void *from, void *to, MPI_Datatype t, int rank, MPI_Aint at, MPI_Op op,
                     MPI_Win w)
{
  return lost_one_sided(w, CALLER) ? MPI_ERR_OTHER
                                   : PMPI_Fetch_and_op(from, to, t, rank, at, op, w);
}
int MPI_Accumulate(const void *from, int n, MPI_Datatype t, int rank, MPI_Aint at, int n_to,
                   MPI_Datatype t_to, MPI_Op op, MPI_Win w)
{
  return lost_one_sided(w, CALLER) ? MPI_ERR_OTHER
                                   : PMPI_Accumulate(from, n, t, rank, at, n_to, t_to, op, w);
}
