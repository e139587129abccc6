"""Studies on a real Slurm, which the test starts and stops itself: what slurm/ promises is what happens.

Jobs go through slurm/submit and the job scripts as a user's would; every finished file is compared byte for byte
with a run without Slurm.  LONG=1 adds what takes minutes: a real time limit, and the loss of a node.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

import proof
import slurm_cluster
from proof import count_done, until

SLURM = os.path.join(proof.SOURCE, "slurm")
SLOW = ("--methods", "gradient,guided_backprop,deconvnet", "--layers", "input", "--unit", 1, "--commit-every", 0)  # 5 ms a sample
COPIES = 10  # of the demonstration's data, for studies that are caught at work
LITTLE = ("--methods", "gradient,normgrad", "--layers", "convs", "--unit", 2)
LISTEN = "0A"
LOOPBACK = "0100007F"


def listening(pids):
    """Addresses (hex, as the kernel has them) on which these processes listen for IPv4 connections."""
    sockets = {}
    with open("/proc/net/tcp", encoding="ascii") as f:
        for line in list(f)[1:]:
            _, local, _, state, *rest = line.split()
            if state == LISTEN:
                sockets[f"socket:[{rest[5]}]"] = local.split(":")[0]
    found = []
    for pid in pids:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                found.append(sockets.get(os.readlink(f"/proc/{pid}/fd/{fd}")))
            except OSError:
                continue
    return [address for address in found if address]


BEGAN = time.monotonic()
CLUSTER = slurm_cluster.Cluster(nodes=2, cpus=2)
WANTED = {}  # studies without Slurm, by their settings


def setUpModule():
    unittest.addModuleCleanup(stop_cluster)
    CLUSTER.start()


def stop_cluster():
    CLUSTER.stop()
    proof.figure(f"all studies on the cluster took {time.monotonic() - BEGAN:.0f} s of wall time")
    assert not os.path.exists(CLUSTER.folder), "the cluster's folder is still there"


class Slurm(proof.Case):
    def setUp(self):
        super().setUp()
        self.cluster = CLUSTER
        self.model, self.data = proof.model("shapes"), proof.demo("manifest.csv")
        self.many = self.copies(COPIES)
        self.count = 64 * COPIES

    def copies(self, n):
        """A data list with every image of the demonstration n times, for all tests that want so many."""
        path = self.cluster.path(f"copies{n}.csv")
        if not os.path.exists(path):
            with open(self.data, encoding="utf-8") as f:
                rows = [line.split(",")[:2] for line in f.read().splitlines()[1:]]
            with open(path, "w", encoding="utf-8") as f:
                f.write("\n".join(["path,label", *[f"{proof.demo(image)},{label}" for image, label in rows] * n]))
        return path

    def args(self, out, *settings, data=None):
        data = data or (self.many if settings[:len(SLOW)] == SLOW else self.data)
        return ["attribute", "--model", self.model, "--data", data, "--out", out, *map(str, settings)]

    def direct(self, *settings, code=0, data=None):
        """The same study without Slurm, on one rank; made once where the data are the demonstration's."""
        key = settings if data is None else None
        if key not in WANTED:
            path = self.path("direct.h5") if data else self.cluster.path(f"direct{len(WANTED)}.h5")
            proof.run(*self.args(path, *settings, data=data), code=code)
            if data:
                return path
            WANTED[key] = path
        return WANTED[key]

    def call(self, *args, **more):
        # A module system or a login shell would set the program; MpiDefault of this cluster is none.
        return self.cluster.call(*args, folder=self.folder, RETROGRAD=proof.PROGRAM, **more)

    def sbatch(self, script, *args, options=()):
        log = self.path("%A_%a.log" if script == "array" else "%j.log")
        return self.call("sbatch", "--parsable", f"--output={log}", *options, f"{SLURM}/{script}.sbatch", *args).strip()

    def log(self, job):
        with open(self.path(f"{job}.log"), encoding="utf-8") as f:
            return f.read()

    def assert_state(self, job, state, code="0:0", seconds=60):
        ended = self.cluster.wait(job, seconds)
        log = self.path(f"{job}.log")
        text = self.log(job) if os.path.exists(log) else self.cluster.report()
        self.assertEqual((ended["JobState"], ended["ExitCode"]), (state, code), text)
        return ended

    def start(self, out, *settings, options=("--ntasks=2",), data=None):
        """A job whose study has finished a first sample and is still at work."""
        job = self.sbatch("study", *self.args(out, *settings, data=data), options=options)
        until("a first sample is done", lambda: count_done(out) > 0, 30)
        return job

    def submitted(self, *args, **more):
        """Numbers of the jobs that slurm/submit has submitted."""
        text = self.call(f"{SLURM}/submit", "--sbatch", f"--output={self.path('%j.log')}", *args, **more)
        return re.findall(r"\d+", text.rstrip().split("\n")[-1])


class Studies(Slurm):
    def test_daemons_listen_on_loopback_only(self):
        addresses = listening(child.pid for child in self.cluster.children)
        self.assertEqual(set(addresses), {LOOPBACK})
        self.assertGreaterEqual(len(addresses), 3)

    def test_two_ranks_equal_the_direct_run(self):
        out = self.path("study.h5")
        job, = self.submitted("--ranks", 2, *self.args(out, *LITTLE))
        self.assert_state(job, "COMPLETED")
        self.assert_same_bytes(self.direct(*LITTLE), out)
        start = proof.runs(out)[0]
        self.assertEqual(start["ranks"], 2)
        self.assertEqual({k: start["environment"].get(k) for k in (
            "SLURM_JOB_ID", "SLURM_NTASKS", "SLURM_JOB_NODELIST", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
            "HDF5_USE_FILE_LOCKING", "OMPI_MCA_sharedfp")},
            {"SLURM_JOB_ID": job, "SLURM_NTASKS": "2", "SLURM_JOB_NODELIST": "n0", "OPENBLAS_NUM_THREADS": "1",
             "OMP_NUM_THREADS": "1", "HDF5_USE_FILE_LOCKING": "BEST_EFFORT", "OMPI_MCA_sharedfp": "^lockedfile"})

    def test_three_ranks_on_two_nodes(self):
        """From a folder whose name has a space, as scripts are found by Slurm's word of where they were."""
        shutil.copytree(SLURM, self.path("job scripts"))
        out = self.path("study.h5")
        job = self.call("sbatch", "--parsable", f"--output={self.path('%j.log')}", "--nodes=2", "--ntasks=3",
                        self.path("job scripts", "study.sbatch"), *self.args(out, *LITTLE)).strip()
        self.assertEqual(self.assert_state(job, "COMPLETED")["NumNodes"], "2")
        self.assert_same_bytes(self.direct(*LITTLE), out)
        self.assertEqual(proof.runs(out)[0]["ranks"], 3)

    def test_warned_stops_goes_back_and_finishes(self):
        """What Slurm does before a time limit, done by hand: USR1 to the job's shell alone."""
        out = self.path("study.h5")
        job = self.start(out, *SLOW)
        self.call("scancel", "--batch", "--signal=USR1", job)
        until("it is back in the queue", lambda: "put back into the queue" in self.log(job), 60)
        made = count_done(out)
        self.assertEqual(self.assert_state(job, "COMPLETED")["Restarts"], "1")
        self.assertIn("exit code 75; warned by Slurm", self.log(job))
        first, end, second, last = proof.runs(out)
        self.assertEqual([(run["stopped"], run["made"]) for run in (end, last)],
                         [(True, made), (False, self.count - made)])
        self.assertEqual([run["environment"].get("SLURM_RESTART_COUNT") for run in (first, second)], [None, "1"])
        self.assert_same_bytes(self.direct(*SLOW), out)

    def test_cancelled_can_be_continued(self):
        out = self.path("study.h5")
        job = self.start(out, *SLOW)
        self.call("scancel", job)
        self.assertEqual(self.cluster.wait(job)["JobState"], "CANCELLED")
        until("its processes are gone", lambda: "R" not in self.call("squeue", "-h", "-j", job, "-o", "%t"), 15,
              slurm_cluster.POLL)
        self.assertNotIn("put back", self.log(job))
        made = count_done(out)
        self.assertGreater(self.count, made)
        self.assert_state(self.sbatch("study", *self.args(out, *SLOW), options=("--ntasks=2",)), "COMPLETED")
        self.assertEqual(proof.runs(out)[-1]["made"], self.count - made)
        self.assert_same_bytes(self.direct(*SLOW), out)

    def test_only_75_goes_back(self):
        """A killed rank is a failed job: it keeps its exit code, stays out of the queue, and can be continued."""
        out = self.path("study.h5")
        job = self.start(out, *SLOW)
        ranks = [p for p in slurm_cluster.processes(self.cluster.folder) if self.is_rank(p, out)]
        self.assertEqual(len(ranks), 2)
        os.kill(ranks[-1], 9)
        self.assert_state(job, "FAILED", "137:0")
        self.assertEqual(self.cluster.show(job)["Restarts"], "0")
        wrong = self.sbatch("study", *self.args(out, *SLOW, "--layers", "nonsense"), options=("--ntasks=2",))
        after = self.sbatch("one", "inspect", out, options=(f"--dependency=afterok:{wrong}",
                                                             "--kill-on-invalid-dep=yes"))
        self.assert_state(wrong, "FAILED", "2:0")
        self.assertIn("no layer matches 'nonsense'", self.log(wrong))
        self.assertEqual(self.cluster.wait(after)["JobState"], "CANCELLED")
        self.assert_state(self.sbatch("study", *self.args(out, *SLOW), options=("--ntasks=2",)), "COMPLETED")
        self.assert_same_bytes(self.direct(*SLOW), out)

    def is_rank(self, pid, out):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            return False
        return words[0] == proof.PROGRAM.encode() and out.encode() in words

    def test_a_forgotten_launcher_is_refused(self):
        """Two tasks, but one process that does all the work."""
        scripts = shutil.copytree(SLURM, self.path("scripts"))
        with open(os.path.join(scripts, "site.sh"), "a", encoding="utf-8") as f:
            f.write("LAUNCH=(env)\n")
        job = self.sbatch("study", *self.args(self.path("study.h5"), *LITTLE), options=(
            "--ntasks=2", f"--export=ALL,RETROGRAD_SLURM={self.path('scripts')}"))
        self.assert_state(job, "FAILED", "2:0")
        self.assertIn("but MPI has one rank", self.log(job))
        self.assertFalse(os.path.exists(self.path("study.h5")))

    def test_skipped_samples_are_a_success(self):
        """Exit code 3: named in the log, and the job that depends on it runs."""
        lines = [f"{proof.demo('images/circle/000.png')},circle", f"{self.file('broken.png', b'PNG?')},star",
                 f"{proof.demo('images/square/000.png')},square"]
        data = self.file("list.csv", "path,label\n" + "\n".join(lines) + "\n")
        direct = self.direct(*LITTLE, data=data, code=3)
        out = self.path("study.h5")
        job = self.sbatch("study", *self.args(out, *LITTLE, data=data), options=("--ntasks=2",))
        after = self.sbatch("one", "pack", out, "--out", self.path("packed.h5"),
                            options=(f"--dependency=afterok:{job}",))
        self.assert_state(job, "COMPLETED")
        self.assert_same_bytes(direct, out)
        self.assertRegex(self.log(job), r"exit code 3(?s:.)*not_image: .*broken\.png(?s:.)*no failure")
        self.assert_state(after, "COMPLETED")
        self.assertTrue(os.path.exists(self.path("packed.h5")))


class Campaigns(Slurm):
    def test_a_warned_element_goes_back_alone(self):
        """The last element of an array has the array's own number; the others have finished and stay so."""
        out = [self.path(f"study{i}.h5") for i in (1, 2)]
        many = self.copies(COPIES)
        listed = self.file("list.txt", f"--data {self.data} --out {out[0]}\n--data {many} --out {out[1]}\n")
        array = self.sbatch("array", "list", listed, "attribute", "--model", self.model, *map(str, SLOW),
                            options=("--array=1-2", "--ntasks=2"))
        self.cluster.wait(f"{array}_1")
        until("a first sample is done", lambda: count_done(out[1]) > 0, 30)
        self.call("scancel", "--batch", "--signal=USR1", f"{array}_2")
        for i, restarts in ((1, "0"), (2, "1")):
            ended = self.cluster.wait(f"{array}_{i}")
            self.assertEqual((ended["JobState"], ended["Restarts"]), ("COMPLETED", restarts), self.log(f"{array}_{i}"))
        self.assertEqual([len(proof.runs(path)) for path in out], [2, 4])
        self.assert_same_bytes(self.direct(*SLOW), out[1])

    def test_array_of_shards_and_their_merge(self):
        """Three shards, of which one has a sample to skip; the merge waits for all."""
        lines = [f"{proof.demo('images/circle', f'{i:03}.png')},circle" for i in range(4)]
        lines.insert(2, f"{self.file('broken.png', b'PNG?')},star")
        data = self.file("list.csv", "path,label\n" + "\n".join(lines) + "\n")
        direct, out = self.direct(*SLOW, data=data, code=3), self.path("study.h5")
        array, merge = self.submitted("--shards", 3, "--ranks", 1, *self.args(out, *SLOW, data=data))
        self.assert_state(merge, "COMPLETED")
        self.assert_same_bytes(direct, out)
        shards = [self.path(f"study.shard{i}of3.h5") for i in (1, 2, 3)]
        self.assertEqual([count_done(shard) for shard in shards], [2, 1, 1])
        self.assertEqual({proof.runs(s)[0]["environment"]["SLURM_ARRAY_JOB_ID"] for s in shards}, {array})

    def test_a_study_for_each_line_of_a_list(self):
        out = [self.path(f"{name} study.h5") for name in ("first", "second")]
        methods = ("gradient", "normgrad,grad_cam")
        lines = [f"--out '{path}' --methods {names}" for path, names in zip(out, methods)]
        listed = self.file("list.txt", "# two studies\n\n" + "\n".join(lines) + "\n")
        array, = self.submitted("--list", listed, "--at-once", 1, "--ranks", 2, "attribute", "--model", self.model,
                                "--data", self.data)
        for i in (1, 2):
            self.assertEqual(self.cluster.wait(f"{array}_{i}")["ExitCode"], "0:0")
        for path, names in zip(out, methods):
            self.assert_same_bytes(self.direct("--methods", names), path)
            self.assertEqual(proof.runs(path)[0]["ranks"], 2)


class Scripts(Slurm):
    """Arithmetic and refusals of the scripts; no job is run."""

    def bash(self, script, **environment):
        return subprocess.run(["bash", "-c", f". {SLURM}/run.sh\n{script}"], stdout=subprocess.PIPE, text=True,
                              env={**self.cluster.environment, "RETROGRAD_SLURM": SLURM, "RETROGRAD": proof.PROGRAM,
                                   **environment}, check=False)

    def test_resources_follow_the_plan(self):
        """--ntasks, --nodes, --mem, --time and --signal are those that --dry-run proposes for nodes of the partition."""
        args = self.args(self.path("s.h5"), *LITTLE)
        text = self.call(f"{SLURM}/submit", "--print", "--ranks", 3, *args)
        units, cores, room = map(int, re.search(
            r"plan: (\d+) units; 3 ranks on 2 nodes of (\d+) cores and (\d+) MiB", text).groups())
        got = self.resources(text)
        plan = proof.run(*args, "--dry-run", "--plan-ranks", 3, "--plan-node", f"{cores}x{room}", ranks=2).out
        own = self.resources(re.search(r"(?m)^propose .*$", plan).group())
        self.assertEqual((units, got["ntasks"], got["nodes"], got["ntasks-per-node"]), (32, 3, 2, 2))
        self.assertEqual((own["ntasks"], own["nodes"], own["ntasks-per-node"]), (3, 2, 2))
        private, shared = map(float, re.search(r"at most ([\d.]+) MiB private; ([\d.]+) MiB of weights", plan).groups())
        self.assertLess(abs(own["mem"] - (2 * 1.1 * private + shared + 64)), 2)
        self.assertLess(abs(got["mem"] / own["mem"] - 1), 0.1)
        for of in (own, got):
            self.assertGreaterEqual(of["USR1"], 120)
            self.assertGreaterEqual(60 * of["time"], of["USR1"] + 60)
        self.assertFalse(os.path.exists(self.path("s.h5")))

    def resources(self, text):
        return {k: int(v) for k, v in re.findall(r"(ntasks|nodes|ntasks-per-node|mem|time|USR1)[=@](\d+)", text)}

    def test_one_shard_is_planned(self):
        """Not the whole study divided: a shard is whole units, and a rank has ten of them."""
        text = self.call(f"{SLURM}/submit", "--print", "--shards", 3, *self.args(self.path("s.h5"), *LITTLE))
        self.assertIn("plan: 11 units in each of 3 shards; 1 ranks on 1 nodes", text)

    def test_probe_on_a_compute_node(self):
        text = self.call(f"{SLURM}/submit", "--print", "--probe", "srun", *self.args(self.path("s.h5"), *LITTLE))
        self.assertIn("--ntasks=1 ", text)

    def test_submit_refuses(self):
        for args, says in (((), "which job?"), (("--ranks", "0", "attribute"), "not a number"),
                           (("--shards", 2, "--list", "x", "attribute"), "exclude"), (("--nonsense",), "not known"),
                           (("--shards", 33, *self.args(self.path("s.h5"), *LITTLE)), "32 units"),
                           (("attribute", "--model", "none.onnx", "--data", self.data), "there is no plan")):
            self.assertIn(says, self.call(f"{SLURM}/submit", *args, code=2))

    def test_two_runs_without_a_unit_are_enough(self):
        out = self.path("s.h5")
        for made, stuck in (((0,), False), ((0, 0), True), ((0, 0, 3), False), ((3, 0), False), ((3, 0, 0), True)):
            lines = [json.dumps({"event": event, "made": m, "done": 9}, separators=(",", ":")) for m in made
                     for event in ("start", "end")]
            self.file("s.h5.runs.jsonl", "\n".join(lines) + "\n")
            self.assertEqual(self.bash(f"is_stuck '{out}'").returncode == 0, stuck, made)

    def test_a_warning_during_the_start_counts(self):
        """The study stops before its first unit with exit code 75, whether or not its file is there yet."""
        lines = [f"{proof.demo('images/circle/000.png')},circle"] * 300000
        data = self.file("list.csv", "path,label\n" + "\n".join(lines) + "\n")
        out = self.path("s.h5")
        with subprocess.Popen([proof.PROGRAM, *self.args(out, *LITTLE[:2], "--layers", "last", data=data)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            until("SIGUSR1 is caught", lambda: self.catches(process.pid, signal.SIGUSR1), 20)
            early = not os.path.exists(out)
            process.send_signal(signal.SIGUSR1)
            text, _ = process.communicate(timeout=60)
        self.assertTrue(early)
        self.assertEqual(process.returncode, 75, text)
        self.assertEqual((proof.runs(out)[-1]["made"], count_done(out)), (0, 0))

    def catches(self, pid, number):
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return int(re.search(r"SigCgt:\s*(\w+)", f.read()).group(1), 16) >> (number - 1) & 1

    def test_no_token_in_the_run_log(self):
        out = self.path("s.h5")
        proof.run(*self.args(out, *LITTLE, "--limit", 2), env={
            **os.environ, "SLURM_JWT": "secret", "LOADEDMODULES": "openmpi/4.1", "SLURM_JOB_NAME": "plain"})
        got = proof.runs(out)[0]["environment"]
        self.assertEqual((got["LOADEDMODULES"], got["SLURM_JOB_NAME"]), ("openmpi/4.1", "plain"))
        with open(out + ".runs.jsonl", encoding="utf-8") as f:
            self.assertNotIn("secret", f.read())

    def test_out_is_found_wherever_it_is_said(self):
        study = self.file("study.yaml", "job: attribute\nout: from file.h5\n")
        for args, out in (("--out a.h5", "a.h5"), ("--out=b.h5", "b.h5"), (f"--study {study}", "from file.h5"),
                          (f"--study {study} --set out=c.h5", "c.h5")):
            self.assertEqual(self.bash(f"out_of attribute {args}").stdout.rstrip("\n"), out)


@unittest.skipUnless(proof.LONG, "LONG=1 only")
class Long(Slurm):
    def test_a_real_time_limit(self):
        """One minute for a study of about two; Slurm itself warns, and no run is cut off by the limit."""
        settings, out = SLOW, self.path("study.h5")
        one = proof.run(*self.args(self.path("probe.h5"), *SLOW), ranks=2).seconds / self.count
        copies = max(2, round(120 / one / 64))
        data, count = self.copies(copies), 64 * copies
        job = self.sbatch("study", *self.args(out, *settings, data=data),
                          options=("--ntasks=2", "--time=1", "--signal=B:USR1@20"))
        ended = self.assert_state(job, "COMPLETED", seconds=900)
        self.assertGreaterEqual(int(ended["Restarts"]), 1)
        self.assertNotIn("TIMEOUT", self.cluster.log("completed"))
        ends = [run for run in proof.runs(out) if run["event"] == "end"]
        self.assertEqual(sum(run["made"] for run in ends), count)
        self.assertTrue(all(run["stopped"] and run["made"] for run in ends[:-1]))
        proof.figure(f"time limit of a minute: {count} samples in {len(ends)} runs of "
                     f"{', '.join(str(round(run['seconds'])) for run in ends)} s")
        self.assert_same_bytes(self.direct(*settings, data=data), out)

    def test_a_lost_node(self):
        """Slurm itself puts the job back; nothing that was finished is computed again."""
        out = self.path("study.h5")
        job = self.start(out, *SLOW, options=("--nodes=2", "--ntasks=2"))
        self.call("scontrol", "update", "nodename=n1", "state=down", "reason=test")
        until("the job is back in the queue", lambda: self.cluster.state(job) == "PENDING", 30,
              slurm_cluster.POLL)
        self.call("scontrol", "update", "nodename=n1", "state=resume", code=None)  # it may have come back by itself
        self.assert_state(job, "COMPLETED", seconds=120)
        starts = [run for run in proof.runs(out) if run["event"] == "start"]
        self.assertEqual(len(starts), 2)
        self.assert_same_bytes(self.direct(*SLOW), out)


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    if slurm_cluster.missing():
        proof.skip(slurm_cluster.missing())
    proof.main()
