"""Weights are in memory once per node: private pages of a rank, and what --dry-run says of them."""

import csv
import os
import re
import statistics
import subprocess
import time
import unittest

import proof

CHANNELS, LAYERS, SIDE = 512, 4, 16
PLAIN = LAYERS * CHANNELS * CHANNELS * 9 * 4 / 2**20  # MiB of weights; transformed they are 36 / 9 times that
TRANSFORMED = 4 * PLAIN


def network(path):
    """3x3 convolutions whose weights are far larger than anything else in the process."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper, save
    random = np.random.default_rng(1)
    nodes, weights, last, channels = [], [], "x", 3

    def add(op, name, inputs, **more):
        nodes.append(helper.make_node(op, inputs, [name], name=name, **more))
        return name

    def weight(name, shape, fan):
        array = random.normal(0, (2 / fan) ** 0.5, shape).astype("f4")
        weights.append(numpy_helper.from_array(array, name))
        return name

    for i in range(LAYERS + 1):
        w = weight(f"w{i}", (CHANNELS, channels, 3, 3), 9 * channels)
        last = add("Relu", f"relu{i}", [add("Conv", f"conv{i}", [last, w], pads=[1] * 4)])
        channels = CHANNELS
    last = add("Flatten", "flat", [add("GlobalAveragePool", "pooled", [last])])
    last = add("Gemm", "logits", [last, weight("w", (CHANNELS, 10), CHANNELS)])
    shape = ["N", 3, SIDE, SIDE]
    graph = helper.make_graph(nodes, "wide", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["N", 10])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    save(model, path)


def smaps(pid):
    """(private, anonymous, proportional) MiB of a process; None when it has gone.

    Linux calls a shared page private while one process alone has touched it: the rank that fills the window, and
    the last one to leave.  Anonymous pages are nobody else's at any time.
    """
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            kib = dict(re.findall(r"(?m)^(\w+): +(\d+) kB", f.read()))
    except OSError:
        return None
    if "Private_Dirty" not in kib:
        return None
    private = int(kib["Private_Clean"]) + int(kib["Private_Dirty"])
    return private / 1024, int(kib["Anonymous"]) / 1024, int(kib["Pss"]) / 1024


def ranks_of(out):
    """Processes of the program that write this file."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if out.encode() in words and os.path.basename(words[0]) != b"mpirun":
            found.append(int(pid))
    return found


class Shared(proof.Case):
    def setUp(self):
        super().setUp()
        self.model = self.path("wide.onnx")
        network(self.model)
        with open(proof.demo("manifest.csv"), encoding="utf-8") as f:
            paths = [proof.demo(row["path"]) for row in csv.DictReader(f)][:24]
        self.data = self.file("list.csv", "\n".join(["path", *paths]) + "\n")

    def args(self, out, *more):
        return ["attribute", "--model", self.model, "--data", self.data, "--out", out, "--quiet", "--unit", "2",
                "--resize", f"{SIDE}x{SIDE}", "--methods", "gradient,grad_cam", "--layers", "Relu,input", *more]

    def watch(self, ranks, *more):
        """MiB while units are computed: private (median over time and ranks, because what only the first rank of the
        node reads again counts as its own), anonymous of a rank and proportional of all (largest)."""
        out, seen = self.path(f"study{ranks}.h5"), []
        with subprocess.Popen(proof.command(self.args(out, *more), ranks), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            while process.poll() is None:
                working = os.path.exists(out)  # the file is made after the plan
                found = [m for m in map(smaps, ranks_of(out)) if m] if working else []
                if len(found) == ranks:
                    private, anonymous, proportional = zip(*found)
                    seen.append((statistics.median(private), max(anonymous), sum(proportional)))
                time.sleep(0.02)
            self.assertEqual(process.returncode, 0, process.stderr.read())
        self.assertGreater(len(seen), 4, "no memory was seen")
        private, anonymous, total = zip(*seen)
        return statistics.median(private), max(anonymous), max(total)

    def compare(self, bytes_once, what, *more):
        """With three ranks private pages lack what is there once: all but 10 % of it."""
        alone, own, _ = self.watch(1, *more)
        private, anonymous, total = self.watch(3, *more)
        proof.figure(f"{bytes_once:.0f} MiB of {what}: private {alone:.1f} MiB of one rank alone, {private:.1f} of each "
                     f"of three; anonymous {own:.1f} and {anonymous:.1f}; the three together {total:.1f}")
        self.assertLess(private, alone - 0.9 * bytes_once)
        self.assertLess(anonymous, own - 0.9 * bytes_once)
        # once more: the plain weights (36 MiB) while they are transformed, and the libraries' pages
        self.assertLess(total, 3 * private + 1.1 * bytes_once + 60)

    def test_transformed_weights_are_there_once_and_replace_the_plain_ones(self):
        self.compare(TRANSFORMED, "transformed weights")
        self.watch(2)
        for ranks in (2, 3):
            self.assert_same_bytes(self.path("study1.h5"), self.path(f"study{ranks}.h5"))

    def test_plain_weights_are_there_once(self):
        self.compare(PLAIN, "plain weights", "--no-winograd")

    def test_dry_run_tells_private_from_shared(self):
        out = self.path("dry.h5")
        text = proof.run(*self.args(out, "--dry-run"), ranks=3).out
        peak = float(re.search(r"(?m)^memory +([0-9.]+) MiB per rank", text).group(1))
        private, shared = map(float, re.search(
            r"at most ([0-9.]+) MiB private; ([0-9.]+) MiB of weights and the list are there once for the 3 ranks", text).groups())
        self.assertLess(abs(shared / (PLAIN + TRANSFORMED) - 1), 0.02)
        _, anonymous, total = self.watch(3)
        proof.figure(f"--dry-run: {peak:.1f} MiB per rank, at most {private:.1f} private, {shared:.1f} shared; "
                     f"seen {anonymous:.1f} anonymous, {total:.1f} together")
        self.assertLess(anonymous, 1.1 * private)
        self.assertLess(total, 1.1 * (3 * (peak - shared) + shared))
        self.assertNotIn("there once", proof.run(*self.args(out, "--dry-run")).out)


class Failures(proof.Case):
    """A rank that fails alone, while the node shares memory, ends all ranks with its own report."""

    def pair(self, first, second, says):
        common = ["attribute", "--data", proof.demo("manifest.csv"), "--out", self.path("study.h5"), "--quiet"]
        command = ["mpirun"]
        for args in (first, second):
            command += ["-n", "1", proof.PROGRAM, *common, *args, ":"]
        done = subprocess.run(command[:-1], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("retrograd attribute: "), 1, done.stderr)
        self.assertIn(says, done.stderr)

    def test_one_wrong_layer(self):
        model = ["--model", proof.demo("shapes.onnx")]
        for good, bad in ((0, 1), (1, 0)):
            args = [model, [*model, "--layers", "nonsense"]]
            self.pair(args[good], args[bad], "no layer matches 'nonsense'")

    def test_two_models(self):
        other = self.path("wide.onnx")
        network(other)
        self.pair(["--model", proof.demo("shapes.onnx")], ["--model", other, "--resize", "16x16"],
                  "the model looks different from here than from rank 0")


if __name__ == "__main__":
    proof.need("numpy", "h5py", "onnx")
    if not os.path.exists("/proc/self/smaps_rollup"):
        proof.skip("private pages are read as Linux gives them")
    proof.demo("shapes.onnx")
    unittest.main()
