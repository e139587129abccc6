#!/usr/bin/env bash
# All tests: ./test.sh (under 15 minutes on 2 cores, installation excluded); ./test.sh long adds soaks,
# whole studies, fuzzing and benchmarks.  RETROGRAD_TESTS=regex runs only the tests that match.
set -euo pipefail
cd "$(dirname "$0")"

./install.sh test
jobs=$(nproc)
if [ "${1:-}" = long ]; then export LONG=1; fi

echo "== build, release: warnings are errors"
cmake --preset release -DWERROR=ON >/dev/null
cmake --build --preset release -j "$jobs"
echo "== build, address and undefined-behaviour sanitizers"
cmake --preset asan -DWERROR=ON >/dev/null
cmake --build --preset asan -j "$jobs"

echo "== tests"
status=0
ctest --test-dir build/release -j "$jobs" --output-on-failure -R "${RETROGRAD_TESTS:-.}" || status=1
echo "== tests under sanitizers"
ctest --test-dir build/asan -j "$jobs" --output-on-failure -L asan -R "${RETROGRAD_TESTS:-.}" || status=1
if [ "${1:-}" = long ]; then
  echo "== fuzzing"
  cmake --preset fuzz >/dev/null
  cmake --build --preset fuzz -j "$jobs"
  tests/fuzz_run.py || status=1
  echo "== benchmark"
  tests/bench/run.sh --write || status=1
fi
exit $status
