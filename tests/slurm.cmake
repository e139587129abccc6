# Studies on a real Slurm, which the test starts itself.
script(slurm.studies)
