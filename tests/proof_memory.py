"""Memory of a rank does not grow with the number of images, and --dry-run states it.

Peaks are ru_maxrss of the finished process, which is its own: this parent stays small, and a child
begins with a copy of it.
"""

import os
import re
import subprocess
import sys

import proof

GROWTH = 0.03
STATED = 0.10


def peak(*args):
    """(stdout, peak resident MiB) of one process of the program."""
    with subprocess.Popen([proof.PROGRAM, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        out = process.stdout.read()  # short enough not to fill the other pipe
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(f"exit code {process.returncode}: {error}")
    return out, usage.ru_maxrss / 1024


class Memory(proof.Case):
    def manifest(self, paths, count):
        lines = ["path"] + [paths[i % len(paths)] for i in range(count)]
        return self.file(f"list{count}.csv", "\n".join(lines) + "\n")

    def measure(self, name, paths, counts, settings):
        """Peaks of runs over so many samples, and what --dry-run states."""
        peaks = []
        for count in counts:
            args = ["attribute", "--model", proof.model(name), "--data", self.manifest(paths, count), "--out",
                    self.path("study.h5"), "--quiet", "--force", *settings]
            peaks.append(peak(*args)[1])
        out, _ = peak(*args, "--dry-run")
        stated = float(re.search(r"(?m)^memory +([0-9.]+) MiB per rank", out).group(1))
        proof.figure(f"{name}, {' '.join(settings)}: " + ", ".join(
            f"{p:.1f} MiB for {n} images" for p, n in zip(peaks, counts)) + f"; --dry-run states {stated:.1f} MiB")
        self.assertLess(max(peaks) / min(peaks) - 1, GROWTH)
        for p in peaks:
            self.assertLess(abs(p / stated - 1), STATED)

    def demo_images(self):
        folder = proof.demo("images")
        return sorted(os.path.join(d, f) for d, _, files in os.walk(folder) for f in files)

    def test_shapes(self):
        self.measure("shapes", self.demo_images(), (64, 640), ("--layers", "input,last", "--methods", "gradient"))
        self.measure("shapes", self.demo_images(), (16, 48), ("--layers", "all", "--methods", "basic"))

    def test_mobilenet_v2(self):
        folder = os.path.join(proof.SHARED, "images", "imagenet")
        if not os.path.isdir(folder):
            self.skipTest("no optional data")
        paths = sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".JPEG"))
        settings = ("--layers", "input,last", "--methods", "gradient,grad_cam,normgrad")
        counts = (64, 640) if proof.LONG else (8, 64)
        self.measure("mobilenet_v2_1.0_224", paths, counts, settings)
        if proof.LONG:
            self.measure("mobilenet_v2_1.0_224", paths, (4, 16), ("--layers", "all", "--methods", "basic"))


if __name__ == "__main__":
    proof.need()
    proof.demo("shapes.onnx")
    if not sys.platform.startswith("linux"):
        proof.skip("peaks are read as Linux gives them")
    proof.main()
