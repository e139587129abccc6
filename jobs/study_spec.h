#pragma once
/* A study: jobs run one after the other, and a page that puts their numbers beside a paper's.
 * One per file in jobs/studies/, one line in study_list.h. */
#include "core/err.h"
#include "jobs/option.h"
#include "jobs/report.h"

/** A run of a job; its arguments beside model, data and what was given to the study. */
struct study_step {
  const char *job, *file;  /* the job, and its file in the study's folder */
  const char *of;          /* NULL: of model and data; else of the file of an earlier step */
  const char *const *args; /* ended by NULL; "@/" at the front of a value is the study's folder */
};

/** A number of ours beside a published one: the mean over samples. */
struct study_number {
  const char *what, *published;
  struct report_pick ours;
};

/** A finding: the mean over samples (or classes) of a - b (b.file NULL: of a) is above `margin`, or below it. */
struct study_claim {
  const char *text;
  struct report_pick a, b;
  double margin;
  bool below;
};

struct study_spec {
  const char *name, *summary;
  const char *paper, *where; /* section and figure */
  const char *measures, *found;
  const char *source;  /* of the published numbers, and what differs from them here */
  const char *targets; /* likewise: whose maps; NULL: steps say */
  const char *over;    /* what means are over; NULL: images */
  const char *second;  /* the file of the step on a second model; left out where there is none */
  bool no_images;      /* it can do without data */
  bool objects;        /* it wants to know where objects are */
  err (*check_trigger)(const char *trigger, const struct options *of_step); /* NULL: none */
  const char *layers;             /* where maps are taken unless the user says; NULL: steps say */
  const struct study_step *steps; /* ended by {0} */
  const struct study_number *numbers; /* ended by {0}, or NULL */
  const struct study_claim *claims;   /* ended by {0} */
  err (*figures)(struct report *r);   /* draws, and puts figures on the page */
};

/** All studies, in the order of study_list.h, ended by NULL. */
extern const struct study_spec *const study_all[];
