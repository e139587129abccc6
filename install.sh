#!/usr/bin/env bash
# Install what is missing on Debian 12: ./install.sh for building and running, ./install.sh test for the
# tests as well.  Uses sudo where it is not run as root; does nothing where all is there.
set -euo pipefail

packages="build-essential cmake ninja-build pkg-config openmpi-bin libopenmpi-dev libhdf5-openmpi-dev
  libopenblas-serial-dev libpng-dev libjpeg62-turbo-dev libprotobuf-c-dev protobuf-c-compiler libonnx-dev
  libjansson-dev librandom123-dev libdeflate-dev libyaml-dev libssl-dev libzip-dev libfreetype-dev fonts-dejavu-core libplplot-dev plplot-driver-cairo"
tests="libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev hdf5-tools netcdf-bin python3-numpy python3-scipy python3-skimage python3-h5py
  python3-h5netcdf python3-netcdf4 python3-xarray python3-pil python3-onnx python3-torch python3-torchvision"
cluster="slurm-wlm munge iproute2 strace"   # tests that need these are skipped where they can't be installed
[ "${1:-}" = test ] && packages="$packages $tests"

# Those of the packages that are not there, each with a space before it.
missing_of() {
  local p
  for p in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || printf ' %s' "$p"
  done
}

# shellcheck disable=SC2086
missing=$(missing_of $packages) more=
# shellcheck disable=SC2086
[ "${1:-}" != test ] || more=$(missing_of $cluster)
[ -n "$missing$more" ] || exit 0
root=
[ "$(id -u)" = 0 ] || root=sudo
echo "installing:$missing$more"
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -qq
# shellcheck disable=SC2086
[ -z "$missing" ] || $root apt-get install -y -qq --no-install-recommends $missing >/dev/null
# shellcheck disable=SC2086
[ -z "$more" ] || $root apt-get install -y -qq --no-install-recommends $more >/dev/null ||
  echo "not installed:$more; the tests on Slurm or on several hosts are skipped"
