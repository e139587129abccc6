"""retrograd sanity: the same file for any number of ranks and after kills; networks that must be equal are; what the file
says of itself is what numpy says of its rows."""
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

sys.path.insert(0, os.path.dirname(__file__))
import format_check  # noqa: E402

source, binary = os.environ["SOURCE"], os.environ["RETROGRAD"]
ARGS = ["sanity", "--model", f"{source}/demo/shapes.onnx", "--data", f"{source}/demo/images", "--limit", "12", "--unit", "4",
        "--methods", "gradient,guided_backprop,grad_cam,lrp_zplus", "--layers", "input,last", "--order", "cascade,independent",
        "--stages", "logits,/layer2/bn2/*,/stem/*", "--starts", "last", "--resamples", "50", "--quiet"]


def run(out, *more, ranks=1):
    mpi = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    return subprocess.run([*mpi, binary, *ARGS, "--out", out, *more], check=True, capture_output=True)


def content(path):
    with open(path, "rb") as f:
        return f.read()


class Sanity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.file = os.path.join(cls.folder.name, "one.h5")
        run(cls.file)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_any_number_of_ranks(self):
        for ranks in (2, 3):
            run(self.path(f"{ranks}.h5"), ranks=ranks)
            self.assertEqual(content(self.path(f"{ranks}.h5")), content(self.file))

    def test_forward_from_the_input(self):
        run(self.path("whole.h5"), "--no-reuse")
        self.assertEqual(content(self.path("whole.h5")), content(self.file))

    def test_killed_and_started_again(self):
        out = self.path("killed.h5")
        for _ in range(3):
            p = subprocess.Popen([binary, *ARGS, "--out", out, "--commit-every", "0"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            end = time.monotonic() + 60
            done = self.done(out)
            while p.poll() is None and self.done(out) <= done and time.monotonic() < end:
                time.sleep(0.002)
            p.send_signal(signal.SIGKILL)
            p.wait()
        run(out)
        self.assertEqual(content(out), content(self.file))

    @staticmethod
    def done(path):
        try:
            with h5py.File(path, locking=False) as f:
                return int((f["samples/status"][...] == 1).sum())
        except (OSError, KeyError):
            return 0

    def test_the_first_stage_alone_is_the_cascade_s_first(self):
        with h5py.File(self.file) as f:
            v = f["similarity/input"][...]
            np.testing.assert_array_equal(v[:, :, 0, 0], v[:, :, 1, 0])
            self.assertFalse(np.array_equal(v[:, :, 0, 2], v[:, :, 1, 2]))

    def test_findings(self):
        """Guided Backprop and z+ keep their maps where the gradient loses its own: on this model, with its last layer random."""
        with h5py.File(self.file) as f:
            names = [m.decode() if isinstance(m, bytes) else m for m in f["similarity/method_1"][...]]
            rho = f["summary/input"][0, 0, 1, :, 0, 1]
            value = dict(zip(names, rho))
        self.assertGreater(value["guided_backprop"], value["gradient"] + 0.1)

    def test_a_forgotten_start(self):
        """z+ forgets random signals, the gradient does not."""
        with h5py.File(self.file) as f:
            rules = [r.decode() if isinstance(r, bytes) else r for r in f["convergence/rule"][...]]
            layers = [r.decode() if isinstance(r, bytes) else r for r in f["convergence/layer"][...]]
            mean = f["convergence/summary"][:, 0, layers.index("input"), 1]
            value = {r.split("(")[0]: m for r, m in zip(rules, mean)}
        self.assertGreater(value["lrp_zplus"], value["gradient"])

    def test_summaries(self):
        with h5py.File(self.file) as f:
            for tap in ("input", "layer3.relu_1.Relu_output_0"):
                v, s = f["similarity"][tap][...].astype(float), f["summary"][tap][...]
                n = np.isfinite(v).sum(0)
                np.testing.assert_array_equal(s[..., 0], n)
                with np.errstate(all="ignore"):
                    mean = np.where(n > 0, np.nansum(v, 0) / n, np.nan)
                np.testing.assert_allclose(s[..., 1], mean, rtol=1e-12, atol=1e-12)
                there = n > 0
                self.assertTrue((s[there][:, 2] <= s[there][:, 1] + 1e-12).all() and (s[there][:, 1] <= s[there][:, 3] + 1e-12).all())

    def test_the_readers(self):
        p = subprocess.run([binary, "digest", self.file], capture_output=True, text=True)
        self.assertEqual(p.returncode, 0, p.stderr)
        subprocess.run([binary, "pack", self.file, "--out", self.path("packed.h5")], check=True, capture_output=True)

    def test_format(self):
        self.assertEqual(format_check.check(self.file), [])

    def test_dry_run_leaves_nothing(self):
        p = run(self.path("dry.h5"), "--dry-run")
        self.assertIn(b"random networks 6", p.stdout)
        self.assertFalse(os.path.exists(self.path("dry.h5")))


if __name__ == "__main__":
    unittest.main(verbosity=1)
