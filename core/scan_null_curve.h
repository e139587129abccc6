/* Intercept and slope of the logistic curve that tests/scan/null.py fitted. */
-2.8236, 4.0479
