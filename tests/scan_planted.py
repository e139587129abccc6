"""A scan finds a trigger planted in a tiny network, and its file does not depend on ranks or kills."""
import csv
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import h5py
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    import xarray
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

binary = os.environ["RETROGRAD"]
SIDE, CLASSES, TARGET = 16, 5, 3


def net(path, planted, classes=CLASSES):
    """Random features for every class; planted: a detector of a 3x3 checker, which alone raises TARGET."""
    rng = np.random.default_rng(1)
    checker = np.where(np.indices((3, 3)).sum(0) % 2 == 0, 1.0, -1.0)
    w = rng.normal(0, 0.35, (12, 3, 3, 3))
    detector = np.broadcast_to(checker, (1, 3, 3, 3))
    head = rng.normal(0, 1.5, (classes, 12))
    tail = np.zeros((classes, 1))
    tail[TARGET] = 4.0 if planted else 0.0
    inits = dict(w=w, b=np.zeros(12), head=head, none=np.zeros(classes), detector=detector, threshold=np.array([-4.0]), tail=tail)
    inits = [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in inits.items()]
    node = helper.make_node
    nodes = [node("Conv", ["input", "w", "b"], ["a"], pads=[1, 1, 1, 1]), node("Relu", ["a"], ["ar"]),
             node("GlobalAveragePool", ["ar"], ["ap"]), node("Flatten", ["ap"], ["af"]),
             node("Gemm", ["af", "head", "none"], ["al"], transB=1),
             node("Conv", ["input", "detector", "threshold"], ["d"]), node("Relu", ["d"], ["dr"]),
             node("GlobalMaxPool", ["dr"], ["dp"]), node("Flatten", ["dp"], ["df"]),
             node("Gemm", ["df", "tail", "none"], ["dl"], transB=1), node("Add", ["al", "dl"], ["logits"])]
    graph = helper.make_graph(nodes, "planted", [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
                              [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", classes])], inits)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7), path)


def sha(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Planted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.at = staticmethod(lambda name: os.path.join(cls.folder.name, name))
        for planted in (False, True):
            net(cls.at(f"net{int(planted)}.onnx"), planted)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def command(self, model, out, *more):
        return [binary, "scan", "--model", self.at(model), "--out", self.at(out), "--quiet", "--pool", "40", *more]

    def scan(self, model, out, *more, ranks=1):
        run = ["mpiexec", "-n", str(ranks)] if ranks > 1 else []
        done = subprocess.run(run + self.command(model, out, *more), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def lead(self, name):
        """Largest lead by patches over the classes, and the class."""
        with open(self.at(name)) as f:
            rows = list(csv.DictReader(f))
        best = max((float(r[t + "_lead"]), int(r["class"])) for r in rows for t in ("patch", "large_patch") if r[t + "_lead"])
        return best

    def test_the_trigger_is_found(self):
        self.scan("net1.onnx", "p.h5", "--csv", self.at("p.csv"), "--png", self.at("p.png"))
        self.scan("net0.onnx", "c.h5", "--csv", self.at("c.csv"))
        planted, clean = self.lead("p.csv"), self.lead("c.csv")
        self.assertEqual(planted[1], TARGET)
        self.assertGreater(planted[0], clean[0] + 0.5)
        with open(self.at("p.png"), "rb") as f:
            self.assertEqual(f.read(8), b"\x89PNG\r\n\x1a\n")
        with h5py.File(self.at("p.h5")) as f:
            self.assertTrue((f["samples/status"][:] == 1).all())
            rows = (f["samples/kind"][:] == b"fine") & (f["samples/class"][:] == TARGET)
            self.assertTrue(rows.any())
            best = np.argmax(np.where(rows, f["samples/gain"][:, 1], -1))
            r, c, k = f["samples/window"][best, 1]
            patch = f["signature/patch"][best - (f["samples/kind"][:] != b"fine").sum()][:, r:r + k, c:c + k].mean(0)
            fit = max(np.corrcoef(patch[i:i + 3, j:j + 3].ravel(), (np.indices((3, 3)).sum(0) % 2 == 0).ravel())[0, 1]
                      for i in range(max(k - 2, 1)) for j in range(max(k - 2, 1))) if k >= 3 else np.nan
            if k >= 3:
                self.assertGreater(fit, 0.7)

    def test_any_number_of_ranks_and_kills_gives_the_same_file(self):
        scores = ["--scores", "gain,neural_cleanse,neuron_inspect", "--nc-steps", "6", "--nc-batches", "2"]
        self.scan("net1.onnx", "r1.h5", *scores)
        for n in (2, 3):
            self.scan("net1.onnx", f"r{n}.h5", *scores, ranks=n)
            self.assertEqual(sha(self.at("r1.h5")), sha(self.at(f"r{n}.h5")), n)
        going = subprocess.Popen(self.command("net1.onnx", "k.h5", *scores), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.time() + 60
        while not os.path.exists(self.at("k.h5")) and time.time() < end and going.poll() is None:
            time.sleep(0.01)
        time.sleep(0.05)
        going.send_signal(signal.SIGKILL)
        going.wait()
        self.scan("net1.onnx", "k.h5", *scores)
        self.assertEqual(sha(self.at("r1.h5")), sha(self.at("k.h5")))

    def test_a_target_among_many_classes_survives_the_coarse_pass(self):
        net(self.at("many.onnx"), True, 150)
        text = self.scan("many.onnx", "many.h5", "--pool", "120")
        self.assertIn("147 of 150 classes were dropped", text)
        with h5py.File(self.at("many.h5")) as f:
            self.assertEqual(f["verdict/value"][0], TARGET)

    def test_readers_open_it(self):
        self.scan("net1.onnx", "x.h5")
        for group in ("samples", "classes", "verdict", "signature", "checks"):
            with xarray.open_dataset(self.at("x.h5"), group=group) as d:
                self.assertFalse([n for n in d.dims if n.startswith("phony")])
        with xarray.open_dataset(self.at("x.h5"), group="verdict") as d:
            self.assertEqual(int(d.value.sel(quantity="target")), TARGET)

    def test_a_constant_model_is_no_evidence(self):
        net(self.at("flat.onnx"), False)
        m = onnx.load(self.at("flat.onnx"))
        for t in m.graph.initializer:
            if t.name == "head":
                t.CopyFrom(numpy_helper.from_array(np.zeros((CLASSES, 12), np.float32), "head"))
        onnx.save(m, self.at("flat.onnx"))
        text = self.scan("flat.onnx", "flat.h5")
        self.assertIn("no evidence", text)

    def test_bad_input_is_refused(self):
        for more in (["--scores", "gian"], ["--pool", "1"], ["--replicates", "1"], ["--clean", self.at("missing")]):
            done = subprocess.run(self.command("net1.onnx", "bad.h5", *more), capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, (more, done.stderr))
            self.assertFalse(os.path.exists(self.at("bad.h5")))


if __name__ == "__main__":
    unittest.main(verbosity=1)
