# Studies: sanity checks, input bias, and the papers' studies.
script(studies.sanity)
