# Kernels by name, threads, Winograd on and off, time by node.
script(cli.kernels)
script(cli.profile)
script(cli.winograd)
