#!/usr/bin/python3
"""Run the fuzz targets until each has had its executions, and print one table.

    cmake --preset fuzz && cmake --build --preset fuzz
    fuzz_run.py                      every target to its count: 10 million executions of the ONNX, manifest and
                                     study readers, 1 million of the image readers and of HDF5 input
    fuzz_run.py --seconds 500        go on for that long, in turns; again to continue
    fuzz_run.py --table              the table as it stands; with --write also into docs/proof.md
    fuzz_run.py --keep               minimise the corpora and put them into tests/fuzz_corpus

State lies in --folder: corpus, logs, inputs that failed, counts.  A target's count starts again from 0 after an
input failed, and with no failures when its program changes.  To fail is: a crash, a leak, an error that a
sanitizer names, more than 10 s of CPU time or more than 2 GiB for one input.  The exit code is 1 while there are such inputs, and while counts are
missing, unless --seconds said so.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile

import fuzz_seeds

EXECUTIONS = {"onnx": 10_000_000, "manifest": 10_000_000, "study": 10_000_000, "image": 1_000_000, "hdf5": 1_000_000}
TURN_SECONDS = 500
INPUT_SECONDS = 10   # of CPU time; libFuzzer's clock runs on while the machine does something else
TIMEOUT_CODE = 70
KEPT_BYTES = 60_000  # of one corpus in the repository, packed

# Sanitizers: leaks too; short stacks and little memory held back, for speed.
ASAN = "detect_leaks=1:malloc_context_size=2:quarantine_size_mb=16:max_malloc_fill_size=0"


class Target:
    def __init__(self, name, options):
        self.name, self.options = name, options
        self.program = os.path.join(options.programs, "fuzz_" + name)
        self.folder = os.path.join(options.folder, name)
        self.corpus, self.failures = os.path.join(self.folder, "corpus"), os.path.join(self.folder, "failed")
        self.state_file = os.path.join(self.folder, "state.json")
        self.state = {"program": None, "executions": 0, "seconds": 0.0, "edges": 0, "failed": 0}
        if os.path.exists(self.state_file):
            with open(self.state_file) as f:
                self.state.update(json.load(f))

    def save(self):
        with open(self.state_file + ".new", "w") as f:
            json.dump(self.state, f)
        os.replace(self.state_file + ".new", self.state_file)

    def restart(self, failed):
        self.state.update(executions=0, seconds=0.0, failed=failed)

    def prepare(self):
        """Seeds for a new folder; counts of another program do not count."""
        if not os.path.isdir(self.corpus):
            os.makedirs(self.corpus)
            os.makedirs(self.failures, exist_ok=True)
            with tempfile.TemporaryDirectory() as folder:
                fuzz_seeds.seeds(self.name, folder)
                self.merge([folder])
            fuzz_seeds.unpack(self.name, self.corpus)
        with open(self.program, "rb") as f:
            digest = hashlib.file_digest(f, "sha256").hexdigest()
        if digest != self.state["program"]:
            self.restart(failed=0)
            self.state["program"] = digest

    def run(self, arguments, log):
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
            words = fuzz_seeds.dictionary(self.name, os.path.join(folder, "words"))
            environment = dict(os.environ, TMPDIR=folder, ASAN_OPTIONS=ASAN, OMPI_MCA_btl="self",
                               UBSAN_OPTIONS="print_stacktrace=1")
            with open(log, "wb") as f:
                return subprocess.run([self.program, f"-max_len={fuzz_seeds.MAX_BYTES[self.name]}", *words, *arguments],
                                      stdout=f, stderr=subprocess.STDOUT, cwd=folder, env=environment).returncode

    def merge(self, folders):
        """Take from folders what reaches something new."""
        code = self.run(["-merge=1", self.corpus, *folders], os.path.join(self.folder, "merge.log"))
        if code:
            sys.exit(f"{self.name}: merging failed, see {self.folder}/merge.log")

    def turn(self, seconds):
        """Executions for that long; what failed is kept."""
        log = os.path.join(self.folder, time.strftime("log.%m%d-%H%M%S"))
        began = time.monotonic()
        # The corpus is run first, which does not count.
        left = EXECUTIONS[self.name] - self.state["executions"] + len(os.listdir(self.corpus))
        code = self.run([self.corpus, f"-max_total_time={seconds}", f"-runs={left + 1000}", "-timeout=30",
                         "-rss_limit_mb=2048", "-print_final_stats=1", "-reload=0", "-entropic=0",
                         f"-artifact_prefix={self.failures}/"], log)
        with open(log, errors="replace") as f:
            text = f.read()
        repeated = re.search(r"^#(\d+)\s+INITED", text, re.M)
        lines = re.findall(r"^#(\d+)\s+(?:DONE|INITED|NEW|REDUCE|pulse|RELOAD)\s+cov: (\d+)", text, re.M)
        done, edges = map(int, lines[-1]) if lines else (0, 0)
        took = re.search(r"^Done \d+ runs in (\d+) second", text, re.M)
        if code == TIMEOUT_CODE and not self.slow():
            code = 0
        if code:
            self.restart(failed=self.state["failed"] + 1)
            print(f"{self.name}: an input failed, exit code {code}: {log}, {self.failures}", flush=True)
        else:
            self.state["executions"] += done - (int(repeated[1]) if repeated else 0)
            self.state["seconds"] += float(took[1]) if took else time.monotonic() - began
            self.state["edges"] = max(self.state["edges"], edges)
            os.remove(log)
        self.save()
        return code

    def slow(self):
        """Whether one of the inputs that took long does so by itself; those that do not are dropped."""
        found = False
        for name in os.listdir(self.failures):
            if not name.startswith("timeout-"):
                continue
            path, before = os.path.join(self.failures, name), os.times()
            code = self.run([path, "-timeout=600"], os.path.join(self.folder, "again.log"))
            after = os.times()
            used = after.children_user + after.children_system - before.children_user - before.children_system
            if code or used > INPUT_SECONDS:
                found = True
            else:
                os.remove(path)
        return found

    def missing(self):
        return max(0, EXECUTIONS[self.name] - self.state["executions"])

    def keep(self):
        """The smallest inputs that still reach every edge, packed into the repository."""
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(self.folder, "merge.log")
            if self.run(["-merge=1", "-use_counters=0", folder, self.corpus], log):
                sys.exit(f"{self.name}: merging failed, see {log}")
            names = sorted(os.listdir(folder), key=lambda n: (os.path.getsize(os.path.join(folder, n)), n))
            path = fuzz_seeds.kept(self.name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
                packed = 0
                for name in names:
                    info = zipfile.ZipInfo(name)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    with open(os.path.join(folder, name), "rb") as f:
                        z.writestr(info, f.read())
                    packed += info.compress_size + 2 * len(name) + 98
                    if packed > KEPT_BYTES:
                        break
            print(f"{path}: {len(names)} inputs, {os.path.getsize(path)} bytes")


HEADING = "| target | executions | seconds | executions/s | edges | failed |\n|---|---|---|---|---|---|\n"


def table(targets):
    text = HEADING
    for t in targets:
        s = t.state
        rate = s["executions"] / s["seconds"] if s["seconds"] else 0
        text += f"| {t.name} | {s['executions']:,} | {s['seconds']:,.0f} | {rate:,.0f} | {s['edges']:,} | {s['failed']} |\n"
    return text


def write(text):
    """Put the table in the place of the one in docs/proof.md."""
    path = os.path.join(fuzz_seeds.SOURCE, "docs", "proof.md")
    with open(path) as f:
        page = f.read()
    before, after = page.split(HEADING)
    rest = after.split("\n\n", 1)
    with open(path, "w") as f:
        f.write(before + text + ("\n" + rest[1] if len(rest) > 1 else ""))


def main():
    build = os.path.join(fuzz_seeds.SOURCE, "build", "fuzz")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default=os.path.join(build, "tests"), help="folder of the targets")
    parser.add_argument("--folder", default=os.path.join(build, "runs"), help="folder of the state")
    parser.add_argument("--seconds", type=float, help="stop after that long")
    parser.add_argument("--turn", type=int, default=TURN_SECONDS, help="seconds of one target before the next")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("targets", nargs="*", default=list(fuzz_seeds.TARGETS))
    options = parser.parse_args()
    options.folder, options.programs = os.path.abspath(options.folder), os.path.abspath(options.programs)
    targets = [Target(name, options) for name in options.targets]
    end = time.monotonic() + options.seconds if options.seconds else float("inf")
    if options.keep:
        for t in targets:
            t.keep()
    elif not options.table:
        for t in targets:
            t.prepare()
        while any(t.missing() for t in targets) and time.monotonic() < end:
            t = min(targets, key=lambda t: t.state["executions"] / EXECUTIONS[t.name])
            if t.turn(max(1, int(min(options.turn, end - time.monotonic())))):
                break
    print(table(targets), end="")
    if options.write:
        write(table(targets))
    short = any(t.missing() for t in targets) and not (options.seconds or options.table or options.keep)
    return 1 if short or any(t.state["failed"] for t in targets) else 0


if __name__ == "__main__":
    sys.exit(main())
