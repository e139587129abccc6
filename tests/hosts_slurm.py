"""Slurm over several hosts: one slurmd on each simulated machine, and slurm/study.sbatch on both."""

import os
import unittest

import hosts_net
import hosts_study
import proof
import slurm_cluster
from proof import count_done, until


class Slurm(hosts_study.Case):
    def setUp(self):
        super().setUp()
        self.cluster = slurm_cluster.Cluster(hosts_study.HOSTS, hosts_study.RANKS, hosts=self.hosts)
        self.addCleanup(self.cluster.stop)
        self.cluster.start()

    def log(self, job):
        with open(self.path(f"{job}.log"), encoding="utf-8") as f:
            return f.read()

    def test_warned_and_continued_on_both_hosts(self):
        """Four ranks, three windows a host; a warning stops the ranks of both; the end has the direct run's bytes."""
        script = os.path.join(proof.SOURCE, "slurm", "study.sbatch")
        job = self.cluster.call("sbatch", "--parsable", "--nodes=2", "--ntasks=4", f"--output={self.path('%j.log')}",
                                script, *self.args(self.out)[1:], RETROGRAD=proof.PROGRAM).strip()
        until("a first sample is done", lambda: count_done(self.out) > 0, 60)
        ranks = hosts_study.ranks_of(self.out)
        self.assertEqual(sorted(map(self.host_of, ranks)), [0, 0, 1, 1], self.log(job))
        self.assert_windows(ranks)
        self.cluster.call("scancel", "--batch", "--signal=USR1", job)
        ended = self.cluster.wait(job, 120)
        self.assertEqual([ended[k] for k in ("JobState", "Restarts", "NumNodes")], ["COMPLETED", "1", "2"],
                         self.log(job))
        first, stop, second, end = proof.runs(self.out)
        self.assertEqual((first["ranks"], second["ranks"], stop["stopped"], end["stopped"]), (4, 4, True, False))
        self.assertEqual(first["host"], "host0")
        self.assertEqual(stop["made"] + end["made"], self.count)
        self.assert_equals_direct()


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.demo("shapes.onnx")
    if os.geteuid():
        proof.skip("Slurm's daemons start as root of this machine only once each has a host of its own")
    for why in (hosts_net.missing(), slurm_cluster.missing()):
        if why:
            proof.skip(why)
    unittest.main()
