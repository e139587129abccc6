"""`retrograd profile`: every node with its time, and shares that add up."""

import re
import unittest

import proof

NUMBER = r"(?:-|\d+\.\d+)"
STEPS = rf"{NUMBER} +{NUMBER} +{NUMBER} +{NUMBER} +{NUMBER} +{NUMBER} +{NUMBER} +{NUMBER}"


def number(text):
    return 0.0 if text == "-" else float(text)


class Row:
    """One line of a table: words, then times, rates and the share."""

    def __init__(self, line):
        words = line.split()
        self.words, numbers = words[:-8], [number(w) for w in words[-8:]]
        self.forward, self.forward_flops, self.forward_bytes = numbers[:3]
        self.backward, self.backward_flops, self.backward_bytes = numbers[3:6]
        self.maps, self.share = numbers[6:]
        self.seconds = self.forward + self.backward + self.maps


class Profile(proof.Case):
    def profile(self, *args):
        """(rows of nodes, rows of operators, text)."""
        text = proof.run("profile", proof.demo("shapes.onnx"), "--unit", 2, "--rounds", 3, *args).out
        nodes, operators = text.split("\noperator ")
        found = [Row(line) for line in nodes.splitlines() if re.match(rf" *\d+  \S+ +\w+ +\S+ +{STEPS}$", line)]
        totals = [Row(line) for line in operators.splitlines() if re.match(rf"\w+ +\S+ +\d+ +{STEPS}$", line)]
        return found, totals, text

    def test_every_node_is_there_and_shares_add_up(self):
        nodes, operators, text = self.profile("--methods", "gradient,grad_cam", "--layers", "input,Relu")
        layers = proof.run("layers", proof.demo("shapes.onnx")).out
        taps = re.findall(r"(?m)^ *(\d+)  (\S+) +(\w+) ", layers)
        self.assertEqual(sorted(int(r.words[0]) for r in nodes), [int(t[0]) for t in taps])
        operator = {int(index): name for index, _, name in taps}
        for row in nodes:
            self.assertEqual(row.words[2], operator[int(row.words[0])])
        for rows in (nodes, operators):
            self.assertAlmostEqual(sum(r.share for r in rows), 100, delta=0.005 * len(rows) + 1e-6)
            self.assertEqual(len({tuple(r.words) for r in rows}), len(rows))
        self.assertEqual(sum(int(r.words[2]) for r in operators), len(nodes))
        total = float(re.search(r"(?m)^together +([0-9.]+) ms a unit", text).group(1))
        self.assertAlmostEqual(sum(r.seconds for r in nodes), total, delta=0.0016 * len(nodes))
        for row in nodes:  # a share is that row's part of the time, up to the last printed digits
            self.assertAlmostEqual(row.share, 100 * row.seconds / total, delta=0.0051 + 0.16 / total)

    def test_kernels_and_rates(self):
        nodes, operators, text = self.profile()
        kernels = {r.words[1] for r in operators if r.words[0] == "Conv"}
        self.assertLessEqual(kernels, {"winograd", "pointwise", "depthwise", "columns"})
        self.assertIn("winograd", kernels)
        for row in nodes:
            self.assertEqual(row.forward_flops > 0, row.words[2] in ("Conv", "Gemm"), row.words)
            self.assertEqual(row.forward_bytes > 0 or row.forward == 0, True, row.words)
        plain = {r.words[1] for r in self.profile("--no-winograd")[1] if r.words[0] == "Conv"}
        self.assertNotIn("winograd", plain)
        self.assertIn("GFLOP/s", text)

    def test_what_no_tap_wants_is_not_computed(self):
        """Going back stops at the deepest tap."""
        nodes, _, _ = self.profile("--layers", "last", "--methods", "grad_cam")
        deep = [r for r in nodes if r.words[2] == "Conv"]
        self.assertTrue(deep)
        for row in deep:
            self.assertEqual((row.backward_flops, row.backward_bytes), (0, 0))

    def test_wrong_rounds_are_refused(self):
        done = proof.run("profile", proof.demo("shapes.onnx"), "--rounds", 0, code=2)
        self.assertIn("--rounds 0", done.error)


if __name__ == "__main__":
    proof.need()
    proof.demo("shapes.onnx")
    unittest.main()
