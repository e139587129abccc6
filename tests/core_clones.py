"""Every clone of the functions marked SIMD that this CPU can run gives the same bits.

The same program is linked to the clones of one level of x86-64 at a time (clone_level.c); what it prints
must differ in the level alone."""
import os
import subprocess
import sys

SKIPPED = 77


def run(level):
    out = subprocess.run([os.environ["TOOL_CLONES"] + str(level)], check=True, capture_output=True, text=True).stdout
    first, *lines = out.splitlines()
    return int(first.split()[1]), lines


def main():
    found, reference = run(1)
    assert found == 1 and len(reference) > 300, f"level {found}, {len(reference)} results"
    levels = [1]
    for level in (3, 4):
        found, lines = run(level)
        if found != level:
            print(f"this CPU has no x86-64-v{level}: its clones are not run")
            continue
        levels.append(level)
        differ = [f"{a} | {b}" for a, b in zip(reference, lines) if a != b]
        assert len(lines) == len(reference) and not differ, f"v{level} against v1:\n" + "\n".join(differ[:20])
    print(f"{len(reference)} results with the same bits at levels {levels}")
    return 0 if len(levels) > 1 else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
