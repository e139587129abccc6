"""Faults: one call of one rank fails, or a rank is held still.

The table FAULTS lists every fault.  One that ends the run ends it on all ranks within LIMIT seconds, with
one message that names rank, host and reason, and what is left is continued by the next run to the bytes of
an undisturbed one.  One that must not end it leaves those bytes at once.  The program is the released one:
tests/fault.c is loaded before it.
"""

import calendar
import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import proof

FAULT, TOOL = os.environ.get("FAULT_LIBRARY", "fault.so"), os.environ.get("TOOL_STUDY", "tool_study")
LIMIT, RANKS, COUNT = 5.0, 3, 12
SETTINGS = ("--methods", "gradient,grad_cam", "--layers", "input,convs", "--unit", "2", "--limit", str(COUNT))

# (what, rank, kind, n-th call, errno, where the path holds, what the message says)
FAULTS = [
    ("the model cannot be opened", 1, "open", 1, errno.EACCES, "shapes.onnx", "Permission denied"),
    ("the model cannot be read", 2, "read", 1, errno.EIO, "shapes.onnx", "Input/output error"),
    ("the recipe cannot be read", 0, "read", 1, errno.EIO, "shapes.json", "Input/output error"),
    ("the data list cannot be opened", 0, "open", 1, errno.EIO, "manifest.csv", "Input/output error"),
    ("no room for the skeleton", 0, "write", 1, errno.ENOSPC, "study.h5.tmp", "No space left on device"),
    ("no room to reserve", 0, "reserve", 1, errno.ENOSPC, "study.h5.tmp", "No space left on device"),
    ("the skeleton cannot be made", 0, "open", 1, errno.EROFS, "study.h5.tmp", "Read-only file system"),
    ("the skeleton cannot be synced", 0, "sync", 1, errno.EIO, "study.h5.tmp", "Input/output error"),
    ("the run log cannot be opened", 0, "open", 1, errno.EROFS, "runs.jsonl", "Read-only file system"),
    ("the run log cannot be written", 0, "write", 1, errno.EDQUOT, "runs.jsonl", "Disk quota exceeded"),
    ("the end of the run log cannot be written", 0, "write", 2, errno.EDQUOT, "runs.jsonl", "Disk quota exceeded"),
    ("the study cannot be opened by rank 2", 2, "open", 1, errno.EACCES, "study.h5", "Permission denied"),
    ("rows of rank 0: disk full", 0, "write", 3, errno.ENOSPC, "study.h5", "No space left on device"),
    ("rows of rank 1: disk full", 1, "write", 1, errno.ENOSPC, "study.h5", "No space left on device"),
    ("rows of rank 2: quota", 2, "write", 7, errno.EDQUOT, "study.h5", "Disk quota exceeded"),
    ("rank 1 cannot sync", 1, "sync", 1, errno.EIO, "study.h5", "Input/output error"),
    *((f"rank {r} cannot open the file together with the others", r, "inner", 1, 0, "", "MPI_File_open failed")
      for r in range(3)),
    *((f"message {n} of rank {r} is lost", r, "message", n, 0, "", "a message between ranks failed")
      for r, n in ((0, 1), (1, 2), (2, 10), (0, 25), (1, 35), (2, 45))),
]

# What may pass is tried again and changes nothing: (what, rank, kind, n-th call, errno, where).
PASSING = [
    ("the model is opened with a stale handle", 0, "open", 1, errno.ESTALE, "shapes.onnx"),
    ("the model is read when a signal comes", 1, "read", 1, errno.EINTR, "shapes.onnx"),
    ("the data list has a stale handle", 0, "read", 1, errno.ESTALE, "manifest.csv"),
    ("an image has a stale handle", 1, "read", 1, errno.ESTALE, "/images/"),
    ("an image is opened with a stale handle", 2, "open", 1, errno.ESTALE, "/images/"),
    ("an image's server is busy", 0, "read", 2, errno.EAGAIN, "/images/"),
    ("an image is read when a signal comes", 0, "read", 1, errno.EINTR, "/images/"),
]
ALLOCATIONS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597)


class Faults(proof.Case):
    @classmethod
    def setUpClass(cls):
        import tempfile
        folder = tempfile.TemporaryDirectory(prefix="proof.")
        cls.addClassCleanup(folder.cleanup)
        cls.wanted = os.path.join(folder.name, "wanted.h5")
        cls.span = proof.attribute(cls.wanted, proof.model("shapes"), proof.demo("manifest.csv"), *SETTINGS,
                                   ranks=RANKS).seconds

    def setUp(self):
        super().setUp()
        self.out = self.path("study.h5")

    def start(self, *more, **env):
        args = ["attribute", "--model", proof.model("shapes"), "--data", proof.demo("manifest.csv"), "--out", self.out,
                *(more or ["--quiet"]), *SETTINGS]
        return subprocess.Popen(proof.command(args, RANKS), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, env={**os.environ, **env})

    def fail(self, fault, where="", **env):
        """Run with a fault; returns exit code, stderr, seconds."""
        began = time.monotonic()
        with self.start(LD_PRELOAD=FAULT, FAULT=fault, FAULT_PATH=where, **env) as p:
            try:
                _, error = p.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                p.terminate()
                raise AssertionError(f"{fault}: still there after 60 s") from None
        return p.returncode, error, time.monotonic() - began

    def continue_and_compare(self):
        proof.attribute(self.out, proof.model("shapes"), proof.demo("manifest.csv"), *SETTINGS, ranks=2)
        self.assert_same_bytes(self.wanted, self.out)
        for name in os.listdir(self.folder):
            if name.startswith("study"):
                os.remove(self.path(name))

    def test_each_fault_of_the_table(self):
        host = re.escape(socket.gethostname())
        for what, rank, kind, n, number, where, says in FAULTS:
            with self.subTest(what):
                code, error, seconds = self.fail(f"{rank}:{kind}:{n}:{number}", where)
                reports = [line for line in error.splitlines() if line.startswith("retrograd")]
                self.assertIn(code, (1, 2), error)
                self.assertEqual(len(reports), 1, error)
                self.assertRegex(reports[0], rf"{re.escape(says)}.* \(rank {rank} on {host}\)$")
                self.assertLess(seconds, self.span + LIMIT, what)
                self.assertFalse(os.path.exists(self.out + ".tmp"))
                self.continue_and_compare()

    def test_a_message_lost_inside_hdf5(self):
        """HDF5 cleans up by a collective call that nobody joins: a limit ends the run, here a hundredth of it."""
        for rank, n in ((0, 2), (1, 2), (2, 3)):
            with self.subTest(rank=rank, n=n):
                code, error, seconds = self.fail(f"{rank}:inner:{n}", FAULT_HASTE="1")
                self.assertEqual(code, 1, error)
                reports = [line for line in error.splitlines() if line.startswith("retrograd")]
                self.assertEqual(len(reports), 1, error)
                self.assertRegex(reports[0], r"opening .* together took more than 300 s.* \(rank 0 on ")
                self.assertLess(seconds, self.span + LIMIT)
                self.continue_and_compare()

    def test_allocations(self):
        """Whichever allocation fails, the run ends with one report, or does without."""
        ended = 0
        for k, n in enumerate(ALLOCATIONS):
            with self.subTest(n=n):
                code, error, seconds = self.fail(f"{k % RANKS}:alloc:{n}:{errno.ENOMEM}")
                reports = [line for line in error.splitlines() if line.startswith("retrograd")]
                self.assertIn(code, (0, 1), error)
                self.assertEqual(len(reports), code, error)
                self.assertLess(seconds, self.span + LIMIT)
                ended += code
                self.continue_and_compare()
        self.assertGreater(ended, len(ALLOCATIONS) // 2)

    def test_a_failure_does_not_wait_for_long_units(self):
        """Rank 0 is in a unit of half a minute when rank 1 fails; its rows are computed again."""
        out, began = self.path("study.h5"), time.monotonic()
        done = subprocess.run(["mpirun", "-n", "3", TOOL, out, "8", "2", "0.1", "0", "300"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                              env={**os.environ, "LD_PRELOAD": FAULT, "FAULT": f"1:write:1:{errno.ENOSPC}",
                                   "FAULT_PATH": "study.h5"})
        seconds = time.monotonic() - began
        reports = [line for line in done.stderr.splitlines() if line.startswith("retrograd")]
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(len(reports), 1, done.stderr)
        self.assertRegex(reports[0], r"No space left on device.* \(rank 1 on ")
        proof.figure(f"a failure while another rank is in a unit of 30 s: all ended after {seconds:.1f} s")
        self.assertLess(seconds, self.span + LIMIT)

    def test_what_may_pass_is_tried_again(self):
        for what, rank, kind, n, number, where in PASSING:
            with self.subTest(what):
                code, error, _ = self.fail(f"{rank}:{kind}:{n}:{number}", where)
                self.assertEqual(code, 0, error)
                self.assert_same_bytes(self.wanted, self.out)
                for path in (self.out, self.out + ".runs.jsonl"):
                    os.remove(path)

    def test_a_damaged_disk_is_not_tried_again(self):
        """EIO once: the sample is skipped, as its file is on that disk."""
        code, error, _ = self.fail(f"1:read:1:{errno.EIO}", "/images/")
        self.assertEqual(code, 3, error)
        self.assertEqual(sum(len(r["skipped"]) for r in proof.runs(self.out)[-1]["ranks"]), 1)

    def test_a_clock_that_jumps_back(self):
        """The time of day, by an hour, at several instants: nothing but what the log says of it is affected."""
        for after in (0.0, 0.1, 0.2, 0.4):
            began = time.time()
            with self.start("--log-every", "0.01", LD_PRELOAD=FAULT, FAULT_CLOCK=f"{after},-3600") as p:
                _, error = p.communicate(timeout=60)
            self.assertEqual(p.returncode, 0, error)
            self.assert_same_bytes(self.wanted, self.out)
            first, end = proof.runs(self.out)
            said = calendar.timegm(time.strptime(first["time"], "%Y-%m-%dT%H:%M:%SZ"))
            self.assertLess(min(abs(said - began), abs(said - began + 3600)), 60)
            if after == 0:
                self.assertLess(said, began - 3000, "the clock should be another")
            self.assertTrue(0 < end["seconds"] < 30, end)
            self.assertTrue(0 <= end["imbalance"] <= 1 and 0 <= end["io"] <= 1, end)
            self.assertEqual((end["event"], end["done"]), ("end", COUNT))
            self.assertRegex(error, r"attribute: ended after \d")
            self.assertNotRegex(error, r"[ (]-[0-9]")
            for path in (self.out, self.out + ".runs.jsonl"):
                os.remove(path)

    def test_a_file_system_that_cannot_reserve(self):
        """The file has holes, and in the end the same bytes."""
        code, error, _ = self.fail(f"0:reserve:1:{errno.EOPNOTSUPP}", "study.h5.tmp")
        self.assertEqual(code, 0, error)
        self.assert_same_bytes(self.wanted, self.out)

    def test_a_rank_held_still_is_waited_for(self):
        with self.start() as p:
            ranks = []
            while len(ranks) < RANKS or not os.path.exists(self.out):
                with open(f"/proc/{p.pid}/task/{p.pid}/children", encoding="ascii") as f:
                    ranks = [int(i) for i in f.read().split()]
                time.sleep(0.005)
            os.kill(ranks[1], signal.SIGSTOP)
            time.sleep(2)
            self.assertIsNone(p.poll())
            os.kill(ranks[1], signal.SIGCONT)
            _, error = p.communicate(timeout=60)
            self.assertEqual(p.returncode, 0, error)
        self.assert_same_bytes(self.wanted, self.out)

    def test_a_reader_with_a_lock_does_not_disturb(self):
        import fcntl
        proof.attribute(self.out, proof.model("shapes"), proof.demo("manifest.csv"), *SETTINGS, ranks=1)
        os.remove(self.out)
        with self.start() as p:
            while not os.path.exists(self.out):
                time.sleep(0.005)
            with open(self.out, "rb") as f:
                fcntl.flock(f, fcntl.LOCK_SH)
                _, error = p.communicate(timeout=60)
            self.assertEqual(p.returncode, 0, error)
        self.assert_same_bytes(self.wanted, self.out)


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    if not os.path.exists(FAULT):
        proof.skip("there is no library that makes calls fail (set FAULT_LIBRARY)")
    if not shutil.which("mpirun"):
        proof.skip("there is no mpirun")
    proof.main()
