"""Hosts that are no machines: each has a network, a host name and a /dev/shm of its own, in Linux namespaces.

The hosts' only network is a switch between them, in a namespace of its own too, with addresses that the standards
set aside for documentation (RFC 5737); nothing of it is seen from outside, and it is gone with the processes that
hold it.  Open MPI starts its daemons through `agent`, a script that enters a host in place of ssh.
"""

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile

import proof

NETWORK = "192.0.2"  # TEST-NET-1
PR_SET_PDEATHSIG = 1
NEEDED = ("unshare", "nsenter", "ip", "mpirun")

# A host: told by its first line of input that the cables are there.
HOST = """
set -e
hostname {name}
mount --make-rprivate /
mount -t tmpfs -o size={room} tmpfs /dev/shm
mount --bind {folder}/hosts /etc/hosts
echo up
read -r cables
ip link set lo up
ip addr add {address}/24 dev eth0
ip link set eth0 up
echo ready
exec cat
"""
SWITCH = """
set -e
ip link add name bridge type bridge
ip link set bridge up
echo up
exec cat
"""
AGENT = """#!/bin/sh
# In place of ssh: {folder}/agent HOST COMMAND...
host=$1
shift
exec nsenter --target "$(cat {folder}/$host.pid)" --net --uts --mount -- sh -c "$*"
"""


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def become_root():
    """Start this script again as root of a user namespace, where the kernel lets an ordinary user have one."""
    mapped = ["unshare", "--map-root-user"]
    if os.geteuid() and shutil.which("unshare") and not subprocess.run([*mapped, "true"], check=False,
                                                                       stderr=subprocess.DEVNULL).returncode:
        os.execvp("unshare", [*mapped, sys.executable, *sys.argv])


def missing():
    """Why there can be no such hosts here, or None."""
    for name in NEEDED:
        if not shutil.which(name):
            return f"there is no {name} (./install.sh test installs iproute2)"
    trial = subprocess.run(["unshare", "--net", "--uts", "--mount", "sh", "-c",
                            "hostname trial && ip link add name trial type bridge && mount -t tmpfs tmpfs /dev/shm"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           check=False)
    return f"namespaces are not allowed here: {trial.stdout.strip()}" if trial.returncode else None


class Hosts:
    """Hosts host0, host1, ...; `with Hosts(2) as hosts: hosts.mpirun(...)`."""

    def __init__(self, count, room="64m"):
        self.folder = tempfile.mkdtemp(prefix="hosts.")
        self.names = [f"host{i}" for i in range(count)]
        self.addresses = [f"{NETWORK}.{i + 1}" for i in range(count)]
        self.network = f"{NETWORK}.0/24"
        self.room, self.holders = room, []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def hold(self, script):
        """A process with namespaces of its own that runs a script; returns it when it has said 'up'."""
        process = subprocess.Popen(["unshare", "--net", "--uts", "--mount", "sh", "-c", script], text=True, bufsize=1,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        self.holders.append(process)
        self.expect(process, "up")
        return process

    def expect(self, process, word):
        line = process.stdout.readline().strip()
        if line != word:
            raise OSError(f"a host did not start: it said '{line}', not '{word}'")

    def write(self, name, text, mode=stat.S_IRUSR):
        with open(self.path(name), "w", encoding="ascii") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def inside(self, process, *command):
        """Run a command in the network of a process of ours."""
        subprocess.run(["nsenter", "--target", str(process.pid), "--net", "--", *map(str, command)], check=True,
                       stdin=subprocess.DEVNULL)

    def on(self, name, *command):
        """The command line that runs a command on a host."""
        with open(self.path(name + ".pid"), encoding="ascii") as f:
            return ["nsenter", "--target", f.read().strip(), "--net", "--uts", "--mount", "--", *map(str, command)]

    def start(self):
        self.write("hosts", "127.0.0.1 localhost\n" + "".join(
            f"{a} {n}\n" for a, n in zip(self.addresses, self.names)), 0o644)
        self.write("agent", AGENT.format(folder=self.folder), 0o700)
        switch = self.hold(SWITCH)
        for name, address in zip(self.names, self.addresses):
            host = self.hold(HOST.format(name=name, address=address, folder=self.folder, room=self.room))
            self.write(name + ".pid", f"{host.pid}\n")
            self.inside(switch, "ip", "link", "add", "name", name, "type", "veth", "peer", "name", "eth0", "netns",
                        host.pid)
            self.inside(switch, "ip", "link", "set", name, "master", "bridge", "up")
            host.stdin.write("cables\n")
            host.stdin.flush()
            self.expect(host, "ready")

    def command(self, ranks, *args, options=()):
        """mpirun on the first host, so many ranks on each; nothing but TCP between the hosts."""
        where = ",".join(f"{name}:{ranks}" for name in self.names)
        return self.on(
            self.names[0], "mpirun", "--host", where, "-n", ranks * len(self.names), "--mca", "plm", "rsh",
            "--mca", "plm_rsh_agent", self.path("agent"), "--mca", "btl", "self,vader,tcp",
            "--mca", "btl_tcp_if_include", self.network, "--mca", "oob_tcp_if_include", self.network,
            *options, *args)

    def stop(self):
        """End the holders; their namespaces and the network between them go with them."""
        for process in self.holders:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


if __name__ == "__main__":
    become_root()
    if missing():
        proof.skip(missing())
    with Hosts(2) as hosts:
        sys.exit(subprocess.run(hosts.command(2, *(sys.argv[1:] or ["hostname"])), check=False).returncode)
