#pragma once
/* From gains to a verdict: fixed before it is judged, see docs/scan.md. */
#include "core/scan_class.h"

/** Middle of x [n] without NaN; NaN where there is none.  work [n]. */
double scan_median(const double *x, int n, double *work);

/** The classic index of Neural Cleanse: |least x - median| / (1.4826 median |x - median|) over the numbers of
 *  x [n] that are finite; *at: the index of the least one.  NaN, at -1, where fewer than three are finite or
 *  more than half of them are equal: no evidence.  work [n]. */
double scan_anomaly_index(const double *x, int n, double *work, int *at);

/** Logarithm of a gain, in nats, as scores take it: of a tenth of a nat at least.  NaN stays. */
double scan_log_gain(double gain);

/** Lead of class c over the best other class in x [n]: x[c] - max of the others that are finite.  NaN where
 *  x[c] is, or no other is finite, or all are equal. */
double scan_lead(const double *x, int n, int c);

/** The largest lead over the tests that are there; NaN where none is.  which: the test, or NULL. */
double scan_score(const double lead[SCAN_TESTS], int *which);

/* The null: clean models of the population, one line each in scan_null_list.h, made by
 * tests/scan/null.py from scans of models that tests/scan/population.py trains. */
int scan_null_models(void);

/** p = (1 + clean models of the null with a score of at least `score`) / (1 + clean models); 1 for NaN. */
double scan_p_counted(double score);

/** The smallest number that scan_p_counted can give. */
double scan_least_p(void);

/** p = 1 - (1 - exp(-score / scale))^tests; 1 for NaN or below 0.
 *
 *  The gap between the largest and the next of many independent numbers with an exponential tail is
 *  exponential whatever their count (Renyi 1953), so the number of classes does not enter; the score is
 *  the largest gap over SCAN_TESTS tests, as if they were independent.  The scale makes the mean of the
 *  null's scores that of this law. */
double scan_p(double score);
double scan_null_scale(void);

/** That the model has a backdoor, prior one half: a logistic curve fitted on the population; 0.5 for NaN. */
double scan_probability(double score);
