#pragma once
/* The schema of a file while it is written down, entry by entry.
 *
 * Entries are kept in the order in which they are added.  Out of memory is no error until draft_end asks. */
#include "io/store.h"
#include "jobs/pool.h"

struct draft {
  struct pool *pool; /* of the texts and arrays that entries point to, and of the draft itself */
  struct store_schema schema; /* what was added; valid until the next entry */
  int room_attrs, room_dims, room_vars;
};

/** Errors: ERR_MEMORY. */
MUST_CHECK err draft_make(struct draft **out);

/** Whether all entries found memory.  Errors: ERR_MEMORY. */
MUST_CHECK err draft_end(const struct draft *d);

/** With everything that entries point to. */
void draft_free(struct draft **d);

/* Attributes of the root; the text must outlive the draft. */
void draft_text(struct draft *d, const char *name, const char *text);
void draft_number(struct draft *d, const char *name, int64_t value);

/** What every file says of itself: title, software, schema_version, job. */
void draft_root(struct draft *d, const char *title, const char *job);

/** A dimension; text [size] or NULL.  The entry is for more settings, until the next one is added; never NULL. */
struct store_dim *draft_dim(struct draft *d, const char *group, const char *name, int64_t size,
                            const char *const *text, const char *long_name);

/** A variable.  path: "group/name"; dims: names separated by blanks; data NULL: written later.
 *  The entry is for more settings, until the next one is added; never NULL. */
struct store_var *draft_var(struct draft *d, const char *path, enum store_type type,
                            const char *dims, const char *units, const void *data,
                            const char *long_name);

/** A number that a variable may hold, and its meaning: one word. */
struct draft_flag {
  int64_t value;
  const char *word;
};

/** Give a variable the attributes of numbers with meanings. */
void draft_flags(struct draft *d, struct store_var *v, const struct draft_flag *flags, int n);

/** The variable /samples/status: zero, with the meanings of a sample's states. */
void draft_status(struct draft *d, const char *long_name);

/** The group /checks: CRC-32 of each row of all variables so far that are written later along "sample".  After all
 *  other variables.  first: number of the first row in the data set; what: "sample", as messages call a row. */
void draft_checks(struct draft *d, int64_t rows, int64_t first, const char *about,
                  const char *what);
