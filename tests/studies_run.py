"""retrograd study on the demo model: one study at smoke size, with LONG=1 all of them; killed and started again, on other
numbers of ranks, the same tables."""
import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import h5py
    import numpy as np
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

source, binary, long_run = os.environ["SOURCE"], os.environ["RETROGRAD"], os.environ.get("LONG") == "1"
LIMIT = "24" if long_run else "6"


def names():
    out = subprocess.run([binary, "study", "--list"], check=True, capture_output=True, text=True).stdout
    return [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]


def command(name, folder, *more):
    return [binary, "study", name, "--model", f"{source}/demo/shapes.onnx", "--data", f"{source}/demo/images", "--limit", LIMIT,
            "--unit", "2", "--masks", f"{source}/demo/masks", "--resamples", "200", "--out", folder, "--quiet", *more]


def files(folder):
    """Everything but the logs of runs."""
    found = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".runs.jsonl"):
            with open(os.path.join(folder, name), "rb") as f:
                found[name] = f.read()
    return found


def tables(folder):
    """Tables and files; that of retrograd evaluate names the folder of the study."""
    return {n: c for n, c in files(folder).items() if n.endswith((".csv", ".h5", ".md")) and n != "classes.h5"}


class Studies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.smoke = os.path.join(cls.folder.name, "smoke")
        subprocess.run(command("positive-aggregation", cls.smoke), check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def rows(self, folder, name="findings.csv"):
        with open(os.path.join(folder, name), newline="") as f:
            return list(csv.DictReader(f))

    def check(self, folder):
        """The page, its tables and figures are there; verdicts follow from intervals."""
        found = files(folder)
        page = found["README.md"].decode()
        for name, content in found.items():
            if name.endswith(".png"):
                self.assertTrue(content.startswith(b"\x89PNG"), name)
                self.assertIn(f"]({name})", page)
                self.assertIn(name[:-3] + "svg", found)
            self.assertFalse(name.endswith(".tmp"), name)
        for row in self.rows(folder):
            low, high, margin = float(row["low"]), float(row["high"]), float(row["margin"])
            self.assertLessEqual(low, high)
            want = "open"
            if not np.isfinite([low, high]).all():
                want = "no value"
            elif low > margin or high < margin:
                want = "holds" if (low > margin) == (row["expected"] == "above") else "does not hold"
            self.assertEqual(row["verdict"], want, row)

    def same(self, folder):
        mine, other = tables(folder), tables(self.smoke)
        self.assertEqual([n for n in other if mine.get(n) != other[n]], [])

    def test_smoke(self):
        self.check(self.smoke)

    def test_a_finding_is_what_the_file_says(self):
        """The first finding, from the rows of the file by numpy."""
        with h5py.File(os.path.join(self.smoke, "cascade.h5")) as f:
            layer = f["layers/variable"].asstr()[0]
            methods = list(f["similarity/method_1"].asstr()[:])
            measure = list(f["similarity/measure"].asstr()[:]).index("spearman")
            v = f["similarity"][layer][:, 0, 0, 0, :, measure].astype(float)
            difference = v[:, methods.index("grad_cam_positive")] - v[:, methods.index("grad_cam_signed")]
        self.assertAlmostEqual(float(self.rows(self.smoke)[0]["mean"]), np.nanmean(difference), places=12)

    def test_killed_and_started_again(self):
        folder = os.path.join(self.folder.name, "killed")
        for kill_after in (0.05, 0.3, 0.6, 1.0, 1.5):
            p = subprocess.Popen(command("positive-aggregation", folder, "--commit-every", "0"), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            time.sleep(kill_after)
            p.send_signal(signal.SIGKILL)
            p.wait()
        subprocess.run(command("positive-aggregation", folder), check=True, capture_output=True)
        self.same(folder)

    def test_ranks(self):
        folder = os.path.join(self.folder.name, "ranks")
        subprocess.run(["mpirun", "--oversubscribe", "-n", "2", *command("positive-aggregation", folder)], check=True,
                       capture_output=True)
        self.same(folder)

    def test_unknown_names(self):
        p = subprocess.run([binary, "study", "positive-agregation"], capture_output=True, text=True)
        self.assertEqual(p.returncode, 2)
        self.assertIn("positive-aggregation", p.stderr)

    @unittest.skipUnless(long_run, "LONG=1 runs every study")
    def test_every_study(self):
        for name in names():
            with self.subTest(name):
                folder = os.path.join(self.folder.name, name)
                began = time.monotonic()
                p = subprocess.run(command(name, folder, "--unit", "0"), capture_output=True, text=True)
                self.assertEqual(p.returncode, 0, p.stderr)
                self.assertLess(time.monotonic() - began, 180)
                self.check(folder)


if __name__ == "__main__":
    unittest.main(verbosity=1)
