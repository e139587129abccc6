#!/usr/bin/python3
"""What corrupt bytes in an HDF5 data set do: refused, read all the same, or a crash inside the HDF5 library.

    fuzz_hdf5_corrupt.py --tool build/release/tests/tool_dataset [--files 3000] [--seed 0]

Each file is a sound data set of 12 images, in one of three layouts, with some bytes of it changed: anywhere, in what is
no picture, or cut off.  Crashes are listed by the innermost functions of libhdf5 (gdb is asked where it is there); one in the program's
own code is a failure, exit code 1.  docs/proof.md has the list.
"""

import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy

SECONDS = 20
KINDS = ("anywhere", "structure", "cut")


def make(path, layout):
    """A data set of 12 images; returns the ranges of bytes that hold its pictures."""
    x = numpy.random.default_rng(1).integers(0, 255, (12, 8, 8, 3), dtype=numpy.uint8)
    more = {"plain": {}, "chunks": {"chunks": (2, 8, 8, 3)},
            "packed": {"chunks": (4, 8, 8, 3), "compression": "gzip", "shuffle": True, "fletcher32": True}}[layout]
    with h5py.File(path, "w") as f:
        f.create_dataset("x", data=x, **more)
        f.create_dataset("y", data=numpy.arange(12, dtype=numpy.uint8) % 10)
        if layout == "plain":
            return [(f["x"].id.get_offset(), f["x"].id.get_storage_size())]
        d = f["x"].id
        return [(c.byte_offset, c.size) for c in (d.get_chunk_info(i) for i in range(d.get_num_chunks()))]


def spoil(sound, pictures, kind, rng):
    data = bytearray(sound)
    if kind == "cut":
        return bytes(data[:rng.randrange(1, len(data))])
    places = list(range(len(data)))
    if kind == "structure":
        inside = {i for at, n in pictures for i in range(at, at + n)}
        places = [i for i in places if i not in inside]
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.choice(places)
        data[at] = rng.choice((0, 0xff, data[at] ^ 1 << rng.randrange(8), rng.randrange(256)))
    return bytes(data)


def frames(command):
    """Functions of a crash, innermost first, and whether HDF5 is among them."""
    if not shutil.which("gdb"):
        return "(no gdb)", True
    text = subprocess.run(["gdb", "-batch", "-ex", "run", "-ex", "bt 12", "--args", *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120).stdout
    names = re.findall(r"(?m)^#\d+ +(?:0x[0-9a-f]+ in )?([\w?]+) ?\(", text)
    return " < ".join(names[:4]), any(n.startswith("H5") for n in names) or "libhdf5" in text


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--tool", required=True)
    ask.add_argument("--files", type=int, default=3000)
    ask.add_argument("--seed", type=int, default=0)
    o = ask.parse_args()
    rng = random.Random(o.seed)
    ends, crashes, ours = collections.Counter(), {}, 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        path, sets = os.path.join(folder, "x.h5"), []
        for layout in ("plain", "chunks", "packed"):
            pictures = make(path, layout)
            with open(path, "rb") as f:
                sets.append((layout, f.read(), pictures))
        for i in range(o.files):
            (layout, sound, pictures), kind = sets[i % 3], KINDS[i // 3 % 3]
            with open(path, "wb") as f:
                f.write(spoil(sound, pictures, kind, rng))
            command = [o.tool, path, "3", "8", "8", "10", "12", os.path.join(folder, "out")]
            try:
                code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, timeout=SECONDS).returncode
            except subprocess.TimeoutExpired:
                code = "hangs"
            end = "read" if code == 0 else "refused" if code in (1, 2, 3) else f"signal {-code}" if isinstance(code, int) else code
            ends[end] += 1
            if end in ("read", "refused"):
                continue
            where, theirs = frames(command) if end != "hangs" else ("", True)
            ours += not theirs
            crashes.setdefault((end, where, theirs), []).append(f"{layout}/{kind}")
    print(f"{o.files} files (seed {o.seed}): " + ", ".join(f"{n} {k}" for k, n in sorted(ends.items())))
    for (end, where, theirs), seen in sorted(crashes.items(), key=lambda c: -len(c[1])):
        print(f"{len(seen):5} {end} {'in HDF5' if theirs else 'in OUR code'}: {where}  e.g. {seen[0]}")
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main())
