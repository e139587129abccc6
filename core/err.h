#pragma once
/* Errors: one list of codes with their meaning, one record of what went wrong, and the three
 * macros by which a failure travels up to main. */

#define ERR_LIST(E)                                      \
  E(ERR_USAGE, "wrong option or argument")               \
  E(ERR_INPUT, "an input file is missing or not usable") \
  E(ERR_FORMAT, "a file does not hold what it should")   \
  E(ERR_SHAPE, "tensor shapes do not agree")             \
  E(ERR_UNSUPPORTED, "feature not supported")            \
  E(ERR_MEMORY, "out of memory")                         \
  E(ERR_IO, "reading or writing failed")                 \
  E(ERR_MISMATCH, "the file belongs to another study")   \
  E(ERR_BUSY, "another run is writing this file")        \
  E(ERR_PEER, "another rank failed")

typedef enum err {
  ERR_OK = 0,
#define E(name, text) name,
  ERR_LIST(E)
#undef E
} err;

#define MUST_CHECK __attribute__((warn_unused_result))

/** Record a failure of this thread: code, place and text; returns code.  The text should say what
 *  is wrong, where, and what to do.  An earlier record of this thread is replaced. */
MUST_CHECK err err_raise(err code, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** Add one place to the chain of the recorded failure; returns code. */
MUST_CHECK err err_trace(err code, const char *file, int line);

/** Text of the failure recorded last on this thread, without places.  Never NULL. */
const char *err_message(void);

/** The places that the failure recorded last on this thread passed through, "a.c:1 < b.c:2". */
const char *err_chain(void);

/** What a code means in general. */
const char *err_meaning(err code);

/* A recorded failure is never ERR_OK; static analysis cannot see that by itself. */
static inline err err_certain(err code)
{
  if (code == ERR_OK) __builtin_unreachable();
  return code;
}

#define FAIL(code, ...) err_certain(err_raise((code), __FILE__, __LINE__, __VA_ARGS__))

#define CHECK(cond, code, ...)                     \
  do {                                             \
    if (!(cond)) return FAIL((code), __VA_ARGS__); \
  } while (0)

#define TRY(call)                                                  \
  do {                                                             \
    const err e_ = (call);                                         \
    if (e_) return err_certain(err_trace(e_, __FILE__, __LINE__)); \
  } while (0)

/** Like TRY, for a function that has cleaning up to do at its label `done`; needs `err e`. */
#define TRY_DONE(call)                                   \
  do {                                                   \
    e = (call);                                          \
    if (e) {                                             \
      e = err_certain(err_trace(e, __FILE__, __LINE__)); \
      goto done;                                         \
    }                                                    \
  } while (0)

/** Like CHECK, for a function that has cleaning up to do at its label `done`; needs `err e`. */
#define CHECK_DONE(cond, code, ...)  \
  do {                               \
    if (!(cond)) {                   \
      e = FAIL((code), __VA_ARGS__); \
      goto done;                     \
    }                                \
  } while (0)
