/** @file
 *  The table of jobs. */
#include "jobs/job.h"

#include <stddef.h>

#define JOB(name) extern const struct job job_##name;
#include "jobs/job_list.h"
#undef JOB

const struct job *const job_all[] = {
#define JOB(name) &job_##name,
#include "jobs/job_list.h"
#undef JOB
    NULL,
};
