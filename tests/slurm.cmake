# Studies on a real Slurm, which the test starts itself, and what they cost a file system.
script(slurm.studies)
script(slurm.cost)
