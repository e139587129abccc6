"""Fuzz targets on their seeds, on the kept corpus and on every case that was found once (fuzz_seeds.py).

With LONG=1 and a libFuzzer build in build/fuzz (cmake --preset fuzz && cmake --build --preset fuzz) new
executions of all targets as well, for as many seconds as FUZZ_SECONDS says, a minute each where it is not
set.  fuzz_run.py runs each to its count and prints the table.
"""

import os
import subprocess
import sys
import tempfile

import fuzz_seeds
from fuzz_seeds import SOURCE, TARGETS

LONG_SECONDS = os.environ.get("FUZZ_SECONDS", str(60 * len(TARGETS)))


def run(target):
    """Exit code of a target on its files."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        fuzz_seeds.seeds(target, folder)
        fuzz_seeds.unpack(target, folder)
        files = [os.path.join(folder, n) for n in sorted(os.listdir(folder))] + fuzz_seeds.found(target)
        print(f"{target}: ", end="", flush=True)
        program = os.path.join(os.environ["FUZZ"], "fuzz_" + target)
        return subprocess.run([program, *files], env=dict(os.environ, TMPDIR=folder)).returncode


def main():
    failed = [target for target in TARGETS if run(target)]
    built = os.path.join(SOURCE, "build", "fuzz", "tests", "fuzz_" + TARGETS[-1])
    if os.environ.get("LONG", "") not in ("", "0") and os.path.exists(built):
        with tempfile.TemporaryDirectory() as folder:
            more = subprocess.run([sys.executable, os.path.join(SOURCE, "tests", "fuzz_run.py"), "--folder", folder,
                                   "--seconds", LONG_SECONDS, "--turn", "60"])
        if more.returncode:
            failed.append("new executions")
    print("failed: " + ", ".join(failed) if failed else f"{len(TARGETS)} targets")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
