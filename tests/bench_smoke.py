"""The machinery of the benchmark on the shipped model: the programs answer, and they compute the same."""

import os
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import proof

sys.path.insert(0, os.path.join(proof.SOURCE, "tests", "bench"))

SAMPLES = 3
SIZE = 96


def relative(a, b):
    """Largest difference over the largest value."""
    import numpy as np
    return np.abs(np.asarray(a) - np.asarray(b)).max() / np.abs(b).max()


class Shared(unittest.TestCase):
    """The programs and an input that all tests here use."""

    @classmethod
    def setUpClass(cls):
        import rows
        import servers
        cls.rows, cls.servers = rows, servers
        cls.core = max(os.sched_getaffinity(0))
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.setting = rows.Setting(cls.folder.name, cls.core, 1, SAMPLES, print)
        cls.noise = cls.setting.image(SIZE)

    def engine(self, *pairs):
        made = self.servers.engine(self.core, proof.demo("shapes.onnx"), SAMPLES, *pairs)
        made.ask("input", self.noise)
        return made


class Machinery(Shared):
    def test_a_round_has_its_times_and_maps(self):
        with self.engine("gradient,deconvnet", "input", "normgrad,gradient_sum,grad_cam", "*relu*,last") as engine:
            answer = engine.ask("run")
            maps = self.rows.engine_maps(self.setting, engine)
            self.assertEqual(engine.facts["passes"], 2)
            self.assertGreater(engine.memory()["VmHWM"], engine.facts["arena"])
        self.assertGreater(answer["forward"], 0)
        self.assertGreater(answer["backward"], 0)
        self.assertEqual(maps[0].shape, (SAMPLES, 2, SIZE, SIZE))
        self.assertTrue(all(m.shape[1] == 3 and m.any() for m in maps[1:]))

    def test_many_layers_may_be_named(self):
        with self.engine("basic", "all") as engine:
            names = [t["name"] for t in engine.facts["taps"]]
        with self.engine("normgrad", ",".join(names * 5)) as engine:
            self.assertEqual([t["name"] for t in engine.facts["taps"]], names)

    def test_rounds_repeat_bit_for_bit(self):
        with self.engine("normgrad", "all") as engine:
            first, second = ((engine.ask("run"), self.rows.engine_maps(self.setting, engine)) for _ in range(2))
            self.assertTrue(all((a == b).all() for a, b in zip(first[1], second[1])))

    def test_sgemm_is_timed(self):
        with self.servers.sgemm(self.core, 64) as sgemm:
            self.assertIn("OpenBLAS", sgemm.facts["kernels"])
            self.assertGreater(sgemm.ask("")["seconds"], 0)

    def test_wrong_requests_end_with_a_message(self):
        for args, line, text in ((["none.onnx", "1"], "", "none.onnx"), (["sgemm", "0"], "", "size"),
                                 ([proof.demo("shapes.onnx"), "1", "gradent", "all"], "", "gradient"),
                                 ([proof.demo("shapes.onnx"), "1"], "walk\n", "walk")):
            got = subprocess.run([self.servers.ENGINE, *args], input=line, text=True, check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(got.returncode, 1, args)
            self.assertIn(text, got.stderr)


class BesidePyTorch(Shared):
    """What PyTorch's side computes; skipped without it."""

    @classmethod
    def setUpClass(cls):
        for module in ("torch", "onnx"):
            try:
                __import__(module)
            except ImportError as e:
                raise unittest.SkipTest(f"no {module}") from e
        super().setUpClass()

    def test_both_sides_compute_the_same(self):
        torch = self.servers.pytorch(self.core, proof.demo("shapes.onnx"), "-", SAMPLES, "plain")
        with torch, self.engine("gradient", "input") as engine:
            torch.ask("input", self.noise, SIZE)
            self.assertLess(relative(engine.ask("logits")["logits"], torch.ask("logits")["logits"]),
                            self.rows.LOGITS_BOUND)
            engine.ask("run")
            line = self.rows.compare_gradients(self.setting, engine, torch, "shapes")
            self.assertGreater(torch.ask("forward")["seconds"], 0)
        self.assertEqual(self.setting.differs, [], line)

    def test_closed_forms_of_the_loop(self):
        import torch
        import torch.nn.functional as F
        import torch_side
        torch.manual_seed(0)
        a, g = torch.randn(2, 6, 5, 4, dtype=torch.float64), torch.randn(2, 6, 5, 4, dtype=torch.float64)
        windows = F.unfold(a, 3, padding=1).view(2, 54, 5, 4)
        pairs = [torch.einsum("nkhw,nlhw->nklhw", x, g).flatten(1, 2).norm(dim=1) for x in (a, windows)]
        cam = (a * g.mean((2, 3), keepdim=True)).sum(1).clamp(min=0)
        expected = torch.stack((cam, (a * g).sum(1), (a * g).norm(dim=1), *pairs), 1)
        for layout in torch_side.FORMS.values():
            x, y = (t.contiguous(memory_format=layout) for t in (a, g))
            for large in (1, torch_side.LARGE):
                with unittest.mock.patch.object(torch_side, "LARGE", large):
                    got = torch_side.tap_maps(x, y)
                self.assertLess(relative(got, expected), 1e-12)  # double precision, a few hundred terms


class Report(unittest.TestCase):
    def test_figures_and_verdicts(self):
        from report import Figures, Table, verdict
        ours, theirs = Figures([2.0, 1.0, 4.0]), Figures([4.0, 3.0, 6.0])
        self.assertEqual(theirs.over(ours).text(2), "2.00 (1.50..3.00)")
        self.assertEqual((ours + theirs).median(), 6.0)
        self.assertIn("met", verdict(2.0, at_least=2.0))
        self.assertIn("MISSED", verdict(1.9, at_least=2.0))
        self.assertIn("MISSED", verdict(0.4, at_most=0.3))
        table = Table("Title", "a", "b")
        table.add("1", "22")
        table.note("said")
        self.assertEqual(table.text(), "## Title\n\n| a | b  |\n|---|----|\n| 1 | 22 |\n\n- said")


if __name__ == "__main__":
    proof.need("numpy")
    proof.demo("shapes.onnx")
    for tool in ("ENGINE", "RETROGRAD"):
        if not os.path.exists(os.environ.get(tool, "")):
            proof.skip(f"{tool} names no program")
    unittest.main(verbosity=2)
