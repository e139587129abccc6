/* What a summary holds of a column of per-sample values: name and meaning, one per line; expanded several
 * times, so no include guard. */
SUMMARY(n, "samples with a value")
SUMMARY(mean, "their mean")
SUMMARY(low, "lower end of its interval")
SUMMARY(high, "upper end")
SUMMARY(median, "their median")
