"""Which kernels compute: chosen by name, recorded, compared on resume, and no thread beside the program's own."""

import csv
import os
import re
import subprocess
import time
import unittest

import proof


def flags():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        found = re.search(r"(?m)^flags\s*: (.*)$", f.read())
    return set(found.group(1).split()) if found else set()


class Kernels(proof.Case):
    def attribute(self, name, *args, code=0, **more):
        return proof.run("attribute", "--model", proof.demo("shapes.onnx"), "--data", proof.demo("manifest.csv"),
                         "--limit", 8, "--unit", 2, "--out", self.path(name), "--quiet", *args, code=code, **more)

    def family(self, name):
        import h5py
        with h5py.File(self.path(name), "r") as f:
            value = f.attrs["kernel_family"]
        return value.decode() if isinstance(value, bytes) else str(value)

    def environment(self, **more):
        return {**{k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}, **more}

    def test_a_name_chooses_the_kernels(self):
        for name in ("Haswell", "Nehalem"):
            self.attribute(f"{name}.h5", "--blas-core", name.lower(), env=self.environment())
            self.assertTrue(self.family(f"{name}.h5").endswith(" " + name))
        run = proof.runs(self.path("Nehalem.h5"))[0]
        self.assertEqual(run["environment"]["OPENBLAS_CORETYPE"], "Nehalem")
        self.assertIn("nehalem", run["command"])

    def test_the_choice_holds_on_every_rank_and_over_the_environment(self):
        env = self.environment(OPENBLAS_CORETYPE="Nehalem")
        self.attribute("one.h5", "--blas-core=Haswell", env=env)
        self.attribute("three.h5", "--blas-core=Haswell", ranks=3, env=env)
        self.assertTrue(self.family("one.h5").endswith(" Haswell"))
        self.assert_same_bytes(self.path("one.h5"), self.path("three.h5"))

    def test_a_study_file_may_choose(self):
        study = self.file("study.yaml", "blas-core: Nehalem\n")
        self.attribute("study.h5", "--study", study, env=self.environment())
        self.assertTrue(self.family("study.h5").endswith(" Nehalem"))

    def test_unknown_names_are_refused_with_the_list(self):
        for ranks in (1, 2):
            error = self.attribute("no.h5", "--blas-core", "nonsense", code=2, ranks=ranks, env=self.environment()).error
            self.assertEqual(error.count("there are no kernels 'nonsense'"), 1, error)
            self.assertIn("Haswell", error)
        self.assertFalse(os.path.exists(self.path("no.h5")))

    def test_kernels_that_the_cpu_cannot_run_are_refused(self):
        if "avx512f" in flags():
            self.skipTest("this CPU has AVX-512")
        error = self.attribute("no.h5", "--blas-core", "SkylakeX", code=2, env=self.environment()).error
        self.assertIn("lacks instructions that the kernels of SkylakeX use", error)
        self.assertIn("Haswell", error)

    def test_another_family_does_not_continue_a_study(self):
        self.attribute("study.h5", "--blas-core", "Haswell", env=self.environment())
        error = self.attribute("study.h5", "--blas-core", "Nehalem", code=2, env=self.environment()).error
        self.assertRegex(error, r"kernel_family is 'OpenBLAS \S+ Haswell' there, 'OpenBLAS \S+ Nehalem' here")

    def test_our_own_kernels_are_the_default_and_do_not_heed_the_environment(self):
        shown = self.attribute("own.h5", env=self.environment()).error
        forced = self.attribute("forced.h5", ranks=2, env=self.environment(OPENBLAS_CORETYPE="Nehalem")).error
        self.assertNotIn("forces kernels", forced)
        self.assertEqual(self.family("own.h5"), "retrograd-fma 2")
        self.assert_same_bytes(self.path("own.h5"), self.path("forced.h5"))
        self.assertIn("kernels retrograd-fma 2", proof.run("--version", env=self.environment()).out)
        self.assertIn("kernels retrograd-fma 2 (", shown)

    def test_bits_do_not_depend_on_the_unit(self):
        import h5py
        import numpy as np
        found = []
        for unit in (1, 3, 8):
            self.attribute(f"unit{unit}.h5", "--unit", unit, "--methods", "all", "--layers", "all",
                           env=self.environment())
            with h5py.File(self.path(f"unit{unit}.h5"), "r") as f:
                found.append({**{name: f["maps"][name][()] for name in f["maps"]}, "logits": f["samples/logits"][()]})
        for name, one in found[0].items():
            for other in found[1:]:
                np.testing.assert_array_equal(one, other[name], err_msg=name)

    def test_openblas_may_choose_by_itself(self):
        self.attribute("auto.h5", "--blas-core", "auto", env=self.environment())
        self.assertRegex(self.family("auto.h5"), r"^OpenBLAS ")

    def test_a_slow_forced_choice_is_warned_of_once(self):
        slow = self.attribute("slow.h5", "--blas-core", "auto", ranks=2,
                              env=self.environment(OPENBLAS_CORETYPE="Nehalem")).error
        self.assertEqual(slow.count("OPENBLAS_CORETYPE=Nehalem forces kernels"), 1, slow)
        self.assertIn("unset it", slow)
        self.assertNotIn("forces kernels", self.attribute("fast.h5", "--blas-core", "auto", env=self.environment()).error)


class Threads(proof.Case):
    """MPI's own threads sleep; what computes is the main thread, and the decoding one."""

    def watch(self, *args):
        """{name of a thread, numbered beyond the first: ticks of CPU time} and the ticks of the main one."""
        env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
        best, main = {}, 0
        with subprocess.Popen([proof.PROGRAM, *args], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            until = time.monotonic() + 20
            while process.poll() is None and time.monotonic() < until and main < 150:
                threads = {}
                for thread in os.listdir(f"/proc/{process.pid}/task"):
                    try:
                        with open(f"/proc/{process.pid}/task/{thread}/stat", encoding="utf-8") as f:
                            name, rest = re.match(r"\d+ \((.*)\) (.*)", f.read()).groups()
                    except OSError:
                        continue
                    ticks = sum(map(int, rest.split()[11:13]))
                    if int(thread) == process.pid:
                        main = ticks
                    else:
                        threads[f"{name} {thread}"] = ticks
                if len(threads) >= len(best):
                    best = threads
                time.sleep(0.02)
            process.kill()
        self.assertGreater(main, 20, "the main thread was not seen at work")
        return best, main

    def test_no_thread_of_a_library_computes(self):
        with open(proof.demo("manifest.csv"), encoding="utf-8") as f:
            paths = [proof.demo(row["path"]) for row in csv.DictReader(f)]
        data = self.file("list.csv", "\n".join(["path", *paths * 8]) + "\n")
        threads, main = self.watch("attribute", "--model", proof.demo("shapes.onnx"), "--out", self.path("study.h5"),
                                   "--quiet", "--methods", "all", "--layers", "all", "--unit", "4", "--data", data)
        decoding = [name for name in threads if name.startswith("decoding ")]
        self.assertEqual(len(decoding), 1, threads)
        others = {name: ticks for name, ticks in threads.items() if name not in decoding}
        proof.figure(f"threads beside the main one ({main} ticks): {threads}")
        self.assertLessEqual(len(others), 2, "more than Open MPI's two threads that wait for events")
        self.assertLessEqual(sum(others.values()), 1)

    def test_without_mpi_there_is_one_thread(self):
        threads, _ = self.watch("profile", proof.demo("shapes.onnx"), "--rounds", "200", "--unit", "8")
        self.assertEqual(threads, {})


if __name__ == "__main__":
    proof.need("h5py")
    proof.demo("shapes.onnx")
    if not {"sse4_2", "avx2", "fma"} <= flags():
        proof.skip("the kernels of Haswell and Nehalem want a CPU with AVX2")
    unittest.main()
