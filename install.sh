#!/usr/bin/env bash
# Install what is missing on Debian 12: ./install.sh for building and running, ./install.sh test for the
# tests as well.  Uses sudo where it is not run as root; does nothing where all is there.
set -euo pipefail

packages="build-essential cmake ninja-build pkg-config openmpi-bin libopenmpi-dev libhdf5-openmpi-dev
  libopenblas-serial-dev libpng-dev libjpeg62-turbo-dev libprotobuf-c-dev protobuf-c-compiler libonnx-dev
  libjansson-dev libyaml-dev libssl-dev libzip-dev libfreetype-dev fonts-dejavu-core"
tests="libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev hdf5-tools netcdf-bin python3-numpy python3-scipy python3-h5py
  python3-h5netcdf python3-netcdf4 python3-xarray python3-pil python3-onnx python3-torch python3-torchvision
  slurm-wlm munge iproute2"
[ "${1:-}" = test ] && packages="$packages $tests"

missing=
for p in $packages; do
  dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
root=
[ "$(id -u)" = 0 ] || root=sudo
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# shellcheck disable=SC2086
$root apt-get install -y -qq --no-install-recommends $missing >/dev/null
