# Studies: sanity checks, input bias, and the papers' studies.
check(io.plot io)
script(studies.sanity)
script(studies.bias)
script(studies.run)
