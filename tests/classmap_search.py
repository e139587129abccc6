"""The search for defaults of `retrograd classmap` (docs/classmap.md): one line for each setting tried, on a model of 10 classes.

usage: classmap_search.py RETROGRAD MODEL [ITERATIONS SAMPLES [TARGETS]]"""
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

binary, model = sys.argv[1:3]
iterations, samples = sys.argv[3:5] if len(sys.argv) > 4 else ("30", "32")
targets = sys.argv[5] if len(sys.argv) > 5 else "all"
losses = ["--loss cross_entropy", "--loss logit", "--loss margin"]
others = [
    "--blur 1", "--blur 1.5", "--jitter 2", "--from uniform", "--from smooth", "--from mixture", "--from grey", "--eta 0.03", "--eta 0.12", "--step 0.0157",
    "--inner 3", "--moment first", "--moment adam", "--norm linf --eta 0.1", "--surface sphere",
]
tried = losses + [f"--loss cross_entropy {o}" for o in ("--blur 1", "--jitter 2")] + [f"--loss logit --blur 0 {o}" for o in others]
tried = [t.replace("--blur 0 --blur", "--blur") if t.count("--blur") > 1 else t for t in (x if "--blur" in x else x + " --blur 0" for x in tried)]

print(f"{'settings':44s} {'seeds':>12s} {'other D':>12s} {'own gain':>9s} {'margin':>14s} {'largest':>8s} {'best map':>8s} {'rate':>6s} {'seconds':>8s}")
print(f"{'':44s} {'worst mean':>12s} {'worst mean':>12s} {'mean':>9s} {'worst mean':>14s} {'of row':>8s} {'':8s} {'mean':>6s}")
for settings in tried:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/c.h5"
        contrast = "normal" if "--from" in settings else "uniform"
        began = time.time()
        subprocess.run([binary, "classmap", "--model", model, "--out", path, "--quiet", "--iterations", iterations, "--samples", samples,
                        "--targets", targets, "--randomise", "none", "--contrast", contrast, "--keep-every", iterations] + settings.split(),
                       check=True, capture_output=True)
        with h5py.File(path) as f:
            s = f["summary"]
            seeds, other, margin = s["seed_cosine"][:], s["contrast_cosine"][:], s["margin"][:]
            n = len(margin)
            print(f"{settings:44s} {seeds.min():6.3f} {seeds.mean():5.3f} {other.min():6.3f} {other.mean():5.3f} "
                  f"{np.diag(s['gain'][:]).mean():9.2f} {margin.min():7.2f} {margin.mean():6.2f} {(margin > 0).sum():5d}/{n} "
                  f"{s['best_map'][:].sum():5d}/{n} {f['samples/rate'][:n, 3].mean():6.3f} {time.time() - began:8.1f}", flush=True)
