"""What the sanity cascade saves: CPU seconds of the cascade over all stages with all basic methods, against the same
with forward begun at the input for every stage, and against every stage and every method by itself, as a loop over
stages and methods does it.  The same values come out of all three.

    RETROGRAD=build/release/retrograd python3 tests/bench/sanity.py [MODEL.onnx DATA]
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
shared = os.path.join(here, "../../../shared/data")
binary = os.environ.get("RETROGRAD", "build/release/retrograd")
model, data = sys.argv[1:3] if len(sys.argv) > 2 else (f"{shared}/models/resnet20.onnx", f"{shared}/images/cifar10/test")
LIMIT = os.environ.get("LIMIT", "32")


def run(folder, name, *more):
    """CPU seconds and file of a cascade."""
    out = os.path.join(folder, name + ".h5")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([binary, "sanity", "--model", model, "--data", data, "--limit", LIMIT, "--layers", "input,last",
                    "--resamples", "1", "--quiet", "--out", out, *more], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env={k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, out



with tempfile.TemporaryDirectory() as folder:
    start, _ = run(folder, "start", "--methods", "gradient", "--stages", "last_conv", "--limit", "1")
    once, path = run(folder, "reuse", "--methods", "basic")
    whole, other = run(folder, "whole", "--methods", "basic", "--no-reuse")
    with h5py.File(path) as f, h5py.File(other) as g:
        methods = json.loads(f.attrs["config"])["methods"]
        for tap in f["similarity"]:
            a, b = f["similarity"][tap], g["similarity"][tap]
            if a.ndim == 6:
                assert np.array_equal(a[...], b[...], equal_nan=True), tap
        stages = f["stages/stage"].shape[0]
    single = sum(run(folder, f"m{i}", "--methods", m, "--no-reuse")[0] - start for i, m in enumerate(methods))
print(f"{os.path.basename(model)}: {stages} stages, {len(methods)} methods, {LIMIT} samples; start-up {start:.2f} s of CPU taken off each run")
print(f"cascade, forward reused, methods together: {once - start:.2f} s")
print(f"each stage from the input, methods together: {whole - start:.2f} s; ratio {(once - start) / (whole - start):.3f}")
print(f"each stage and method from the input: {single:.2f} s; ratio {(once - start) / single:.3f}")
