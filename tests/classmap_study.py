"""Studies of class maps: the same bytes on any number of ranks, in any teams, after kills, stops and from an earlier study; units and formats."""
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import h5py
    import numpy as np
    import xarray
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

from classmap_nets import cosine, run, smooth
from format_check import check

binary, long = os.environ["RETROGRAD"], bool(os.environ.get("LONG"))
SETTINGS = ("--iterations", "40", "--samples", "20", "--keep-every", "10", "--held-out", "10", "--targets", "0,2", "--jitter", "2", "--moment", "adam",
            "--commit-every", "0", "--seeds", "2")
AGAIN = 75


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


class Studies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.model, cls.whole = f"{cls.folder}/m.onnx", f"{cls.folder}/whole.h5"
        smooth(cls.model)
        cls.text = run(binary, cls.model, cls.whole, *SETTINGS, "--pictures", f"{cls.folder}/pictures").stdout
        cls.wanted = digest(cls.whole)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def out(self, name):
        return f"{self.folder}/{self.id().rsplit('.', 1)[1]}_{name}.h5"

    def test_ranks_and_teams(self):
        for ranks, team in ((2, 0), (3, 0), (5, 0), (3, 3), (5, 2)):
            path = self.out(f"{ranks}_{team}")
            run(binary, self.model, path, *SETTINGS, "--ranks-per-map", str(team), ranks=ranks)
            self.assertEqual(digest(path), self.wanted, (ranks, team))

    def test_units(self):
        """How many images go through the network at once is no matter; it is recorded, so the files differ there alone."""
        with h5py.File(self.whole) as a:
            for unit in (1, 5, 64):
                path = self.out(unit)
                run(binary, self.model, path, *SETTINGS, "--unit", str(unit))
                with h5py.File(path) as b:
                    for name in ("maps/map", "maps/refined", "maps/iterate", "maps/step_logit", "samples/gain", "summary/seed_cosine", "state/slot_0"):
                        self.assertEqual(a[name][()].tobytes(), b[name][()].tobytes(), (unit, name))

    def kill_once(self, path, ranks, team, after, number):
        """Send a signal to all processes of a run, or to its only one, `after` seconds after its file is there."""
        launch = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
        p = subprocess.Popen(launch + [binary, "classmap", "--model", self.model, "--out", path, "--quiet", *SETTINGS, "--ranks-per-map", str(team)],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(path) and p.poll() is None:
            time.sleep(0.002)
        time.sleep(after)
        ranks_of = children(p.pid) if ranks > 1 else []
        for pid in [p.pid, *ranks_of]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        code = p.wait(timeout=60)
        while any(os.path.exists(f"/proc/{pid}") for pid in ranks_of):
            time.sleep(0.01)
        return code

    def opens(self, path):
        """A map that is marked done is the one of the undisturbed run."""
        if not os.path.exists(path):
            return 0
        with h5py.File(path) as f, h5py.File(self.whole) as w:
            done = f["samples/status"][:] == 1
            self.assertEqual(f["maps/map"][:][done].tobytes(), w["maps/map"][:][done].tobytes())
            return int(f["state/seal_0"][:, 0].max())

    def test_kills(self):
        """Killed at random moments, alone or as a team, then continued: the same bytes; some kills leave a map in the midst."""
        random.seed(5)
        begun = 0
        for trial in range(12 if long else 3):
            path = self.out(trial)
            for _ in range(3):
                ranks, team = random.choice(((1, 0), (1, 0), (2, 2)))
                self.kill_once(path, ranks, team, random.uniform(0.0, 0.3), signal.SIGKILL)
                begun += self.opens(path) > 0
            run(binary, self.model, path, *SETTINGS, ranks=random.choice((1, 2)))
            self.assertEqual(digest(path), self.wanted)
        self.assertGreater(begun, 0, "no kill came while maps were made: the test shows nothing")

    def test_stop(self):
        """SIGUSR1 ends with 75 in the midst of a map; started again it goes on."""
        path, stopped = self.out("stop"), 0
        for after in (0.0, 0.03, 0.06, 0.09, 0.12):
            stopped += self.kill_once(path, 1, 0, after, signal.SIGUSR1) == AGAIN
        self.assertGreater(stopped, 0)
        run(binary, self.model, path, *SETTINGS)
        self.assertEqual(digest(path), self.wanted)

    def test_continue(self):
        """More iterations and classes from a finished study: the bytes of a study from scratch, with fewer passes."""
        short = [v if v != "40" else "20" for v in SETTINGS]
        old, new = self.out("old"), self.out("new")
        run(binary, self.model, old, *short, "--targets", "2", "--seeds", "1", "--contrast", "none")
        run(binary, self.model, new, *SETTINGS, "--continue", old)
        self.assertEqual(digest(new), self.wanted)
        with open(new + ".runs.jsonl") as f, open(self.whole + ".runs.jsonl") as g:
            passes = [int(text.rsplit('"images_backward":', 1)[1].split("}")[0].split(",")[0]) for text in (f.read(), g.read())]
        self.assertLess(passes[0], passes[1])
        refused = run(binary, self.model, self.out("other"), *SETTINGS, "--continue", old, "--eta", "0.05", check=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("eta", refused.stderr)
        self.assertFalse(os.path.exists(self.out("other")))

    def test_another_study_is_refused(self):
        refused = run(binary, self.model, self.whole, *SETTINGS, "--step", "0.01", check=False)
        self.assertIn("step", refused.stderr)
        self.assertEqual(digest(self.whole), self.wanted)

    def test_wrong_options(self):
        for options, word in ((("--targets", "nobody"), "nobody"), (("--from", "norma"), "normal"), (("--loss", "logits"), "logit"),
                              (("--jitter", "8"), "jitter"), (("--samples", "0"), "samples"), (("--contrast", "normal"), "contrast"),
                              (("--randomise", "half"), "half"), (("--targets", "1,1"), "twice"), (("--from", "normal(sd=-1)"), "sd")):
            path = self.out("wrong")
            done = run(binary, self.model, path, *options, check=False)
            self.assertEqual(done.returncode, 2, options)
            self.assertIn(word, done.stderr)
            self.assertFalse(os.path.exists(path))

    def test_readers(self):
        """xarray opens every group with names; the tools for files take it."""
        for group in ("samples", "maps", "summary", "state", "checks"):
            with xarray.open_dataset(self.whole, group=group) as d:
                self.assertFalse([n for n in d.dims if n.startswith("phony")], group)
        with xarray.open_dataset(self.whole, group="summary") as d:
            self.assertEqual(d.gain.dims, ("map_class", "of_class"))
        packed = self.out("packed")
        subprocess.run([binary, "pack", self.whole, "--out", packed], check=True, capture_output=True)
        for path in (self.whole, packed):
            self.assertEqual(check(path), [])
        hashes = [subprocess.run([binary, "digest", p], check=True, capture_output=True, text=True).stdout.split()[0] for p in (self.whole, packed)]
        self.assertEqual(*hashes)

    def test_inspect_and_verify(self):
        path = self.out("damaged")
        shutil.copy(self.whole, path)
        for tool in ("inspect", "verify"):
            done = subprocess.run([binary, tool, path], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("complete", done.stdout)
        with h5py.File(path) as f:
            at = f["maps/map"].id.get_offset()
        with open(path, "r+b") as f:
            f.seek(at + 5)
            byte = f.read(1)[0]
            f.seek(at + 5)
            f.write(bytes([byte ^ 1]))
        done = subprocess.run([binary, "verify", path], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("row 0 of maps/map", done.stdout)

    def test_summary(self):
        """The summary is what the rows say."""
        with h5py.File(self.whole) as f:
            rows = {(n.decode(), c): i for i, (n, c) in enumerate(zip(f["samples/variant"][:], f["samples/class_index"][:]))}
            maps, gain, s = f["maps/map"][:], f["samples/gain"][:], f["summary"]
            for k, c in enumerate((0, 2)):
                main = maps[rows["main", c]]
                for path, name in (("seed_cosine", "seed_1"), ("contrast_cosine", "uniform"), ("randomised_cosine", "randomised_last")):
                    self.assertAlmostEqual(float(s[path][k, 0]), cosine(main, maps[rows[name, c]]), places=5)
                own = gain[rows["main", c]]
                np.testing.assert_array_equal(s["gain"][k], own[[0, 2]])
                self.assertEqual(s["margin"][k], own[c] - np.delete(own, c).max())
                self.assertEqual(s["best_map"][k], all(gain[rows["main", j], c] <= own[c] for j in (0, 2)))
                for j, other in enumerate((0, 2)):
                    self.assertAlmostEqual(float(s["cosine"][k, j]), cosine(main, maps[rows["main", other]]), places=5)
            margins = s["margin"][:]
            self.assertEqual(s["passed"][3], (margins > 0).sum())
            self.assertEqual(s["worst"][3], margins.min())
            self.assertEqual(s["of"][:].tolist(), [2] * 6)
            np.testing.assert_array_equal(f["state/slot_0"][:], f["state/slot_1"][:])
            np.testing.assert_array_equal(f["state/slot_0"][:, 0], maps)
            self.assertGreater(np.abs(maps[rows["randomised_all", 0]] - maps[rows["main", 0]]).max(), 0)
        self.assertIn("seeds", self.text)

    def test_pictures(self):
        names = sorted(os.listdir(f"{self.folder}/pictures"))
        self.assertEqual(names, ["000_0.png", "002_2.png", "contact.png"])

    def test_dry_run(self):
        path = self.out("dry")
        done = run(binary, self.model, path, *SETTINGS, "--dry-run")
        self.assertIn("maps     10", done.stdout)
        self.assertFalse(os.path.exists(path))


if __name__ == "__main__":
    unittest.main(verbosity=1)
