"""What the end-to-end proofs share: running the program, reading studies, printing figures.

Foreign modules are imported where they are used: a small parent keeps measured memory small.
"""

import functools
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.environ.get("RETROGRAD", "retrograd")
SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("SHARED_DATA", os.path.join(SOURCE, "..", "shared", "data"))
LONG = os.environ.get("LONG", "") not in ("", "0")
SKIPPED = 77

# Ranks of one machine, more of them than cores; one BLAS thread each.
ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
for name, value in ENVIRONMENT.items():
    os.environ.setdefault(name, value)


def skip(message):
    """End the script as skipped."""
    print(f"skipped: {message}")
    sys.exit(SKIPPED)


def need(*modules):
    """Skip the script unless these Python modules are there."""
    if not shutil.which(PROGRAM):
        skip(f"there is no program {PROGRAM} (set RETROGRAD)")
    for module in modules:
        try:
            __import__(module)
        except ImportError:
            skip(f"no {module} for {sys.executable}")


def shared(*parts):
    """A file of the optional data; skips the script where it is absent."""
    path = os.path.join(SHARED, *parts)
    if not os.path.exists(path):
        skip(f"there is no {path} (set SHARED_DATA)")
    return path


def demo(*parts):
    """A file of the demonstration data, in the repository or beside it."""
    for folder in (os.path.join(SOURCE, "demo"), os.path.join(SHARED, "demo")):
        path = os.path.join(folder, *parts)
        if os.path.exists(os.path.join(folder, "shapes.onnx")) and os.path.exists(path):
            return path
    return shared("demo", *parts)


def model(name):
    """ONNX file of a model: the demonstration's or one of the optional data."""
    return demo("shapes.onnx") if name == "shapes" else shared("models", name + ".onnx")


@functools.cache
def table(title):
    """Rows of one table of `retrograd methods`, each a list of its cells."""
    out = run("methods", "--format", "markdown").out.split(f"### {title}\n")[1].split("\n###")[0]
    return [line.strip("| ").split(" | ") for line in out.split("\n") if line.startswith("| `")]


def listed(title):
    """First column of one table of `retrograd methods`."""
    return [row[0].strip("`") for row in table(title)]


def png(pixels):
    """Bytes of a PNG file of an image [H, W, 3] of bytes."""
    import PIL.Image
    out = io.BytesIO()
    PIL.Image.fromarray(pixels).save(out, "png")
    return out.getvalue()


def figure(text):
    """Print a measured figure; they go into the documentation."""
    print(text, flush=True)


class Done:
    """A finished run: exit code, stdout, stderr, wall time."""

    def __init__(self, code, out, error, seconds):
        self.code, self.out, self.error, self.seconds = code, out, error, seconds


def command(args, ranks=1):
    """The command line, under mpirun where there are several ranks."""
    return [*(["mpirun", "-n", str(ranks)] if ranks > 1 else []), PROGRAM, *map(str, args)]


def run(*args, ranks=1, code=0, timeout=300, **more):
    """Run the program to its end; fails unless it ends with exit code `code` (None: any)."""
    began = time.monotonic()
    got = subprocess.run(command(args, ranks), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, text=True, timeout=timeout, **more)
    done = Done(got.returncode, got.stdout, got.stderr, time.monotonic() - began)
    if code is not None and done.code != code:
        raise AssertionError(f"exit code {done.code}, not {code}: {' '.join(map(str, args))}\n"
                             f"{done.out[-2000:]}{done.error[-4000:]}")
    return done


def attribute(out, network, data, *args, **more):
    """Run `attribute --quiet`; network is the path of the ONNX file."""
    return run("attribute", "--model", network, "--data", data, "--out", out, "--quiet", *args, **more)


def runs(path):
    """The lines of a study's run log."""
    with open(path + ".runs.jsonl", encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


def passes(path):
    """Passes (forward, backward) that the last run of a study really made, over all ranks."""
    ranks = runs(path)[-1]["ranks"]
    return sum(r["n_forward"] for r in ranks), sum(r["n_backward"] for r in ranks)


def count_done(path):
    """Number of samples marked done, read while others may write; 0 where there is no file yet."""
    import h5py
    if not os.path.exists(path):
        return 0
    with h5py.File(path, "r") as f:
        return int((f["samples/status"][()] == 1).sum())


def until(what, condition, seconds, pause=0.02):
    """The first true value of condition(), looked for after pauses; fails after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for this: {what}")
        time.sleep(pause)


def text(values):
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values]


class Study:
    """The tables of a study; maps are read when asked for."""

    def __init__(self, path):
        import h5py
        self.path = path
        with h5py.File(path, "r") as f:
            self.attrs = dict(f.attrs)
            for name in ("status", "logits", "target_class", "score", "label", "size"):
                setattr(self, name, f["samples"][name][()])
            self.samples = text(f["samples/path"][()])
            self.slots = text(f["samples/target"][()])
            self.methods = text(f["methods/method"][()])
            self.canonical = dict(zip(self.methods, text(f["methods/canonical"][()])))
            self.layers = text(f["layers/layer"][()])
            self.operators = text(f["layers/operator"][()])
            self.variables = text(f["layers/variable"][()])
            self.columns = {v: text(f["maps"][v].dims[2][0][()]) for v in self.variables}

    def maps(self, variable, rows=()):
        """Maps [sample, target, method, y, x] of a tap; columns[variable] names the methods."""
        import h5py
        with h5py.File(self.path, "r") as f:
            return f["maps"][variable][rows]


def difference(a, b):
    """Name of the first data set in which two studies differ, or None."""
    import h5py
    import numpy as np
    found = []

    def look(name, item):
        if isinstance(item, h5py.Dataset) and not found:
            other = g.get(name)
            if other is None or item.shape != other.shape:
                found.append(name)
            elif item.dtype.kind == "f":
                if not np.array_equal(item[()].view("u4"), other[()].view("u4")):
                    found.append(name)
            elif item.dtype.kind in "OSiu" and not np.array_equal(item[()], other[()]):
                found.append(name)

    with h5py.File(a, "r") as f, h5py.File(b, "r") as g:
        f.visititems(look)
    return found[0] if found else None


def same_bytes(a, b):
    """True where two files hold the same bytes."""
    if os.path.getsize(a) != os.path.getsize(b):
        return False
    with open(a, "rb") as f, open(b, "rb") as g:
        while True:
            x, y = f.read(1 << 22), g.read(1 << 22)
            if x != y:
                return False
            if not x:
                return True


def relative(found, wanted):
    """Largest error over the largest wanted |value|; 0 where both are nothing but zeros."""
    import numpy as np
    found, wanted = np.asarray(found, "f8"), np.asarray(wanted, "f8")
    error, most = np.abs(found - wanted).max(), np.abs(wanted).max()
    return 0.0 if error == 0.0 else error / most if most > 0.0 else np.inf


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="proof.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def file(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return path

    def dump(self, network, data, sample, *args):
        """Arrays of one sample: logits, target_class, activation/TAP, signal/RULE/TARGET/TAP."""
        import numpy as np
        out = self.path(f"dump{sample}.npz")
        run("dump", "--model", network, "--data", data, "--sample", sample, "--out", out, *args)
        with np.load(out) as arrays:
            found = dict(arrays)
        os.remove(out)
        return found

    def assert_same_bytes(self, a, b):
        if not same_bytes(a, b):
            self.fail(f"{a} and {b} differ, first in {difference(a, b)}")


def main():
    unittest.main(verbosity=2 if "-v" in sys.argv else 1)
