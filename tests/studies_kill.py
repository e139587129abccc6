"""Every study killed and started again at any point gives the same tables and files; LONG=1 runs it.

Each study runs once undisturbed.  Then, in a folder of the same name, one rank, two ranks or the whole job get SIGKILL at random
times, KILLS times (default 8), each start with another number of ranks; a run that ends before its kill is thrown away and
begun again.  What comes out must be every byte of the undisturbed folder but the logs of runs.

    LONG=1 KILLS=20 SEED=3 RETROGRAD=build/release/retrograd SOURCE=. python3 tests/studies_kill.py
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import proof  # noqa: F401  (what mpirun wants of the environment)

if os.environ.get("LONG") != "1":
    print("skipped: LONG=1 runs it")
    sys.exit(77)

source, binary = os.environ["SOURCE"], os.environ["RETROGRAD"]
KILLS, SEED = int(os.environ.get("KILLS", "8")), int(os.environ.get("SEED", "1"))
STUDIES = os.environ["STUDIES"].split(",") if "STUDIES" in os.environ else []  # only these
SMALL = {"input-agnostic": ["--settings", "samples=16,iterations=2,keep-every=1,held-out=4"],
         "backdoor-signature": ["--settings", "pool=8,keep=2", "--other", f"{source}/demo/shapes.onnx", "--trigger", "88:88:6:6"]}


def names():
    out = subprocess.run([binary, "study", "--list"], check=True, capture_output=True, text=True).stdout
    return [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]


def command(name, folder, ranks):
    model = "shapes_backdoor" if name == "backdoor-signature" else "shapes"
    images = [] if name in SMALL else ["--data", f"{source}/demo/images", "--limit", "8", "--unit", "2"]
    objects = ["--masks", f"{source}/demo/masks"] if name in ("normgrad-framework", "layer-combination") else []
    mpi = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    return [*mpi, binary, "study", name, "--model", f"{source}/demo/{model}.onnx", *images, *objects, "--resamples", "200", "--out",
            folder, "--quiet", "--commit-every", "0", *SMALL.get(name, [])]


def files(folder):
    found = {}
    for path, _, there in os.walk(folder):
        for name in there:
            if not name.endswith(".runs.jsonl"):
                with open(os.path.join(path, name), "rb") as f:
                    found[os.path.relpath(os.path.join(path, name), folder)] = f.read()
    return found


def ranks_of(pid):
    """Processes of the program below a process."""
    out = subprocess.run(["ps", "-eo", "pid,ppid,comm"], capture_output=True, text=True).stdout.split("\n")[1:]
    rows = [(int(a), int(b), c) for a, b, c in (line.split(None, 2) for line in out if line.strip())]
    below, found = {pid}, []
    for _ in range(4):
        below |= {a for a, b, _ in rows if b in below}
    for a, _, c in rows:
        if a in below and c == os.path.basename(binary)[:15]:
            found.append(a)
    return found


class Kills(unittest.TestCase):
    def kill_once(self, rng, name, folder, took):
        """Whether the run was still there to be killed."""
        ranks = rng.choice([1, 1, 2, 3])
        p = subprocess.Popen(command(name, folder, ranks), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True)
        try:
            self.assertEqual(p.wait(rng.uniform(0.02, 0.7 * took)), 0, f"{name} failed by itself on {ranks} ranks")
            return False
        except subprocess.TimeoutExpired:
            one = ranks_of(p.pid)
        if ranks > 1 and one and rng.random() < 0.5:
            try:
                os.kill(rng.choice(one), signal.SIGKILL)  # mpirun ends the others
            except ProcessLookupError:
                pass
            try:
                p.wait(60)
            except subprocess.TimeoutExpired:
                self.fail(f"{name}: the job goes on though a rank is gone")
        else:
            os.killpg(p.pid, signal.SIGKILL)
            for pid in one:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            p.wait()
        return True

    def check(self, name, base):
        rng = random.Random(f"{SEED} {name}")
        folder, want = os.path.join(base, name), os.path.join(base, name + "-once")
        began = time.monotonic()
        subprocess.run(command(name, folder, 1), check=True, capture_output=True)
        took = time.monotonic() - began
        os.rename(folder, want)
        kills, whole = 0, 0
        while kills < KILLS:
            began = time.monotonic()
            if self.kill_once(rng, name, folder, took):
                kills += 1
            else:
                whole += 1
                took = min(took, time.monotonic() - began)  # the machine may have become faster
                shutil.rmtree(folder)
        subprocess.run(command(name, folder, 1), check=True, capture_output=True)
        got, expected = files(folder), files(want)
        self.assertEqual([n for n in sorted({*got, *expected}) if got.get(n) != expected.get(n)], [])
        tables = sum(n.endswith(".csv") for n in expected)
        print(f"{name}: {kills} kills, {whole} runs that ended before theirs; {len(expected)} files, {tables} of them tables, the same bytes",
              flush=True)

    def test_every_study(self):
        with tempfile.TemporaryDirectory() as base:
            for name in STUDIES or names():
                with self.subTest(name):
                    self.check(name, base)


if __name__ == "__main__":
    unittest.main(verbosity=1)
