"""Questions to tool_metric, answered by lines of numbers; random and degenerate maps."""
import atexit
import os
import shutil
import subprocess
import tempfile

import numpy as np

EXTENTS = ((1, 1), (1, 7), (5, 5), (7, 7), (13, 29), (48, 48), (96, 80))


class Tool:
    """Questions gathered, then asked in one run of the tool."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, self.folder)
        self.lines = []

    def file(self, array, kind):
        path = os.path.join(self.folder, f"{len(os.listdir(self.folder))}.{kind}")
        np.ascontiguousarray(array, dtype="<" + kind).tofile(path)
        return path

    def ask(self, *words):
        self.lines.append("\t".join(str(w) for w in words))

    def answers(self):
        done = subprocess.run([os.environ["TOOL_METRIC"]], input="\n".join(self.lines) + "\n", text=True, check=True,
                              stdout=subprocess.PIPE).stdout.splitlines()
        assert len(done) == len(self.lines), (len(done), len(self.lines))
        self.lines = []
        return [np.array([float(v) for v in line.split()]) for line in done]


def maps(height, width, rng):
    """Named maps, float32: random and degenerate."""
    shape = (height, width)
    out = {"random": rng.standard_normal(shape), "other": rng.standard_normal(shape),
           "skewed": np.exp(3 * rng.standard_normal(shape)), "ties": rng.integers(-2, 3, shape),
           "sparse": rng.standard_normal(shape) * (rng.random(shape) < 0.02), "constant": np.full(shape, 0.1),
           "zero": np.zeros(shape), "negative": -np.abs(rng.standard_normal(shape)),
           "tiny": 1e-38 * rng.standard_normal(shape), "huge": 1e30 * rng.standard_normal(shape),
           "nan": np.where(np.arange(height * width).reshape(shape) == height * width // 2, np.nan, 1.0)}
    y, x = np.mgrid[:height, :width]
    out["smooth"] = np.exp(-((y - height / 3) ** 2 + (x - width / 2) ** 2) / (1 + height * width / 40))
    out["ramp"] = x + 2 * y
    return {name: np.asarray(v, "f4") for name, v in out.items()}


def same(got, want, tolerance=1e-6):
    """NaN where NaN, else within the tolerance of the larger of 1 and |want|."""
    if np.isnan(want) or np.isnan(got):
        return bool(np.isnan(want) and np.isnan(got))
    return abs(got - want) <= tolerance * max(1.0, abs(want))
