/* Intercept and slope of the logistic curve that tests/scan/null.py fitted. */
-3.1486, 4.1262
