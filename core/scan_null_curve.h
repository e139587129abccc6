/* Intercept and slope of the logistic curve that tests/scan/null.py fitted. */
-1.8644, 3.2571
