# Studies over several hosts, simulated by namespaces.
script(hosts.study)
script(hosts.slurm)
