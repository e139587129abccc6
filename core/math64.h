#pragma once
/* Elementary functions in double for numbers that go into files: the mathematics library has no say in
 * the bits, because its versions differ. */

/** ln x to 1e-15 of |ln x| or so; x > 0 and normal.  -infinity for 0. */
double math64_log(double x);

/** e^x to 1e-15 of itself, or so; 0 below -708 and infinity above 709. */
double math64_exp(double x);
