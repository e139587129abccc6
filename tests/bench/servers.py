"""The processes of the benchmark: each waits, on the one core, for a line and answers with one."""

import json
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
ENGINE = os.environ.get("ENGINE", os.path.join(SOURCE, "build", "release", "tests", "engine"))
PROGRAM = os.environ.get("RETROGRAD", os.path.join(SOURCE, "build", "release", "retrograd"))
SHARED = os.environ.get("SHARED_DATA", os.path.join(SOURCE, "..", "shared", "data"))

# malloc gives nothing back to the system: PyTorch takes and frees every activation, and the page
# faults of the default settings cost it up to a third of its time.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}


def environment(more=()):
    """One thread per process, OpenBLAS's own choice of kernels."""
    found = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", **dict(more))
    found.pop("OPENBLAS_CORETYPE", None)
    return found


class Server:
    """A process on one core that answers lines; `facts` is its first line."""

    def __init__(self, core, command, more=()):
        self.process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(more))
        self.private, self.watching = 0, True
        threading.Thread(target=self.watch, daemon=True).start()
        self.facts = self.read()

    def watch(self):
        """Keep the most private and shared memory that was seen; the kernel keeps that of all pages only, and clean
        pages of a mapped model file are not the process's own."""
        while self.watching:
            try:
                now = self.memory()
            except OSError:
                return
            self.private = max(self.private, now.get("RssAnon", 0) + now.get("RssShmem", 0))
            time.sleep(0.005)

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self.process.args)}: ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.read()

    def memory(self):
        """Bytes of VmHWM, RssFile and the like."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            rows = [line.split() for line in f]
        return {row[0][:-1]: int(row[1]) * 1024 for row in rows if len(row) == 3 and row[2] == "kB"}

    def forget_peak(self):
        """VmHWM begins again from here."""
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as f:
            f.write("5")
        self.private = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.watching = False
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def engine(core, model, samples, *pairs):
    """Our engine on an ONNX file; pairs of methods and layers."""
    return Server(core, [ENGINE, model, samples, *pairs])


def sgemm(core, n):
    return Server(core, [ENGINE, "sgemm", n])


def pytorch(core, model, folder, samples, how):
    """PyTorch: `plain` as installed, `loop` with the suite's hooks, or `tuned`."""
    command = [sys.executable, os.path.join(HERE, "torch_side.py"), model, folder, samples, how]
    return Server(core, command, KEEP_MEMORY if how == "tuned" else {})
