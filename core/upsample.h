#pragma once
/* Making a map as large as a picture. */

/** Bilinear interpolation between pixel centres (align_corners = False), separable:
 *
 *    src = max((d + 0.5) * in / out - 0.5, 0),  i0 = floor(src),  i1 = min(i0 + 1, in - 1)
 *    out[d] = in[i0] + (src - i0) * (in[i1] - in[i0])        along each axis
 *
 *  computed in double and rounded once.  Equal extents copy; shrinking does not average.
 *
 *  in   [in_height, in_width]    read only
 *  out  [out_height, out_width]  overwritten
 *  All extents are at least 1.  Cannot fail.  Source: METHODS section 8, item 3. */
void upsample_bilinear(const float *in, int in_height, int in_width, float *out, int out_height,
                       int out_width);

/** The same between the corners (align_corners = True):  src = d (in - 1) / (out - 1),  0 where out is 1. */
void upsample_corners(const float *in, int in_height, int in_width, float *out, int out_height,
                      int out_width);

/** The nearest of the input:  src = floor(d in / out). */
void upsample_nearest(const float *in, int in_height, int in_width, float *out, int out_height,
                      int out_width);
