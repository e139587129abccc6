"""A soak of kills: SIGKILL of one rank, of all ranks and of mpirun, during start, run, commit and finish.

    LONG=1 ctest --test-dir build/release -V -R proof.soak          # 200 kills; without LONG=1, 12

Runs commit each unit or some together.  Half of the kills of start, commit and finish strike inside a chosen call:
tests/fault.c holds one rank in the middle of the n-th write, or before the n-th open, read or sync, of the model, the
list, the skeleton, the study or the run log.  The others, and all of the run, strike at random instants of the phase.
After each kill

  - the study that is left opens with h5py, and every row that is marked done equals the uninterrupted run's;
  - `retrograd verify` opens it and finds nothing wrong: no checksum of a finished row differs;
  - every line of the run log but a torn last one is JSON.

The study is then started again on another number of ranks.  Whatever came before, each study that is completed
has the bytes and the `retrograd digest` of the uninterrupted one.
"""

import collections
import itertools
import json
import os
import random
import shutil
import tempfile
import time

import proof
from proof_kill import Run

FAULT = os.environ.get("FAULT_LIBRARY", "fault.so")
KILLS = 200 if proof.LONG else 12
COUNT = 24
SETTINGS = ("--methods", "gradient,normgrad,grad_cam", "--layers", "all", "--targets", "predicted", "--unit", "1",
            "--limit", str(COUNT))
SAMPLES = ("logits", "score", "target_class", "size")
EVERY = (0.0, 0.03, 0.1)
PHASES, KINDS = ("start", "run", "commit", "finish"), ("rank", "ranks", "mpirun")

# Calls in which a rank is held: kind, n-th at most, where the path holds or ends (with $), rank 0 alone.
HELD = {
    "start": (("open", 1, "shapes.onnx", False), ("read", 1, "manifest.csv", False), ("open", 1, "study.h5.tmp", True),
              ("write", 4, "study.h5.tmp", True), ("sync", 1, "study.h5.tmp", True),
              ("write", 1, "runs.jsonl", True), ("open", 2, "study.h5$", False), ("read", 40, "study.h5$", False)),
    "commit": (("write", 120, "study.h5$", False), ("sync", 8, "study.h5$", False)),
    "finish": (("write", 2, "runs.jsonl", True), ("sync", 2, "runs.jsonl", True)),
}


class Soak(proof.Case):
    @classmethod
    def setUpClass(cls):
        """The uninterrupted run, its numbers by row, its digest."""
        import h5py
        folder = tempfile.TemporaryDirectory(prefix="proof.")
        cls.addClassCleanup(folder.cleanup)
        cls.data, cls.wanted = proof.demo("manifest.csv"), os.path.join(folder.name, "wanted.h5")
        cls.span = proof.attribute(cls.wanted, proof.model("shapes"), cls.data, *SETTINGS).seconds
        cls.digest = cls.digest_of(cls.wanted)
        with h5py.File(cls.wanted, "r") as f:
            cls.rows = {f"maps/{v}": f["maps"][v][()] for v in proof.Study(cls.wanted).variables}
            cls.rows.update({f"samples/{v}": f["samples"][v][()] for v in SAMPLES})

    @staticmethod
    def digest_of(path):
        return proof.run("digest", path).out.split()[0]

    def setUp(self):
        super().setUp()
        self.out, self.held = self.path("study.h5"), self.path("held")
        self.tally, self.inside, self.opened, self.studies = collections.Counter(), 0, 0, 0

    def start(self, ranks, fault, every):
        """A run that commits every so many seconds: each unit, or some together."""
        env = {}
        if os.path.exists(self.held):
            os.remove(self.held)
        if fault:
            rank, kind, n, where = fault
            env = {"LD_PRELOAD": FAULT, "FAULT": f"{rank}:{kind}:{n}", "FAULT_PATH": where, "FAULT_HOLD": self.held}
        run = Run(self.folder, self.out, self.data, ranks, *SETTINGS, "--commit-every", str(every), env=env)
        self.addCleanup(run.end)
        return run

    def choose_fault(self, phase, ranks, rng):
        """A call in which a rank will be held, or None for an instant."""
        if phase not in HELD or rng.random() < 0.5:
            return None
        kind, most, where, first = rng.choice(HELD[phase])
        n = most if phase == "finish" else rng.randint(1, most)
        return 0 if first else rng.randrange(ranks), kind, n, where

    def wait_for(self, run, phase, fault, rng):
        """Until the run is where it is to be killed; False where it has ended before."""
        end = time.monotonic() + self.span * 20 + 20
        before = self.count()
        while run.process.poll() is None and time.monotonic() < end:
            if fault:
                if os.path.exists(self.held):
                    return True
            elif phase == "start":
                time.sleep(rng.uniform(0.0, 0.5 * self.span))
                return run.process.poll() is None
            elif self.count() >= (COUNT if phase == "finish" else min(before + 1, COUNT)):
                time.sleep(rng.uniform(0.0, 0.02 if phase == "finish" else 0.3 * self.span))
                return run.process.poll() is None
            time.sleep(0.001)
        return False

    def count(self):
        """Rows marked done: the status is one run of bytes, whose place never changes."""
        if not os.path.exists(self.out):
            return 0
        if not hasattr(self, "status_at"):
            import h5py
            with h5py.File(self.wanted, "r") as f:
                self.status_at = f["samples/status"].id.get_offset()
        with open(self.out, "rb") as f:
            f.seek(self.status_at)
            return f.read(COUNT).count(1)

    def check(self):
        """What a kill has left; returns the number of samples marked done."""
        import h5py
        import numpy as np
        if not os.path.exists(self.out):
            return 0
        with h5py.File(self.out, "r") as f:
            status = f["samples/status"][()]
            self.assertTrue(np.isin(status, (0, 1)).all(), status)
            good = np.flatnonzero(status == 1)
            for name, rows in self.rows.items():
                got = f[name][()]
                self.assertEqual(got.shape, rows.shape)
                self.assertTrue(got[good].tobytes() == rows[good].tobytes(), f"{name}: a row marked done is wrong")
        done = proof.run("verify", self.out, code=0 if len(good) == COUNT else 75)
        self.assertNotIn("FAIL", done.out)
        with open(self.out + ".runs.jsonl", encoding="utf-8") as f:
            for line in f.read().split("\n")[:-1]:
                if line:
                    json.loads(line)
        self.opened += 1
        return len(good)

    def assert_finished(self):
        self.assert_same_bytes(self.wanted, self.out)
        self.assertEqual(self.digest_of(self.out), self.digest)
        self.assertEqual(sorted(n for n in os.listdir(self.folder) if n.startswith("study")),
                         ["study.h5", "study.h5.runs.jsonl"])

    def finish(self, ranks):
        proof.attribute(self.out, proof.model("shapes"), self.data, *SETTINGS, ranks=ranks)
        self.assert_finished()
        for path in (self.out, self.out + ".runs.jsonl"):
            os.remove(path)
        self.studies += 1

    def strike(self, phase, kind, rng):
        """One run, killed unless it ended before; True where it was killed."""
        ranks = rng.choice((1, 2, 3)) if kind == "rank" else rng.choice((2, 3))
        fault = self.choose_fault(phase, ranks, rng)
        run = self.start(ranks, fault, rng.choice(EVERY))
        if not self.wait_for(run, phase, fault, rng):
            self.assertEqual(run.wait(), 0, run.stderr())
            return False
        run.kill(kind, rng)
        self.inside += fault is not None
        return True

    def test_kills_in_every_phase(self):
        rng, before = random.Random(7), 0
        plan = list(itertools.islice(itertools.cycle(itertools.product(PHASES, KINDS)), KILLS))
        rng.shuffle(plan)
        while plan:
            phase, kind = plan[-1]
            if self.strike(phase, kind, rng):
                plan.pop()
                self.tally[phase] += 1
                self.tally[kind] += 1
            now = self.check()
            self.assertGreaterEqual(now, before, "a finished sample was lost")
            before = now
            # Half of the finished studies are started again, to be killed with nothing left to do.
            if now == COUNT and rng.random() < 0.5 or now and plan and plan[-1][0] == "start" and rng.random() < 0.3:
                self.finish(rng.choice((1, 2, 3)))
                before = 0
        self.finish(rng.choice((1, 2, 3)))
        self.assertEqual(sum(self.tally[k] for k in KINDS), KILLS)
        self.assertGreater(self.inside, 0)
        proof.figure(f"{KILLS} SIGKILLs: " + ", ".join(f"{self.tally[k]} of {k}" for k in KINDS) + "; "
                     + ", ".join(f"{self.tally[p]} during {p}" for p in PHASES)
                     + f"; {self.inside} inside a held call.  {self.opened} files left and opened: 0 unreadable, 0 wrong "
                     f"values; {self.studies} studies completed, all with the bytes and digest of the uninterrupted one")


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    if not os.path.exists(FAULT):
        proof.skip("there is no library that holds calls (set FAULT_LIBRARY)")
    if not shutil.which("mpirun"):
        proof.skip("there is no mpirun")
    proof.main()
