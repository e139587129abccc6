"""Studies over several hosts: Open MPI over TCP between simulated machines, weights in memory once per host."""

import csv
import os
import re
import signal
import subprocess

import hosts_net
import proof

HOSTS, RANKS = 2, 2  # and ranks on each
SETTINGS = ("--methods", "gradient,guided_backprop,deconvnet,normgrad", "--layers", "input", "--unit", 1,
            "--commit-every", 0)
COPIES = 4  # of the demonstration's data, so that a study can be looked at while it works


def ranks_of(out):
    """Processes of the program that write this file."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if words[0] == proof.PROGRAM.encode() and out.encode() in words:
            found.append(int(pid))
    return found


def windows(pid):
    """Shared windows of MPI that a process has mapped: {(device, inode): bytes}."""
    found = {}
    with open(f"/proc/{pid}/maps", encoding="utf-8") as f:
        for line in f:
            span, _, _, device, inode, *path = line.split(maxsplit=5)
            if path and "/osc_sm." in path[0]:
                first, last = (int(x, 16) for x in span.split("-"))
                found[device, inode] = last - first
    return found


class Case(proof.Case):
    """Two hosts, a data list, and a study of it."""

    def setUp(self):
        super().setUp()
        os.environ["OMPI_MCA_orte_tmpdir_base"] = self.folder  # /tmp/ompi.HOST.0 may be the real root's
        self.hosts = hosts_net.Hosts(HOSTS)
        self.addCleanup(self.hosts.stop)
        self.hosts.start()
        with open(proof.demo("manifest.csv"), encoding="utf-8") as f:
            rows = [f"{proof.demo(row['path'])},{row['label']}" for row in csv.DictReader(f)] * COPIES
        self.count, self.data = len(rows), self.file("list.csv", "\n".join(["path,label", *rows]) + "\n")
        self.out = self.path("study.h5")

    def args(self, out, *more):
        return [proof.PROGRAM, "attribute", "--model", proof.model("shapes"), "--data", self.data, "--out", out,
                "--quiet", *map(str, SETTINGS), *more]

    def assert_equals_direct(self):
        direct = self.path("direct.h5")
        proof.run(*self.args(direct)[1:])
        self.assert_same_bytes(direct, self.out)

    def host_of(self, pid):
        """Index of the host in whose network a process is."""
        network = [os.readlink(f"/proc/{p}/ns/net") for p in (pid, *(h.pid for h in self.hosts.holders[1:]))]
        return network.index(network[0], 1) - 1

    def assert_windows(self, ranks, shared=None):
        """Three windows a host, the weights, what was made of them and the list of samples, each mapped by all ranks of that host alone."""
        seen = [{} for _ in range(HOSTS)]
        for pid in ranks:
            seen[self.host_of(pid)][pid] = windows(pid)
        for host in seen:
            first, *others = host.values()
            self.assertEqual((len(host), len(first)), (RANKS, 3))
            self.assertEqual(others, [first] * (RANKS - 1))
            if shared:
                self.assertLess(abs(sum(first.values()) / 2**20 - shared), 0.1 * shared + 0.1)
        segments = {key for host in seen for windows_of in host.values() for key in windows_of}
        self.assertEqual(len(segments), HOSTS * 3)
        self.assertEqual(len({device for device, _ in segments}), HOSTS)
        proof.figure(f"{HOSTS} hosts x {RANKS} ranks: {len(segments)} windows in all")


class Hosts(Case):
    def run_on_hosts(self, *command, code=0):
        done = subprocess.run(self.hosts.command(RANKS, *command), stdin=subprocess.DEVNULL, text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def start(self):
        process = subprocess.Popen(self.hosts.command(RANKS, *self.args(self.out)), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.end, process)
        proof.until("a first sample is done", lambda: proof.count_done(self.out) > 0 or process.poll() is not None, 60)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()

    def wait(self, process, code):
        text, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, text)

    def test_hosts_are_apart(self):
        """Names, shared memory and networks of their own; addresses of theirs and loopback, and no way out."""
        text = self.run_on_hosts("sh", "-c", "echo $(hostname) $(stat -c %d /dev/shm) $OMPI_COMM_WORLD_LOCAL_SIZE")
        lines = [line.split() for line in text.splitlines()]
        self.assertEqual(sorted(line[0] for line in lines), [n for n in self.hosts.names for _ in range(RANKS)])
        self.assertEqual(len({(name, shm) for name, shm, _ in lines}), HOSTS)
        self.assertEqual(len({shm for _, shm, _ in lines}), HOSTS)
        self.assertEqual({size for _, _, size in lines}, {str(RANKS)})
        for name, address in zip(self.hosts.names, self.hosts.addresses):
            seen = subprocess.run(self.hosts.on(name, "ip", "-4", "-o", "addr"), stdout=subprocess.PIPE, text=True,
                                  check=True).stdout
            self.assertEqual(re.findall(r"inet ([\d.]+)", seen), ["127.0.0.1", address])
            routes = subprocess.run(self.hosts.on(name, "ip", "route"), stdout=subprocess.PIPE, text=True, check=True)
            self.assertEqual([line.split()[0] for line in routes.stdout.splitlines()], [f"{hosts_net.NETWORK}.0/24"])

    def test_same_bytes_and_weights_once_per_host(self):
        """What the plan says is there once for the ranks of a host is what they have mapped."""
        plan = self.run_on_hosts(*self.args(self.out, "--dry-run"))
        shared = float(re.search(rf"([\d.]+) MiB of weights and the list are there once for the {RANKS} ranks", plan).group(1))
        process = self.start()
        ranks = ranks_of(self.out)
        self.assertEqual(len(ranks), HOSTS * RANKS)
        self.assert_windows(ranks, shared)
        self.wait(process, 0)
        self.assertEqual(proof.runs(self.out)[0]["ranks"], HOSTS * RANKS)
        self.assert_equals_direct()

    def test_stopped_and_killed(self):
        """SIGUSR1 to mpirun stops the ranks of all hosts; SIGKILL of one ends all; then it goes on."""
        process = self.start()
        process.send_signal(signal.SIGUSR1)
        self.wait(process, 75)
        made = proof.runs(self.out)[-1]["made"]
        self.assertLess(0, made)
        self.assertLess(made, self.count)
        process = self.start()
        proof.until("this run has done something", lambda: proof.count_done(self.out) > made, 60)
        os.kill([p for p in ranks_of(self.out) if self.host_of(p) == 1][0], signal.SIGKILL)
        self.wait(process, 137)
        proof.until("all ranks are gone", lambda: not ranks_of(self.out), 20)
        self.run_on_hosts(*self.args(self.out))
        self.assert_equals_direct()


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    hosts_net.become_root()
    if hosts_net.missing():
        proof.skip(hosts_net.missing())
    proof.main()
