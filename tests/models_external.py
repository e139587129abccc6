"""Models with external data: their files belong to a study, and they may be larger than 2 and 4 GiB.

Every day: the study, the same on two ranks, records SHA-256 and name of each file; `verify` names the one that changed, and so does
starting again.  With LONG=1 a model of 4.4 GB (a file with holes): its tensors lie before and behind 2^31
and 2^32 bytes and one is larger than 2 GiB; logits and d(logit)/d(input) are compared with numpy, float64.
The bound is 1e-5 of the largest value: sums of 550,000 float32 products, of which at most 60,000 are not 0.
"""

import filecmp
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.environ.get("RETROGRAD", "retrograd")
BOUND = 1e-5
GIB = 1 << 30


def run(*args, launch=()):
    done = subprocess.run([*launch, PROGRAM, *args], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Model:
    """relu(W x + b), then V y + c, with each tensor at a place of its own in a file."""

    def __init__(self, folder, side, hidden, classes):
        self.folder, self.side = folder, side
        self.shapes = {"W": (hidden, 3 * side * side), "b": (hidden,), "V": (classes, hidden), "c": (classes,)}

    def path(self, name):
        return os.path.join(self.folder, name)

    def save(self, places):
        """places: tensor -> (file, offset)."""
        import onnx
        from onnx import TensorProto, helper
        tensors = []
        for name, (file, offset) in places.items():
            t = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=self.shapes[name],
                            data_location=TensorProto.EXTERNAL)
            size = 4 * int(__import__("math").prod(self.shapes[name]))
            for key, value in (("location", file), ("offset", offset), ("length", size)):
                t.external_data.add(key=key, value=str(value))
            tensors.append(t)
        nodes = [helper.make_node("Flatten", ["x"], ["row"]), helper.make_node("Gemm", ["row", "W", "b"], ["h"], transB=1),
                 helper.make_node("Relu", ["h"], ["y"]), helper.make_node("Gemm", ["y", "V", "c"], ["logits"], transB=1)]
        graph = helper.make_graph(
            nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, self.side, self.side])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", self.shapes["c"][0]])], tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.save(model, self.path("m.onnx"))
        self.places = places

    def array(self, name):
        """A tensor as it lies in its file, to write or to read."""
        import numpy as np
        file, offset = self.places[name]
        path = self.path(file)
        if not os.path.exists(path):
            open(path, "wb").close()
        end = offset + 4 * int(np.prod(self.shapes[name]))
        if os.path.getsize(path) < end:
            os.truncate(path, end)
        return np.memmap(path, "f4", "r+", offset, self.shapes[name])

    def images(self, n):
        import h5py
        import numpy as np
        x = np.random.default_rng(7).standard_normal((n, 3, self.side, self.side), "f4")
        with h5py.File(self.path("x.h5"), "w") as f:
            f["x"] = x
        return x.reshape(n, -1)

    def study(self, out="s.h5", ranks=0):
        launch = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks else []
        return run("attribute", "--model", self.path("m.onnx"), "--data", self.path("x.h5"), "--out", self.path(out),
                   "--methods", "gradient/bias/sum", "--layers", "input", "--targets", "class:0", "--quiet", launch=launch)


def every_day(folder):
    import h5py
    import numpy as np
    m = Model(folder, 4, 6, 3)
    m.save({"W": ("w.bin", 0), "b": ("rest/b.bin", 64), "V": ("rest/b.bin", 1024), "c": ("w.bin", 4096)})
    os.mkdir(m.path("rest"))
    random = np.random.default_rng(1)
    for name, shape in m.shapes.items():
        m.array(name)[...] = random.standard_normal(shape, "f4")
    m.images(3)
    problems = []

    def expect(what, got, code, *texts):
        if got[0] != code or not all(t in got[1] for t in texts):
            problems.append(f"{what}: exit code {got[0]}: {got[1]}")

    expect("study", m.study(), 0)
    expect("study on two ranks", m.study("ranks.h5", ranks=2), 0)
    if not filecmp.cmp(m.path("s.h5"), m.path("ranks.h5"), shallow=False):
        problems.append("two ranks give another file")
    want = ""
    for name in ("rest/b.bin", "w.bin"):
        with open(m.path(name), "rb") as f:
            want += f"{hashlib.sha256(f.read()).hexdigest()}  {name}\n"
    with h5py.File(m.path("s.h5")) as f:
        if f.attrs["weights_sha256"] != want:
            problems.append(f"recorded: {f.attrs['weights_sha256']!r}, not {want!r}")
    expect("format", (subprocess.run(["/usr/bin/python3", os.path.join(os.environ["SOURCE"], "tests", "format_check.py"),
                                      m.path("s.h5")]).returncode, ""), 0)
    expect("verify", run("verify", m.path("s.h5")), 0)
    expect("inspect", run("inspect", m.path("s.h5")), 0, "rest/b.bin", "w.bin")
    m.array("V")[0, 0] += 1
    expect("verify of a changed file", run("verify", m.path("s.h5")), 1, "rest/b.bin", "not those of the study")
    expect("starting again", m.study(), 2, "weights_sha256", "rest/b.bin")
    os.remove(m.path("w.bin"))
    expect("verify of a missing file", run("verify", m.path("s.h5")), 1, "rest/b.bin")
    return problems


def reference(m, x):
    """Logits, and d(logit 0)/dx, of the first class in float64, without a copy of W."""
    import numpy as np
    W, b, V, c = (m.array(n) for n in ("W", "b", "V", "c"))
    h = np.stack([x.astype("f8") @ row.astype("f8") for row in W], 1) + b
    y = np.maximum(h, 0)
    g = V[0].astype("f8") * (h > 0)
    dx = np.zeros(x.shape)
    for i, row in enumerate(W):
        if row.any():
            dx += g[:, i:i + 1] * row
    return y @ V.T.astype("f8") + c, dx


def large(folder):
    import h5py
    import numpy as np
    m = Model(folder, 428, 1000, 10)
    m.save({"V": ("w.bin", 4096), "W": ("w.bin", 1 << 16), "b": ("w.bin", (1 << 31) + (1 << 28)),
            "c": ("w.bin", (1 << 32) + (1 << 26))})
    random = np.random.default_rng(2)
    for name, shape in m.shapes.items():
        if name != "W":
            m.array(name)[...] = random.standard_normal(shape, "f4")
    W = m.array("W")
    for row in (0, 1, 500, 976, 977, 998, 999):  # 976 and 977: where 2^31 bytes of the file end
        at = int(random.integers(0, W.shape[1] - 60_000))
        W[row, at:at + 60_000] = random.standard_normal(60_000, "f4") / 200
    W[999, -100:] = 1
    W.flush()
    del W
    x = m.images(2)
    code, text = m.study()
    if code:
        return [f"large: exit code {code}: {text}"]
    logits, dx = reference(m, x)
    with h5py.File(m.path("s.h5")) as f:
        got, maps = f["samples/logits"][:], f["maps/" + f["layers/variable"].asstr()[0]][:]
    wanted = dx.reshape(2, 3, 428, 428).sum(1)
    errors = (np.abs(got - logits).max() / np.abs(logits).max(), np.abs(maps[:, 0, 0] - wanted).max() / np.abs(wanted).max())
    size, used = os.stat(m.path("w.bin")), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"a model of {size.st_size:,} bytes ({size.st_blocks * 512:,} on the disk): logits {errors[0]:.1e}, "
          f"d(logit)/d(input) {errors[1]:.1e} of the largest value; resident at most {used / 2**20:.1f} GiB, mapped file included")
    return [] if max(errors) <= BOUND else [f"large: errors {errors}"]


def main():
    try:
        import h5py  # noqa: F401
        import numpy  # noqa: F401
        import onnx  # noqa: F401
    except ImportError as e:
        print(f"skipped: {e}")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        problems = every_day(folder)
    if os.environ.get("LONG", "") not in ("", "0"):
        with tempfile.TemporaryDirectory() as folder:
            free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
            if shutil.disk_usage(folder).free < 6 * GIB or free < 3 * GIB:
                print("no room for a large model: 6 GiB of disk and 3 GiB of memory are wanted")
            else:
                problems += large(folder)
    for p in problems:
        print(p)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
