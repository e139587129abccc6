#!/usr/bin/env bash
# The whole way on a fresh Debian 12 machine: install, build, compute every kind of map of the shipped
# images on 2 ranks, draw panels.  Leaves demo/study.h5 and demo/panels/*.png.
set -euo pipefail
cd "$(dirname "$0")"

./install.sh
cmake --preset release >/dev/null
cmake --build --preset release

export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 OMPI_MCA_mpi_yield_when_idle=1
# Containers and build machines often run as root, which mpirun refuses unless told otherwise.
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
retrograd=build/release/retrograd

mpirun -n 2 --oversubscribe --bind-to none $retrograd attribute \
  --model demo/shapes.onnx --data demo/manifest.csv --out demo/study.h5 --force \
  --methods gradient,input_x_gradient,guided_backprop,deconvnet,grad_cam,linear_approx,normgrad,normgrad_selective \
  --layers 'input,*relu*,last' --targets predicted,least
$retrograd inspect demo/study.h5
rm -rf demo/panels
$retrograd render demo/study.h5 --out demo/panels --samples 0-7

# Does a class of the two demo models look for something that it should not?  (docs/scan.md)
for model in shapes shapes_backdoor; do
  mpirun -n 2 --oversubscribe --bind-to none $retrograd scan --model demo/$model.onnx --out demo/scan_$model.h5 \
    --force --quiet --png demo/scan_$model.png
done
echo "look at demo/panels/*.png; open demo/study.h5 with xarray, h5py or HDFView (docs/analysis.md)"
