#!/usr/bin/env bash
# The benchmark, on an otherwise idle machine: tests/bench/run.sh [--write] [--quick] [--help].
# Builds what it times; ENGINE and RETROGRAD name other builds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

unset OPENBLAS_CORETYPE # a forced kernel family may halve the speed
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
if [ -z "${ENGINE:-}" ] || [ -z "${RETROGRAD:-}" ]; then
  cmake --preset release >/dev/null
  cmake --build --preset release --target engine retrograd >&2
fi
exec /usr/bin/python3 "$here/bench.py" "$@"
