/* Intercept and slope of the logistic curve that tests/scan/null.py fitted. */
- 2.4677, 3.5138
