/* What is measured of the maps of a sample: name and meaning, one per line; expanded several times, so no
 * include guard. */
BIAS(value_rank, "Spearman's correlation of |map| with sum_c |x_c| over pixels")
BIAS(dip, "1 - mean |map| at pixels near the blind colour / mean |map| of the image")
BIAS(inversion,
     "Spearman's correlation with the map of the inverted image, where it is predicted alike")
BIAS(inversion_absolute, "the same of |map|")
BIAS(moved_symmetric, "max |m - m'|, maps by max |.| with pixels in [0, 1] and in [-1, 1]")
BIAS(moved_own, "max |m - m'|, maps by max |.| with pixels in [0, 1] and as the model has them")
BIAS(seen, "mean |map| in the most relevant region / mean |map|")
BIAS(painted, "the same where that region is painted with the blind colour")
