"""Kills, stops and second writers: nothing finished is lost, nothing is done twice, nothing is wrong.

Twenty SIGKILLs at random instants (fixed seed) of one rank, of all ranks or of mpirun; after each the
file opens with h5py and every row that is marked done equals that of an uninterrupted run; the study
is then started again on another number of ranks.  What comes out in the end is byte for byte the
uninterrupted file.
"""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

import proof

KILLS = 20  # proof.soak has many
COUNT = 24
SETTINGS = ("--methods", "basic,lrp_epsilon_plus,smoothgrad(n=2)[gradient],fullgrad", "--layers", "all",
            "--targets", "predicted", "--unit", "1", "--commit-every", "0", "--limit", str(COUNT))
PATIENCE = 60.0
SAMPLES = ("logits", "score", "target_class", "size")


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


def alive(pid):
    """True while a process is neither gone nor a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE:.0f} s for this: {what}")
        time.sleep(0.005)


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Run:
    """A run under way."""

    def __init__(self, folder, out, data, ranks, *settings, env=None):
        self.ranks = ranks
        self.error_path = os.path.join(folder, "stderr")
        args = ["attribute", "--model", proof.model("shapes"), "--data", data, "--out", out, *settings]
        with open(self.error_path, "wb") as error:
            self.process = subprocess.Popen(proof.command(args, ranks), stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=error,
                                            env={**os.environ, **(env or {})})
        self.pid = self.process.pid

    def pids(self):
        """The ranks' processes, as far as they exist."""
        return [self.pid] if self.ranks == 1 else children(self.pid)

    def wait(self):
        return self.process.wait(timeout=PATIENCE)

    def stderr(self):
        with open(self.error_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def end(self):
        """Whatever happened in the test: nothing of this run is left."""
        if self.process.poll() is None:
            for pid in [*self.pids(), self.pid]:
                send(pid, signal.SIGKILL)
            self.wait()

    def kill(self, kind, rng):
        """SIGKILL and wait until every process is gone."""
        ranks = self.pids()
        victims = {"rank": [rng.choice(ranks)] if ranks else [self.pid], "ranks": [*ranks, self.pid],
                   "mpirun": [self.pid]}[kind]
        for pid in victims:
            send(pid, signal.SIGKILL)
        self.wait()
        wait_until("all ranks are gone", lambda: not any(alive(p) for p in ranks))


class Kill(proof.Case):
    @classmethod
    def setUpClass(cls):
        """The uninterrupted run, and its numbers by row."""
        import h5py
        folder = tempfile.TemporaryDirectory(prefix="proof.")
        cls.addClassCleanup(folder.cleanup)
        cls.data, cls.wanted = proof.demo("manifest.csv"), os.path.join(folder.name, "wanted.h5")
        cls.span = proof.attribute(cls.wanted, proof.model("shapes"), cls.data, *SETTINGS).seconds
        with h5py.File(cls.wanted, "r") as f:
            cls.rows = {f"maps/{v}": f["maps"][v][()] for v in proof.Study(cls.wanted).variables}
            cls.rows.update({f"samples/{v}": f["samples"][v][()] for v in SAMPLES})

    def setUp(self):
        super().setUp()
        self.out = self.path("study.h5")

    def start(self, ranks=1):
        run = Run(self.folder, self.out, self.data, ranks, *SETTINGS)
        self.addCleanup(run.end)
        return run

    def finish(self, *args, ranks=1, code=0):
        return proof.attribute(self.out, proof.model("shapes"), self.data, *SETTINGS, *args, ranks=ranks,
                               code=code)

    def remove_study(self):
        for path in (self.out, self.out + ".runs.jsonl"):
            if os.path.exists(path):
                os.remove(path)

    def done(self):
        """Number of samples marked done; all of them must hold the uninterrupted run's numbers."""
        import h5py
        import numpy as np
        if not os.path.exists(self.out):
            return 0
        with h5py.File(self.out, "r") as f:
            status = f["samples/status"][()]
            self.assertTrue(np.isin(status, (0, 1)).all())
            good = np.flatnonzero(status == 1)
            for name, rows in self.rows.items():
                got = f[name][()]
                self.assertEqual(got.shape, rows.shape)
                self.assertTrue(got[good].tobytes() == rows[good].tobytes(), f"{name}: a row marked done is wrong")
        return len(good)

    def quick_done(self):
        """Number of samples marked done, read while others write."""
        import h5py
        if not os.path.exists(self.out):
            return 0
        with h5py.File(self.out, "r") as f:
            return int((f["samples/status"][()] == 1).sum())

    def assert_finished(self):
        self.assert_same_bytes(self.wanted, self.out)
        self.assertEqual(sorted(n for n in os.listdir(self.folder) if n.startswith("study")),
                         ["study.h5", "study.h5.runs.jsonl"])

    def test_random_kills(self):
        rng, kinds, studies, before, kills = random.Random(20), {}, 0, 0, 0
        span = 0.6 * self.span
        while kills < KILLS:
            ranks = rng.choice((1, 2, 3))
            kind = "rank" if ranks == 1 else rng.choice(("rank", "ranks", "mpirun"))
            run = self.start(ranks)
            try:
                run.process.wait(timeout=rng.uniform(0.0, span))
            except subprocess.TimeoutExpired:
                run.kill(kind, rng)
                kills += 1
                kinds[kind] = kinds.get(kind, 0) + 1
            else:
                self.assertEqual(run.process.returncode, 0, run.stderr())
                span *= 0.8  # it was not killed: the machine is faster now
            now = self.done()
            self.assertGreaterEqual(now, before, "a finished sample was lost")
            if now == before:
                span *= 1.1  # it was killed before it did anything
            before = now
            if now == COUNT:
                self.finish(ranks=ranks)
                self.assertEqual(proof.runs(self.out)[-1]["made"], 0)
                self.assert_finished()
                self.remove_study()
                studies, before = studies + 1, 0
        end = self.finish()
        self.assertEqual(proof.runs(self.out)[-1]["made"], COUNT - before, end.error)
        self.assert_finished()
        self.assertGreater(studies, 0)
        proof.figure(f"{kills} SIGKILLs ({', '.join(f'{n} of {k}' for k, n in sorted(kinds.items()))}), "
                     f"{studies + 1} studies of {COUNT} units completed, all byte-identical")

    def stop(self, ranks, number, whom):
        """Stop a run by a signal after its first unit; returns how much it made."""
        self.remove_study()
        run = self.start(ranks)
        wait_until("a first sample is done", lambda: self.quick_done() > 0)
        for pid in whom(run):
            send(pid, number)
        self.assertEqual(run.wait(), 75, run.stderr())
        end = proof.runs(self.out)[-1]
        self.assertEqual((end["event"], end["stopped"]), ("end", True))
        self.assertEqual(end["pending"], COUNT - end["made"])
        self.assertGreater(end["pending"], 0)
        self.assertEqual(self.done(), end["made"])
        return end["made"]

    def test_stop_signals(self):
        """SIGUSR1, and SIGTERM as far as it goes: exit code 75, then start again to continue."""
        cases = ((1, signal.SIGUSR1, lambda r: [r.pid]), (1, signal.SIGTERM, lambda r: [r.pid]),
                 (2, signal.SIGUSR1, lambda r: [r.pid]), (3, signal.SIGUSR1, lambda r: [r.pid]),
                 (3, signal.SIGUSR1, lambda r: r.pids()[1:2]))
        for ranks, number, whom in cases:
            with self.subTest(ranks=ranks, signal=number):
                made = self.stop(ranks, number, whom)
                self.finish(ranks=2)
                self.assertEqual(proof.runs(self.out)[-1]["made"], COUNT - made)
                self.assert_finished()

    def test_a_second_writer_is_kept_out(self):
        """While others try, the first run is held still, so that it cannot end too early."""
        run = self.start(2)
        wait_until("a first sample is done", lambda: self.quick_done() > 0)
        ranks = run.pids()
        for pid in ranks:
            send(pid, signal.SIGSTOP)
        before = self.quick_done()
        for n, args in ((1, ()), (2, ()), (1, ("--force",))):
            second = self.finish(*args, ranks=n, code=2)
            self.assertIn(f"another run is writing {self.out}: process {ranks[0]}", second.error)
            self.assertEqual(second.error.count("retrograd attribute:"), 1, second.error)
        self.assertEqual(self.quick_done(), before)
        for pid in ranks:
            send(pid, signal.SIGCONT)
        self.assertEqual(run.wait(), 0, run.stderr())
        self.assert_finished()

    def test_starting_a_finished_study_again_changes_nothing(self):
        for ranks in (1, 3):
            shutil.copy(self.wanted, self.out)
            self.finish(ranks=ranks)
            self.assertEqual(proof.passes(self.out), (0, 0))
            self.assert_finished()

    def changed(self):
        """(what the message names, model, data, settings) of studies that are others."""
        base = {"--methods": "gradient", "--layers": "input", "--targets": "predicted", "--unit": "2",
                "--limit": "4"}
        same = proof.model("shapes"), self.data

        def settings(**more):
            merged = {**base, **{"--" + k.replace("_", "-"): v for k, v in more.items()}}
            return [word for pair in merged.items() for word in pair]

        with open(self.data, encoding="utf-8") as f:
            lines = f.read().splitlines()
        fewer = self.file("fewer.csv", "path,label\n" + "".join(
            f"{proof.demo(line.split(',')[0])},{line.split(',')[1]}\n" for line in lines[1:5]))
        yield None, *same, settings()
        yield "model_sha256", proof.demo("shapes_backdoor.onnx"), same[1], settings()
        yield "data_sha256", same[0], fewer, settings()
        yield "'methods'", *same, settings(methods="gradient,normgrad")
        yield "'layers'", *same, settings(layers="all")
        yield "'targets'", *same, settings(targets="label")
        yield "'unit'", *same, settings(unit="4")
        yield "'limit'", *same, settings(limit="3")
        yield "'recipe'", *same, settings(mean="0.4")
        yield "kernel_family", *same, settings(blas_core="auto")

    def test_another_study_is_refused_by_name(self):
        out = self.path("study.h5")
        args = ("--methods", "gradient", "--layers", "input", "--targets", "predicted", "--unit", 2, "--limit", 4)
        proof.attribute(out, proof.model("shapes"), self.data, *args)
        shutil.copy(out, self.path("before.h5"))
        for named, network, data, settings in self.changed():
            with self.subTest(changed=named):
                got = proof.attribute(out, network, data, *settings, code=2 if named else 0)
                self.assert_same_bytes(out, self.path("before.h5"))
                if named:
                    self.assertIn(f"{out} belongs to another study", got.error)
                    self.assertIn(named, got.error)
                    self.assertEqual(got.error.count("\nretrograd attribute: "), 1, got.error)

    def test_force_says_what_it_removes(self):
        out = self.path("study.h5")
        base = ("--layers", "input", "--limit", 4)
        proof.attribute(out, proof.model("shapes"), self.data, "--methods", "gradient", *base)
        bytes_before = os.path.getsize(out)
        done = proof.attribute(out, proof.model("shapes"), self.data, "--methods", "normgrad", "--force", *base)
        self.assertRegex(done.error, rf"--force: removing {out} with 4 of 4 samples done "
                                     rf"\({bytes_before / 1e6:.1f} MB\)")
        self.assertEqual(proof.Study(out).methods, ["normgrad"])
        done = proof.attribute(self.path("new.h5"), proof.model("shapes"), self.data, "--force", *base)
        self.assertNotIn("removing", done.error)


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    if not shutil.which("mpirun"):
        proof.skip("there is no mpirun")
    proof.main()
