"""Dealing of units with real work: two ranks, one of which shares its core with endless loops.

    LONG=1 ctest --test-dir build/release -V -R cluster.deal            # on an idle machine of 2 cores: a minute

Each rank is held on a core of its own.  The speeds are measured first: a study on one rank on the free core, and on
one rank on the core of the loops.  Together they would take N / (v_0 + v_1); the run may take 10 % and one unit of the
slow rank longer.  The same with units that sleep, on 3 ranks: pipeline.deal.
"""

import contextlib
import os
import shutil
import subprocess
import sys

import proof

LOOPS = 2
SETTINGS = ("--methods", "gradient,grad_cam,normgrad", "--layers", "input,last", "--unit", 2)
MODEL, COUNT = "mobilenet_v2_1.0_224", 480


@contextlib.contextmanager
def loops(core):
    """Endless loops on one core."""
    found = [subprocess.Popen(["taskset", "-c", str(core), sys.executable, "-c", "while True: pass"])
             for _ in range(LOOPS)]
    try:
        yield
    finally:
        for p in found:
            p.kill()
            p.wait()


class Deal(proof.Case):
    def setUp(self):
        super().setUp()
        folder = os.path.join(proof.SHARED, "images", "imagenet")
        if not os.path.isdir(folder):
            self.skipTest("no optional data")
        self.images = sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".JPEG"))

    def run_on(self, cores, count, name):
        """A study with one rank on each core; returns seconds, units of each rank, imbalance and its file."""
        lines = ["path"] + [self.images[i % len(self.images)] for i in range(count)]
        data, out = self.file("list.csv", "\n".join(lines) + "\n"), self.path(name)
        one = [proof.PROGRAM, "attribute", "--model", proof.model(MODEL), "--data", data, "--out", out, "--quiet",
               "--force", *map(str, SETTINGS)]
        words = ["mpirun", "--bind-to", "none"]
        for k, core in enumerate(cores):
            words += [":"] * (k > 0) + ["-n", "1", "taskset", "-c", str(core), *one]
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True,
                       timeout=600)
        end = proof.runs(out)[-1]
        return end["seconds"], [r["n_forward"] for r in end["ranks"]], end["imbalance"], out

    def test_a_rank_that_shares_its_core(self):
        free, shared = sorted(os.sched_getaffinity(0))[:2]
        with loops(shared):
            slow, _, _, _ = self.run_on([shared], COUNT // 4, "slow.h5")
            fast, _, _, _ = self.run_on([free], COUNT // 2, "fast.h5")
            for cores in ([free, shared], [shared, free]):
                seconds, units, imbalance, out = self.run_on(cores, COUNT, "both.h5")
                self.assert_near_ideal(cores.index(shared), fast / (COUNT // 2), slow / (COUNT // 4), seconds, units,
                                       imbalance)
        wanted = self.run_on([free], COUNT, "wanted.h5")[3]
        self.assert_same_bytes(wanted, out)

    def assert_near_ideal(self, slow_rank, fast, slow, seconds, units, imbalance):
        """fast, slow: seconds a sample of the two ranks alone."""
        ideal = COUNT / (1 / fast + 1 / slow)
        unit = slow * SETTINGS[-1]
        apart = 2 * imbalance * seconds  # of two ranks, the busier one has worked so much longer
        proof.figure(f"rank {slow_rank} {slow / fast:.1f} times slower: {seconds:.2f} s, ideal {ideal:.2f} "
                     f"({100 * (seconds / ideal - 1):+.0f} %); units of the ranks {units}; busy times {apart:.2f} s apart, "
                     f"imbalance {100 * imbalance:.1f} %; a slow unit takes {unit:.2f} s")
        self.assertLess(units[slow_rank], units[1 - slow_rank])
        self.assertLess(seconds, 1.1 * ideal + unit)
        self.assertLess(apart, 0.1 * seconds + unit)


if __name__ == "__main__":
    proof.need("h5py")
    if not proof.LONG:
        proof.skip("LONG=1 only: it measures speeds")
    if not shutil.which("mpirun") or len(os.sched_getaffinity(0)) < 2:
        proof.skip("mpirun and two cores are needed")
    proof.main()
