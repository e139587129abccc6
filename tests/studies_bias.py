"""retrograd bias: the same file for any number of ranks; its measures from stored maps and pixels by numpy and scipy; other
input ranges against networks that begin with that multiplication and addition."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import h5py
    import numpy as np
    import scipy.stats
    from PIL import Image
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(__file__))
import format_check  # noqa: E402

source, binary = os.environ["SOURCE"], os.environ["RETROGRAD"]
METHODS = ["gradient_sum", "input_x_gradient", "guided/scaling/norm", "rectgrad"]
INPUT = ["--model", f"{source}/demo/shapes.onnx", "--data", f"{source}/demo/images", "--limit", "6", "--methods", ",".join(METHODS),
         "--quiet"]


def run(job, out, *more, ranks=1):
    mpi = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    subprocess.run([*mpi, binary, job, *INPUT, "--out", out, *more], check=True, capture_output=True)


class Bias(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.file = cls.path("bias.h5")
        run("bias", cls.file, "--unit", "2", "--resamples", "50")
        run("attribute", cls.path("maps.h5"), "--layers", "input")
        with h5py.File(cls.file) as f:
            cls.names = list(f["bias/measure"].asstr()[:])
            cls.value, cls.curve, cls.score = f["bias/value"][:], f["bias/curve"][:], f["views/score"][:]
        with h5py.File(cls.path("maps.h5")) as f:
            cls.maps = f["maps/input"][:, 0].astype(float)
            cls.pixels = np.stack([np.asarray(Image.open(f"{source}/demo/images/{p}").convert("RGB"), float)
                                   for p in f["samples/path"].asstr()[:]])
        cls.x = ((cls.pixels / 255 - 0.5) / 0.25).astype(np.float32).astype(float)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    def of(self, measure):
        return self.value[:, :, self.names.index(measure)]

    def test_ranks(self):
        run("bias", self.path("two.h5"), "--unit", "2", "--resamples", "50", ranks=2)
        with open(self.file, "rb") as a, open(self.path("two.h5"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_dry_run(self):
        """It says the passes that the run made and the size of its file, and leaves none."""
        out = self.path("dry.h5")
        text = subprocess.run([binary, "bias", *INPUT, "--unit", "2", "--dry-run", "--out", out], check=True, capture_output=True,
                              text=True).stdout
        self.assertFalse(os.path.exists(out))
        with open(self.file + ".runs.jsonl") as f:
            made = json.loads(f.readlines()[-1])["ranks"][0]
        self.assertIn(f"forward {made['n_forward']}, backward {made['n_backward']} ", text)
        said = float(re.search(r"(?m)^file +([0-9.]+) MiB", text)[1])
        self.assertAlmostEqual(said, os.path.getsize(self.file) / 2**20, delta=0.01 + 0.01 * said)

    def test_format(self):
        self.assertEqual(format_check.check(self.file), [])

    def test_pixel_values(self):
        near = (abs(self.pixels - 127.5) <= 4).all(-1)
        bins = np.floor(self.pixels.mean(-1) / 8 + 1e-6).astype(int)
        for i in range(len(self.maps)):
            for m in range(len(METHODS)):
                a = abs(self.maps[i, m])
                rank = scipy.stats.spearmanr(a.ravel(), abs(self.x[i]).sum(-1).ravel())[0]
                self.assertAlmostEqual(self.of("value_rank")[i, m], rank, places=5)
                dip = 1 - a[near[i]].mean() / a.mean() if near[i].any() else np.nan
                np.testing.assert_allclose(self.of("dip")[i, m], dip, atol=1e-5)
                curve = [a[bins[i] == b].mean() / a.mean() if 500 * (bins[i] == b).sum() >= a.size else np.nan for b in range(32)]
                np.testing.assert_allclose(self.curve[i, m], curve, rtol=1e-5, atol=1e-6)

    def test_inverted(self):
        """Of images that are predicted alike, against maps of the inverted files."""
        run("attribute", self.path("inverted.h5"), "--layers", "input", "--view", "invert")
        with h5py.File(self.path("inverted.h5")) as f, h5py.File(self.path("maps.h5")) as g:
            other = f["maps/input"][:, 0].astype(float)
            alike = f["samples/logits"][:].argmax(1) == g["samples/logits"][:].argmax(1)
        self.assertTrue(alike.any())
        for i in range(len(self.maps)):
            for m in range(len(METHODS)):
                found = self.of("inversion_absolute")[i, m]
                want = scipy.stats.spearmanr(abs(self.maps[i, m]).ravel(), abs(other[i, m]).ravel())[0] if alike[i] else np.nan
                np.testing.assert_allclose(found, want, atol=2e-4)

    def test_painted(self):
        """The tenth of the pixels with the largest |map| of the first method, in the colour at which the input is 0."""
        for m, name in enumerate(METHODS):
            exact = self.of("painted")[:, m]
            if name == "gradient_sum":
                self.assertTrue((exact > 0.1).all())
            else:
                self.assertTrue((exact == 0).all(), name)
        a = abs(self.maps[:, 0]).reshape(len(self.maps), -1)
        for i, row in enumerate(a):
            region = np.argsort(-row, kind="stable")[:int(np.ceil(0.1 * row.size))]
            np.testing.assert_allclose(self.of("seen")[i, 0], row[region].mean() / row.mean(), rtol=1e-5)

    def test_other_ranges(self):
        """Networks with pixels in [0, 1], z = x / 4 + 0.5, and in [-1, 1], y = x / 2."""
        spaces = []
        for name, view in (("unit", "rescale=0.25:0.5"), ("symmetric", "rescale=0.5:0")):
            run("attribute", self.path(name + ".h5"), "--layers", "input", "--view", view)
            with h5py.File(self.path(name + ".h5")) as f:
                v = f["maps/input"][:, 0].astype(float)
                spaces.append(v / abs(v).max((2, 3), keepdims=True))
        moved = abs(spaces[0] - spaces[1]).max((2, 3))
        np.testing.assert_allclose(self.of("moved_symmetric"), moved, atol=2e-4)
        self.assertLess(self.of("moved_symmetric")[:, 0].max(), 1e-5)
        self.assertGreater(self.of("moved_symmetric")[:, 1].min(), 0.1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
