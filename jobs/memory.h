#pragma once
/* Memory of this process, as Linux counts it. */
#include <stdint.h>

struct memory {
  int64_t peak;      /* resident, at its highest so far */
  int64_t anonymous; /* resident and of no file: nobody else has it */
};

/** In bytes; zeros where the system does not tell. */
struct memory memory_now(void);

/** Give memory that was freed back to the system. */
void memory_trim(void);
