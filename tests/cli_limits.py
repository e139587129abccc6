"""Every limit of the readers: lowered, it refuses a file that is read otherwise, by name and option.

The cases are looked up by the list that the program prints, so a limit without a case fails.
"""

import json
import os
import subprocess
import sys
import tempfile

PROGRAM = os.environ.get("RETROGRAD", "retrograd")
DEMO = os.path.join(os.environ["SOURCE"], "demo")
MODEL = os.path.join(DEMO, "shapes.onnx")


def run(*args):
    done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def printed():
    """name: value, as the job `limits` prints them."""
    lines = run("limits")[1].splitlines()[1:]
    return {line.split()[0]: int(line.split()[1]) for line in lines}


class Files:
    """What the cases read, made in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def models(self):
        import numpy as np
        import onnx
        from io_onnx_graphs import Graph
        g = Graph([3, 8, 8])
        size = g.constant(np.array([1, 50_000], "i8"))
        many = g.node("Expand", g.number(1), size)
        row = g.node("Reshape", "x", g.ints(1, -1))
        g.save(self.path("large.onnx"), g.node("Add", row, g.node("ReduceSum", many, g.ints(1), keepdims=1)))
        g = Graph([3, 8, 8])
        row = g.node("Add", g.node("Reshape", "x", g.ints(1, -1)), g.floats(1, 192))
        g.save(self.path("external.onnx"), g.node("Add", row, g.floats(1, 192)))
        model = onnx.load(self.path("external.onnx"))
        onnx.save(model, self.path("external.onnx"), save_as_external_data=True, all_tensors_to_one_file=False,
                  size_threshold=500)

    def images(self):
        import numpy as np
        from PIL import Image
        os.mkdir(self.path("images"))
        noise = np.random.default_rng(1).integers(0, 256, (96, 96, 3), "u1")
        Image.fromarray(noise).save(self.path("images/progressive.jpg"), progressive=True)

    def rows(self):
        import h5py
        import numpy as np
        with h5py.File(self.path("rows.h5"), "w") as f:
            f.create_dataset("x", data=np.zeros((3, 96, 96, 3), "u1"), chunks=(1, 96, 96, 3))

    def layers(self, name, limit):
        return run("layers", self.path(name), *limit)

    def study(self, data, limit):
        """Exit code, and what was said, on the terminal and in the log."""
        for name in ("s.h5", "s.h5.runs.jsonl"):
            if os.path.exists(self.path(name)):
                os.remove(self.path(name))
        code, text = run("attribute", "--model", MODEL, "--data", self.path(data), "--out", self.path("s.h5"),
                         "--methods", "gradient", *limit)
        log = self.path("s.h5.runs.jsonl")
        return code, text + (open(log).read() if os.path.exists(log) else "")


# name: (lower value, how to read a file with options, exit code of the refusal)
CASES = {
    "file-bytes": (100, lambda f, o: f.study("images", o), 3),
    "hdf5-chunk": (96 * 96 * 3 - 1, lambda f, o: f.study("rows.h5", o), 2),
    "image-pixels": (96 * 96 - 1, lambda f, o: f.study("images", o), 3),
    "image-scans": (2, lambda f, o: f.study("images", o), 3),
    "onnx-fields": (50, lambda f, o: f.layers("large.onnx", o), 2),
    "onnx-files": (1, lambda f, o: f.layers("external.onnx", o), 2),
    "onnx-free": (10_000, lambda f, o: f.layers("large.onnx", o), 2),
    "onnx-growth": (1, lambda f, o: f.layers("large.onnx", [*o, "--reader-limits", o[1] + ",onnx-free=197000"]), 2),
    "onnx-integers": (1, lambda f, o: f.layers("large.onnx", o), 2),
    "onnx-nesting": (4, lambda f, o: f.layers("large.onnx", o), 2),
    "onnx-side": (7, lambda f, o: f.layers("large.onnx", o), 2),
    "onnx-work": (1000, lambda f, o: f.layers("large.onnx", o), 2),
    "recipe-bytes": (10, lambda f, o: f.study("images", o), 2),
    "samples": (2, lambda f, o: f.study("rows.h5", o), 2),
}


def check(files, name, value):
    """Problems of one limit."""
    lower, read, exit_code = CASES[name]
    found = []
    code, text = read(files, ["--reader-limits", f"{name}={value}"])
    if code:
        found.append(f"{name}: refused at its own value: {text}")
    code, text = read(files, ["--reader-limits", f"{name}={lower}"])
    if code != exit_code or name not in text or "--reader-limits " not in text:
        found.append(f"{name}={lower}: exit code {code}, {text}")
    return found


def recorded(files):
    """A study keeps the limits that are not the usual ones, and is not continued with others."""
    import h5py
    files.study("images", ["--reader-limits", "image-pixels=9999,image-scans=100"])
    with h5py.File(files.path("s.h5")) as f:
        limits = json.loads(f.attrs["config"]).get("limits")
    return [] if limits == {"image-pixels": 9999} else [f"recorded: {limits}"]


def main():
    try:
        import h5py  # noqa: F401
        import onnx  # noqa: F401
        from PIL import Image  # noqa: F401
    except ImportError as e:
        print(f"skipped: {e}")
        return 77
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        files = Files(folder)
        files.models()
        files.images()
        files.rows()
        limits = printed()
        if set(limits) != set(CASES):
            problems.append(f"without a case, or without a limit: {set(limits) ^ set(CASES)}")
        for name, value in limits.items():
            problems += check(files, name, value)
        problems += recorded(files)
    text = open(os.path.join(os.environ["SOURCE"], "docs", "models.md")).read()
    if run("limits", "--format", "markdown")[1] not in text:
        problems.append("docs/models.md does not hold what `retrograd limits --format markdown` prints")
    for p in problems:
        print(p)
    print(f"{len(limits)} limits, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
