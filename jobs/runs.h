#pragma once
/* What the log beside a study tells about its runs. */

struct runs {
  long writer;   /* process that is writing the study now (or -1 on another machine); 0: none */
  char *summary; /* one sentence, owned; NULL: there is no log */
  char *command; /* command line of the newest start, owned; NULL: not known */
};

/** Read the log of a study.  What cannot be read is left out.  Free with runs_free.
 *  Not in a process that writes the study. */
void runs_read(const char *study, struct runs *out);

void runs_free(struct runs *r);
