"""What --dry-run predicts against what a run then does: passes, operations, file size, time; and what it proposes."""

import os
import re

import proof


class Dry(proof.Case):
    def args(self, *more):
        return ["attribute", "--model", proof.model("shapes"), "--data", proof.demo("manifest.csv"), "--out",
                self.path("s.h5"), "--quiet", "--limit", 48, *more]

    def dry(self, *more, **kw):
        out = proof.run(*self.args("--dry-run", *more), **kw).out
        self.assertEqual(os.listdir(self.folder), [])
        return out

    def number(self, pattern, text):
        found = re.search(pattern, text)
        self.assertTrue(found, text)
        return float(found[1])

    def test_passes_and_file_size(self):
        for more in (("--methods", "basic", "--layers", "all"), ("--layers", "input", "--methods", "gradient"),
                     ("--targets", "top3", "--unit", 5, "--layers", "convs"), ("--shard", "2/3", "--unit", 4)):
            text = self.dry(*more)
            proof.run(*self.args(*more))
            size = os.path.getsize(self.path("s.h5"))
            stated = self.number(r"(?m)^file +([0-9.]+) MiB", text) * 2 ** 20
            self.assertLess(abs(stated / size - 1), 0.01)
            forward = self.number(r"(?m)^passes +forward (\d+),", text)
            backward = self.number(r"(?m)^passes +forward \d+, backward (\d+)", text)
            self.assertEqual(proof.passes(self.path("s.h5")), (forward, backward))
            for name in os.listdir(self.folder):
                os.remove(self.path(name))

    def test_operations_are_those_of_the_convolutions_and_products(self):
        """Counted from the shapes of the ONNX file: two for each multiplication and addition of a pair."""
        import onnx
        model = onnx.shape_inference.infer_shapes(onnx.load(proof.model("shapes")))
        shape = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
                 for v in [*model.graph.value_info, *model.graph.output, *model.graph.input]}
        weight = {t.name: list(t.dims) for t in model.graph.initializer}
        flops = 0
        for node in model.graph.node:
            if node.op_type == "Conv":
                out, w = shape[node.output[0]], weight[node.input[1]]
                flops += 2 * w[0] * w[1] * w[2] * w[3] * out[2] * out[3]
            elif node.op_type == "Gemm":
                w = weight[node.input[1]]
                flops += 2 * w[0] * w[1]
        text = self.dry("--unit", 8)
        stated = self.number(r"(?m)^work +([0-9.e+-]+) GFLOP per unit forward", text) * 1e9
        self.assertGreaterEqual(stated, 0.999 * 8 * flops)
        self.assertLess(stated, 1.1 * 8 * flops)  # elementwise operators are little beside them

    def test_time(self):
        """The probe against a run of the same units; this machine may be busy, so a factor is all that is asserted.
        cluster.predict compares on an idle one."""
        more = ("--methods", "basic", "--layers", "all", "--unit", 4)
        said = min(self.number(r"(?m)^time .* about ([0-9.]+) s on 1 rank .*writing included", self.dry(*more))
                   for _ in range(3))
        proof.run(*self.args(*more))
        made = proof.runs(self.path("s.h5"))[-1]
        proof.figure(f"--dry-run: {said:.2f} s, the run took {made['seconds']:.2f} s, {100 * made['io']:.0f} % of "
                     f"it writing")
        self.assertLess(said, 3 * made["seconds"])
        self.assertLess(made["seconds"], 3 * said)

    def test_without_a_place_to_write(self):
        """The plan is made all the same, and says what its time leaves out."""
        args = [word for word in self.args("--dry-run") if word not in ("--out", self.path("s.h5"))]
        self.assertIn("without writing: there is no --out", proof.run(*args).out)
        args = self.args("--dry-run", "--out", self.path("none", "s.h5"))
        self.assertIn("without writing: ", proof.run(*args).out)

    def test_the_proposal_fits_the_study(self):
        text = self.dry("--unit", 1)
        got = self.proposal(text)
        self.assertLessEqual(got["ntasks"], 4)  # a tenth of 48 units
        self.assertLessEqual(got["ntasks"], got["nodes"] * os.cpu_count())
        self.assertGreaterEqual(got["mem"], self.number(r"(?m)^memory +([0-9.]+) MiB per rank", text) * 0.5)
        self.assertGreaterEqual(got["time"] * 60, got["USR1"] + 60)

    def proposal(self, text):
        found = re.search(r"(?m)^propose (\d+) ranks? on (\d+) nodes? .*$", text)
        self.assertTrue(found, text)
        return {k: int(v) for k, v in re.findall(r"(ntasks|nodes|ntasks-per-node|mem|time|USR1)[=@](\d+)", found.group())}

    def test_the_proposal_for_given_nodes(self):
        """Cores, then memory, bound the ranks of a node; ranks and minutes are the user's."""
        base = ("--unit", 1, "--methods", "gradient")
        got = self.proposal(self.dry(*base, "--plan-ranks", 9, "--plan-node", "4x64000"))
        self.assertEqual((got["ntasks"], got["nodes"], got["ntasks-per-node"]), (9, 3, 3))
        got = self.proposal(self.dry(*base, "--plan-ranks", 9, "--plan-node", "64x250"))
        self.assertGreater(got["nodes"], 1)
        self.assertLessEqual(got["mem"], 250)
        got = self.proposal(self.dry(*base, "--plan-ranks", 4800))
        self.assertEqual(got["ntasks"], 48)
        got = self.proposal(self.dry(*base, "--plan-within", 1e-6))
        self.assertEqual(got["ntasks"], 4)
        for wrong in (("--plan-node", "4"), ("--plan-node", "0x5"), ("--plan-node", "2x5x"), ("--plan-within", 0),
                      ("--plan-ranks", -1)):
            proof.run(*self.args("--dry-run", *wrong), code=2)


if __name__ == "__main__":
    proof.need("numpy", "h5py", "onnx")
    proof.demo("shapes.onnx")
    proof.main()
