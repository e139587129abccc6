"""Class maps of real networks, with all checks; LONG=1 runs it.  ResNet-20: every class's own logit gains most, maps of two seeds agree."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

if not os.environ.get("LONG"):
    print("skipped: LONG=1 runs it")
    sys.exit(77)

import h5py
import numpy as np

binary, models = os.environ["RETROGRAD"], os.environ["SHARED_DATA"] + "/models"


@unittest.skipUnless(os.path.exists(f"{models}/resnet20.onnx"), "needs the shared models")
class Networks(unittest.TestCase):
    def study(self, model, *options):
        """Run on two ranks, print the program's table and the gain matrix."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        path, began = f"{folder}/c.h5", time.time()
        done = subprocess.run(["mpirun", "--oversubscribe", "-n", "2", binary, "classmap", "--model", f"{models}/{model}.onnx", "--out", path, "--quiet",
                               *options], check=True, capture_output=True, text=True)
        print(f"\n{model} {' '.join(options)}: {time.time() - began:.0f} s on 2 ranks\n{done.stdout}")
        with h5py.File(path) as f:
            summary = {name: d[()] for name, d in f["summary"].items()}
        with np.printoptions(precision=2, suppress=True, linewidth=150):
            for name in ("gain", "cosine", "seed_cosine", "contrast_cosine", "randomised_cosine"):
                print(name, summary[name], sep="\n")
        return summary

    def test_resnet20(self):
        s = self.study("resnet20")
        self.assertTrue((s["margin"] > 0).all(), "the map of a class raises another logit more")
        self.assertTrue(s["best_map"].all(), "another class's map raises a logit more")
        self.assertGreaterEqual(s["seed_cosine"].min(), 0.95)

    def test_mobilenet_v2(self):
        """What a small budget gives: the figures are printed, the checks need not all pass."""
        s = self.study("mobilenet_v2_1.0_224", "--targets", "207,281,817", "--iterations", "4", "--samples", "24", "--keep-every", "2",
                       "--held-out", "8")
        self.assertTrue(np.isfinite(s["gain"]).all())
        self.assertTrue((np.diag(s["gain"]) > 0).all())


if __name__ == "__main__":
    unittest.main(verbosity=1)
