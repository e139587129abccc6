"""Fuzz targets on their seeds, on the kept corpus and on every case that was found once (fuzz_seeds.py).

fuzz_run.py makes new executions.
"""

import os
import subprocess
import sys
import tempfile

import fuzz_seeds
from fuzz_seeds import TARGETS


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
    print("failed: " + ", ".join(failed) if failed else f"{len(TARGETS)} targets")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
