# shellcheck shell=bash disable=SC2034
# What a site changes, in one place: read by slurm/submit and by every job, with bash.
# Each setting can also be given in the environment of one submission.

# The program, where it is not on PATH, and the modules with its libraries:
# module load openmpi hdf5-openmpi openblas
RETROGRAD=${RETROGRAD:-retrograd}

# Partition, account and the like: sbatch and srun read SBATCH_* and SLURM_* from the environment.
# export SBATCH_PARTITION=compute SLURM_PARTITION=compute
# export SBATCH_ACCOUNT=project SLURM_ACCOUNT=project

# How ranks are started.  Open MPI needs a PMIx of Slurm's (`srun --mpi=list` names them), whatever the
# site's default is.  Where there is none, `LAUNCH=(mpirun)` works: it asks Slurm for the nodes by itself.
LAUNCH=(srun --mpi=pmix --kill-on-bad-exit=1)

# How slurm/submit measures a unit: on this machine ("here") or on a compute node ("srun": waits in the
# queue, but measures the CPU that will do the work, and spares the login node a data set of millions).
PROBE=${PROBE:-here}

# Nodes with different CPUs are fine: the program's own kernels give the same bits on every CPU with
# fused multiply-add.  Only studies with --blas-core depend on the CPU; ranks that differ are refused.

# A job that has been put back into the queue so often ends with exit code 75 instead.
MAX_RESTARTS=${MAX_RESTARTS:-100}

# One rank is one core: a BLAS with threads of its own would share it.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

# File systems without flock(): HDF5's readers go on without it.  Two runs that write one study are kept
# apart by a lock of fcntl() on its run log, which the file system must have (Lustre: mount option flock).
export HDF5_USE_FILE_LOCKING=${HDF5_USE_FILE_LOCKING:-BEST_EFFORT}

# Open MPI would make and remove OUT.locktest.* files beside every study that is opened.
export OMPI_MCA_sharedfp=${OMPI_MCA_sharedfp:-^lockedfile}

# A striped file system: how many servers hold one study; see docs/cluster.md.  An empty STRIPES leaves
# the folder's setting.  Called before the study's file exists, with the folder that it will be in.
STRIPES=${STRIPES:-}
stripe() {
  [ -z "$STRIPES" ] || ! command -v lfs >/dev/null || lfs setstripe -c "$STRIPES" -S 4M "$1" || true
}
