"""A Slurm of the test's own: munged, slurmctld and one slurmd per virtual node, in one folder, on loopback; or one
slurmd on each of hosts_net's hosts, on the network between them.

The daemons stay in the foreground as children of this process, so that what is stopped at the end is what was
started: these children, and processes that carry a mark with the cluster's folder in their environment.  Nothing in
/etc, /run or /var is read or written, and the ports are looked up, so that several clusters can live side by side.
"""

import ctypes
import getpass
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import proof
from proof import until

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel", "mpirun")
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE")
SOCKET_PATH_MAX = 107
POLL = 0.2  # seconds between questions to Slurm, each of which is a process
PR_SET_PDEATHSIG = 1
MARK = "RETROGRAD_TEST_SLURM"

CONF = """\
ClusterName=retrograd
SlurmctldHost={host}({address})
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
# A job that went back into the queue waits until its old credential has expired.
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
TmpFS={folder}/tmp/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld
SlurmdLogFile={folder}/log/slurmd.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog={folder}/prolog
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SwitchType=switch/none
# The scripts must say what they need: the site's default is not it.
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/log/completed
MailProg=/bin/true
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=5
MinJobAge=3600
JobRequeue=1
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

# Ranks share two cores here.
PROLOG = """\
#!/bin/sh
echo export OMPI_MCA_mpi_yield_when_idle=1
echo export OMPI_MCA_hwloc_base_binding_policy=none
echo export OMPI_MCA_btl=self,vader,tcp
echo export OMPI_MCA_btl_tcp_if_include={network}
echo export OMPI_MCA_btl_vader_single_copy_mechanism=none
"""
# Virtual nodes of one machine share its name and so the names of what is in /dev/shm.
PROLOG_ONE_MACHINE = """\
echo export OMPI_MCA_btl_vader_backing_directory={folder}/tmp/$SLURMD_NODENAME
echo export OMPI_MCA_osc_sm_backing_directory={folder}/tmp/$SLURMD_NODENAME
"""


def missing():
    """Why there can be no cluster here, or None."""
    for name in NEEDED:
        if not shutil.which(name, path=PATH):
            return f"there is no {name} (./install.sh test installs slurm-wlm and munge)"
    return None


def die_with_parent():
    """A test that is killed leaves no daemon behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def free_ports(count):
    """First of `count` consecutive ports of loopback that nobody uses; below those that the kernel gives away."""
    for _ in range(200):
        first = random.randrange(20000, 32000 - count)
        taken = []
        try:
            for port in range(first, first + count):
                taken.append(socket.socket())
                taken[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for s in taken:
                s.close()
    raise OSError(f"no {count} free ports in a row")


def processes(folder):
    """Processes that this cluster's daemons and commands started, by a mark in their environment."""
    found = []
    mark = f"{MARK}={folder}".encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                if mark in f.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            continue
    return [p for p in found if p != os.getpid()]


class Cluster:
    """Virtual nodes n0, n1, ... of `cpus` pretended CPUs each; or hosts (see hosts_net), the first of which is where
    slurmctld and all commands run, too."""

    def __init__(self, nodes, cpus, memory=16000, hosts=None):
        self.folder = tempfile.mkdtemp(prefix="slurm.")
        self.conf = os.path.join(self.folder, "slurm.conf")
        self.hosts = hosts
        self.names = hosts.names if hosts else [f"n{i}" for i in range(nodes)]
        self.cpus, self.memory = cpus, memory
        self.children = []
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH", "OMPI_MCA_", "PMIX_"))}
        self.environment = {**clean, "PATH": PATH, "SLURM_CONF": self.conf, MARK: self.folder}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def log(self, name):
        try:
            with open(self.path("log", name), encoding="utf-8", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def configure(self):
        for name in ("log", "state", "munge", *(f"{d}/{n}" for d in ("spool", "tmp") for n in self.names)):
            os.makedirs(self.path(name))
        os.chmod(self.folder, 0o755)
        os.chmod(self.path("munge"), 0o711)
        with open(os.open(self.path("munge/key"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(os.urandom(128))
        port, here = free_ports(1 + len(self.names)), socket.gethostname().split(".")[0]
        hosts = self.hosts.names if self.hosts else [here] * len(self.names)
        addresses = self.hosts.addresses if self.hosts else ["127.0.0.1"] * len(self.names)
        nodes = "\n".join(f"NodeName={n} NodeHostname={hosts[i]} NodeAddr={addresses[i]} Port={port + 1 + i} "
                          f"CPUs={self.cpus} RealMemory={self.memory}" for i, n in enumerate(self.names))
        network = self.hosts.network if self.hosts else "lo"
        prolog = PROLOG if self.hosts else PROLOG + PROLOG_ONE_MACHINE
        self.write("prolog", prolog.format(folder=self.folder, network=network), 0o755)
        self.write("slurm.conf", CONF.format(folder=self.folder, host=hosts[0], address=addresses[0], port=port,
                                             nodes=nodes, user=getpass.getuser()))

    def on(self, index, *args):
        """The command line that runs a command on a node."""
        args = [shutil.which(args[0], path=PATH) or args[0], *map(str, args[1:])]
        return self.hosts.on(self.names[index], *args) if self.hosts else args

    def daemon(self, node, name, *args):
        with open(self.path("log", name + ".err"), "wb") as error:
            self.children.append(subprocess.Popen(
                self.on(node, *args), stdin=subprocess.DEVNULL, stdout=error, stderr=error,
                env=self.environment, cwd=self.path("log"), preexec_fn=die_with_parent))

    def start(self):
        if len(self.path("munge/socket")) > SOCKET_PATH_MAX:
            raise OSError(f"the name {self.folder} is too long for a socket")
        self.configure()
        munge = self.path("munge")
        self.daemon(0, "munged", "munged", "--foreground", "--force", "--num-threads=2", f"--socket={munge}/socket",
                    f"--key-file={munge}/key", f"--pid-file={munge}/pid", f"--seed-file={munge}/seed",
                    f"--log-file={self.path('log', 'munged')}")
        until("munged has its socket", lambda: self.alive() and os.path.exists(f"{munge}/socket"), 10)
        self.daemon(0, "slurmctld", "slurmctld", "-D", "-i", "-f", self.conf)
        for i, node in enumerate(self.names):
            self.daemon(i, "slurmd." + node, "slurmd", "-D", "-N", node, "-f", self.conf)
        until("all nodes are idle", self.ready, 30, POLL)

    def alive(self):
        """True; fails with the logs where a daemon has ended."""
        if all(child.poll() is None for child in self.children):
            return True
        raise AssertionError("a daemon of Slurm has ended:\n" + self.report())

    def ready(self):
        self.alive()
        idle = self.call("sinfo", "-h", "-t", "idle", "-o", "%D", code=None).split()
        return sum(map(int, idle)) == len(self.names)

    def report(self):
        """Ends of the logs, for a message."""
        return "\n".join(f"== {name}\n{self.log(name)[-1500:]}" for name in sorted(os.listdir(self.path("log"))))

    def call(self, *args, code=0, folder=None, **environment):
        """Run a command of Slurm's, or one that calls them; returns what it printed."""
        done = subprocess.run(self.on(0, *args), text=True, timeout=60, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=folder or self.folder, env={**self.environment, **environment})
        if code is not None and done.returncode != code:
            raise AssertionError(f"{' '.join(map(str, args))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr if code else done.stdout

    def show(self, job):
        """What `scontrol show job` says of a job, as a dictionary; an array's first record."""
        return dict(re.findall(r"(?m)(?:^|\s)([A-Za-z:/]+)=(\S*)", self.call("scontrol", "show", "job", "-o", job)
                               .split("\n")[0]))

    def state(self, job):
        return self.show(job)["JobState"]

    def wait(self, job, seconds=60):
        """Wait until a job has ended; returns what Slurm says of it."""
        until(f"job {job} has ended", lambda: self.alive() and self.state(job) in ENDED, seconds, POLL)
        return self.show(job)

    def stop(self):
        """Cancel what is left, stop the daemons, kill what is left of the jobs, and remove the folder."""
        if len(self.children) > 1 and self.children[1].poll() is None:
            self.call("scancel", "--full", "--user", getpass.getuser(), code=None)
            try:
                until("jobs are gone", lambda: not self.call("squeue", "-h", "-t", "R,CG", code=None), 8, POLL)
            except AssertionError:
                pass  # they are killed below
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        for child in reversed(self.children):
            try:
                child.wait(timeout=8)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for pid in processes(self.folder):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        until("no process is left", lambda: not processes(self.folder), 10)
        shutil.rmtree(self.folder, ignore_errors=True)


if __name__ == "__main__":
    if missing():
        proof.skip(missing())
    cluster = Cluster(2, 2)
    try:
        began = time.monotonic()
        cluster.start()
        print(f"{time.monotonic() - began:.2f} s; export SLURM_CONF={cluster.conf}", flush=True)
        input("ends with a line on standard input\n")
    finally:
        cluster.stop()
