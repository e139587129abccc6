"""What a study costs a file system: the measured parts of the plan in docs/cluster.md.

System calls are counted with strace on two studies of different length, so that what each unit and each sample add is
told from what a start costs.  Nothing but data, a sync and the status may be added by a unit: no open, no stat.
"""

import collections
import os
import re
import resource
import shutil
import subprocess
import time
import unittest

import proof

UNIT = 16
SETTINGS = ("--methods", "gradient,grad_cam,normgrad", "--layers", "input,last", "--unit", UNIT)
CALLS = ("openat,open,stat,lstat,newfstatat,fstat,statx,access,faccessat,faccessat2,read,pread64,write,pwrite64,close,"
         "fsync,fdatasync,unlink,rename,renameat2,ftruncate,fallocate,lseek,fcntl")
BY_NAME = ("stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "unlink", "rename", "renameat2")


class Trace:
    """Calls by kind of file, counted from strace's text: counts[kind, call], and sizes of writes."""

    def __init__(self, path, kinds):
        self.kinds, self.open = kinds, {}
        self.counts, self.written = collections.Counter(), collections.Counter()
        with open(path, encoding="utf-8", errors="replace") as f:
            begun = {}  # of calls during which another thread's were printed: pid -> text
            for line in f:
                pid, text = re.match(r"(\d+) +(.*)", line).groups()
                if text.endswith("<unfinished ...>"):
                    begun[pid] = text[:-len("<unfinished ...>")]
                    continue
                resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", text)
                if resumed:
                    text = begun.pop(pid, "") + resumed.group(1)
                found = re.match(r"(\w+)\((.*)", text)
                if found:
                    self.add(*found.groups())

    def kind(self, name):
        return next((kind for kind, part in self.kinds if part in name), None)

    def add(self, call, rest):
        name, number = re.search(r'"([^"]*)"', rest), re.match(r"\d+", rest)
        result = re.search(r"= (\d+)", rest)
        if call == "newfstatat" and name and not name.group(1):
            call = "fstat"  # of an open file
        if call in ("openat", "open"):
            kind = self.kind(name.group(1))
            if result:
                self.open[result.group(1)] = kind
        elif call in BY_NAME and name and name.group(1):
            kind = self.kind(name.group(1))
        else:
            at = number.group(0) if number else re.search(r"\d+", rest).group(0)
            kind = self.open.pop(at, None) if call == "close" else self.open.get(at)
        if kind:
            self.counts[kind, call] += 1
            if call == "pwrite64" and result:
                self.written[kind] += int(result.group(1))


class Cost(proof.Case):
    def list(self, count):
        """A data list of `count` rows, which repeat the demonstration's images."""
        with open(proof.demo("manifest.csv"), encoding="utf-8") as f:
            rows = [line.split(",")[:2] for line in f.read().splitlines()[1:]]
        lines = [f"{proof.demo(rows[i % len(rows)][0])},{rows[i % len(rows)][1]}" for i in range(count)]
        return self.file(f"list{count}.csv", "\n".join(["path,label", *lines]) + "\n")

    def trace(self, count, every=0):
        """A study whose ranks commit every so many seconds; 0: each unit."""
        out, text = self.path(f"study{count}.h5"), self.path(f"trace{count}")
        subprocess.run(["strace", "-f", "-o", text, "-e", f"trace={CALLS}", proof.PROGRAM, "attribute", "--model",
                        proof.model("shapes"), "--data", self.list(count), "--out", out, "--quiet",
                        "--force", "--commit-every", str(every), *map(str, SETTINGS)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
        return Trace(text, (("log", ".runs.jsonl"), ("skeleton", out + "."), ("study", out), ("image", "/images/")))

    def row_variables(self, count):
        """Variables with a row per sample that a unit fills: name -> bytes of a row."""
        import h5py
        found = {}
        with h5py.File(self.path(f"study{count}.h5"), "r") as f:
            for group in ("samples", "maps", "marks", "checks"):
                for name, v in f[group].items():
                    written_first = name in ("path", "label", "sample") or name.startswith(("box", "given"))
                    if v.shape and v.shape[0] == count and v.dtype.kind in "iuf" and not written_first:
                        found[f"{group}/{name}"] = v.dtype.itemsize * v[0].size
        return found

    def test_a_unit_adds_data_and_one_sync(self):
        few, many, units = self.trace(4 * UNIT), self.trace(8 * UNIT), 4
        added = {key: n - few.counts[key] for key, n in many.counts.items() if n != few.counts[key]}
        rows = self.row_variables(8 * UNIT)
        at_study = {call: n / units for (kind, call), n in added.items() if kind == "study"}
        each = (many.written["study"] - few.written["study"]) / units
        start = {kind: {call: n for (k, call), n in few.counts.items() if k == kind}
                 for kind in ("skeleton", "study", "log")}
        at_image = {call: n / units / UNIT for (kind, call), n in added.items() if kind == "image"}
        proof.figure(f"a unit of {UNIT} adds at the study's file: {at_study}; {each:.0f} bytes written")
        proof.figure(f"a sample adds at its image: {at_image}")
        proof.figure(f"a start and {4} units: {start}")
        self.assertLessEqual(set(at_study), {"pwrite64", "fsync", "fdatasync"})
        self.assertEqual(at_study.get("fsync", 0) + at_study.get("fdatasync", 0), 1)
        self.assertEqual(at_study["pwrite64"], len(rows), rows)
        self.assertEqual(each, UNIT * sum(rows.values()))
        self.assertFalse([key for key in added if key[0] == "log"])

    def test_units_share_a_sync(self):
        """Units that are committed together have one sync and, where they follow each other, one write of status."""
        few, many = self.trace(4 * UNIT, every=60), self.trace(8 * UNIT, every=60)
        calls = [{call: n for (kind, call), n in t.counts.items() if kind == "study"} for t in (few, many)]
        rows = self.row_variables(8 * UNIT)
        proof.figure(f"4 and 8 units committed together, at the study's file: {calls[0]} and {calls[1]}")
        self.assertEqual(calls[0]["fsync"], calls[1]["fsync"])
        self.assertEqual(calls[1]["pwrite64"] - calls[0]["pwrite64"], 4 * (len(rows) - 1))

    def test_what_a_list_costs_each_rank(self):
        """Memory and CPU time of reading the list of samples; every rank has all of it."""
        sizes, seen = (20000, 220000), []
        for count in sizes:
            data, before = self.list(count), resource.getrusage(resource.RUSAGE_CHILDREN)
            out = proof.run("attribute", "--model", proof.model("shapes"), "--data", data, "--dry-run", *SETTINGS).out
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seen.append((float(re.search(r"(?m)^memory +([\d.]+) MiB", out).group(1)),
                         after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
        more = sizes[1] - sizes[0]
        memory = (seen[1][0] - seen[0][0]) * 2**20 / more
        proof.figure(f"a sample of the list costs each rank {memory:.0f} bytes; a million, "
                     f"{(seen[1][1] - seen[0][1]) / more * 1e6:.1f} s of CPU at the start")
        self.assertLess(memory, 600)

    def start(self, folder, ranks):
        """Wall and CPU seconds, of all ranks together, of a --dry-run; MiB of a rank, and of them those of its own."""
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        out = proof.run("attribute", "--model", proof.model("shapes"), "--data", folder, "--dry-run", *SETTINGS,
                        ranks=ranks).out
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        memory = re.search(r"(?m)^memory +([\d.]+) MiB", out).group(1)
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, float(memory)

    @unittest.skipUnless(proof.LONG, "LONG=1 only")
    def test_a_folder_of_many_files(self):
        """One rank lists and measures the files, whatever the number of ranks."""
        few, many = self.path("few"), self.path("many")
        source = proof.demo("images/circle/000.png")
        for folder, count in ((few, 64), (many, 100000)):
            os.mkdir(folder)
            for i in range(count):
                path = os.path.join(folder, f"{i:06}.png")
                if i % 50000 == 0:
                    first = shutil.copy(source, path)
                else:
                    os.link(first, path)
        for ranks in (1, 2, 4):
            self.start(many, ranks)  # names are in the kernel's cache then
            a, b = self.start(few, ranks), self.start(many, ranks)
            proof.figure(f"100,000 files, {ranks} ranks: the start takes {b[0] - a[0]:.2f} s longer than with 64, "
                         f"{b[1] - a[1]:.2f} s of CPU over all ranks, {b[2] - a[2]:.1f} MiB more")

    def test_one_rank_looks_at_the_files(self):
        """Of three ranks: a stat of each file on one rank, and one more on every rank."""
        count, text = 640, self.path("trace")
        subprocess.run(["strace", "-f", "-o", text, "-e", f"trace={CALLS}", "mpirun", "-n", "3", proof.PROGRAM,
                        "attribute", "--model", proof.model("shapes"), "--data", self.list(count), "--dry-run",
                        *map(str, SETTINGS)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
        looks = sum(n for (kind, call), n in Trace(text, (("image", "/images/"),)).counts.items()
                    if kind == "image" and call in BY_NAME)
        proof.figure(f"{count} files, 3 ranks: {looks} calls that ask for a file by its name")
        self.assertEqual(looks, count + 3)


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    if not shutil.which("strace"):
        proof.skip("there is no strace")
    if os.environ.get("LD_PRELOAD"):
        proof.skip("another tool is traced already")
    proof.main()
