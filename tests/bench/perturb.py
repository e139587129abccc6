"""What insertion, deletion and the perturbation orders cost: forward passes made, against the passes of one path after the
other with its own ends, and what a pass costs against one of a study without maps to speak of.

    RETROGRAD=build/release/retrograd python3 tests/bench/perturb.py [MODEL.onnx DATA]
"""
import json
import os
import resource
import subprocess
import sys
import tempfile

import h5py
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
binary = os.environ.get("RETROGRAD", "build/release/retrograd")
model, data = sys.argv[1:3] if len(sys.argv) > 2 else (f"{here}/../../demo/shapes.onnx", f"{here}/../../demo/images")
LIMIT = os.environ.get("LIMIT", "16")
PATHS = {"deletion": None, "insertion": None, "least_first": 10, "most_first": 10}


def run(*args):
    """CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([binary, *args, "--quiet"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


with tempfile.TemporaryDirectory() as folder:
    study, values, inside = (os.path.join(folder, n) for n in ("study.h5", "values.h5", "inside.h5"))
    common = ["attribute", "--model", model, "--data", data, "--limit", LIMIT, "--methods", "gradient,grad_cam,normgrad", "--layers",
              "input,last"]
    metrics = ",".join(PATHS)
    maps = run(*common, "--out", study)
    stored = run("evaluate", study, "--metrics", metrics, "--resamples", "100", "--out", values)
    memory = run(*common, "--out", inside, "--evaluate", metrics, "--resamples", "100")
    with h5py.File(values) as f, h5py.File(inside) as g:
        n = 0
        for name in f["values"]:
            a, b = f["values"][name], g["values"][name]
            if a.ndim == 4:
                assert np.array_equal(a[...], b[...], equal_nan=True), name
                n += np.isfinite(a[..., 0]).sum()
        unit = int(f.attrs["unit"])
        steps = -(-json.loads(g.attrs["config"])["recipe"]["height"] // 8)
    with open(values + ".runs.jsonl") as f:
        made = next(r["ranks"][0]["n_forward"] for r in map(json.loads, f) if r["event"] == "end")
alone = sum(-(-((s or steps) + 1) // unit) for s in PATHS.values()) * n
print(f"{os.path.basename(model)}: {n} maps, units of {unit}, {LIMIT} images, {metrics}")
print(f"forward passes: {made}, path by path {alone}: ratio {alone / made:.2f}")
print(f"CPU: stored maps {stored:.2f} s, {1e3 * stored / made:.2f} ms a pass; in memory {memory:.2f} s with {maps:.2f} s of maps")
