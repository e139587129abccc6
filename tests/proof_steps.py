"""Meta-saliency: METHODS T16; and what `--methods all` leaves out of models that some rule has no formula for.

That a step is that of torch's autograd, and lowers the loss, is in the golden values (golden_meta.py).
"""

import proof
import proof_properties

N = 5
OF = ("normgrad", "grad_cam", "gradient", "lrp_epsilon_gamma_box", "smoothgrad(n=2)[gradient]", "fullgrad",
      "layers_product[normgrad]")


class Steps(proof.Case):
    def study(self, name, methods, *args, data=None, **more):
        out = self.path(name + ".h5")
        proof.attribute(out, proof.model("shapes"), data or proof.demo("manifest.csv"), "--limit", N, "--methods",
                        ",".join(methods), "--layers", "input,convs,last", *args, **more)
        return proof.Study(out)

    def maps(self, study, variable, method):
        return study.maps(variable)[:, :, study.columns[variable].index(method)]

    def test_t16_a_step_of_length_0_changes_no_bit(self):
        methods = [*OF, *(f"meta(lr=0)[{m}]" for m in OF)]
        for winograd in ("--winograd", "--no-winograd"):
            study, compared = self.study("zero", methods, "--unit", 4, "--targets", "predicted,least", winograd,
                                         "--force"), 0
            for v in study.variables:
                for m in (m for m in study.columns[v] if not m.startswith("meta")):
                    self.assertEqual(self.maps(study, v, m).tobytes(),
                                     self.maps(study, v, f"meta(lr=0)[{m}]").tobytes(), f"{m} at {v}")
                    compared += 1
        proof.figure(f"T16: {compared} maps after a step of length 0 are those before, bit for bit")

    def test_t16_weights_are_the_models_own_afterwards(self):
        """Maps without a step do not notice steps beside them, nor does a sample notice the one before it."""
        alone = self.study("alone", OF)
        among = self.study("among", [*OF, "meta(lr=0.5)[normgrad]", "meta(lr=0.5,negate=1)[normgrad]"])
        for v in alone.variables:
            for m in alone.columns[v]:
                self.assertEqual(self.maps(alone, v, m).tobytes(), self.maps(among, v, m).tobytes(), f"{m} at {v}")
        with open(proof.demo("manifest.csv"), encoding="utf-8") as f:
            rows = f.read().split("\n")[1:N + 1]
        rows = [r.split(",") for r in rows]
        lines = ["path,label", *(f"{proof.demo(r[0])},{r[1]}" for r in reversed(rows))]
        turned = self.study("turned", ["meta(lr=0.5)[normgrad]"], data=self.file("turned.csv", "\n".join(lines) + "\n"))
        for v in turned.variables:
            a, b = (self.maps(s, v, "meta(lr=0.5)[normgrad]") for s in (among, turned))
            self.assertEqual(a.tobytes(), b[::-1].tobytes(), v)
            self.assertGreater(abs(a - self.maps(among, v, "normgrad")).max(), 0)
            if v == turned.variables[0]:
                self.assertGreater(abs(a - self.maps(among, v, "meta(lr=0.5,negate=1)[normgrad]")).max(), 0)

    def test_units_and_ranks(self):
        methods = ["meta[gradient]", "meta(lr=0.01)[fullgrad]", "normgrad"]
        first = self.study("one", methods, "--unit", 2)
        self.assertEqual(proof.passes(first.path), (int(first.attrs["n_forward"]), int(first.attrs["n_backward"])))
        for ranks in (2, 3):
            self.assert_same_bytes(first.path, self.study(f"ranks{ranks}", methods, "--unit", 2, ranks=ranks).path)
        other = self.study("units", methods, "--unit", 1)
        for v in first.variables:
            for m in first.columns[v]:
                self.assertLessEqual(proof.relative(self.maps(other, v, m), self.maps(first, v, m)), 1e-4)

    def test_mistakes_are_named(self):
        for method, words in (("smoothgrad[meta]", "write it outermost"), ("meta(lr=-1)", "0 to 1e+06")):
            out = self.path("no.h5")
            done = proof.attribute(out, proof.model("shapes"), proof.demo("manifest.csv"), "--methods", method, code=2)
            self.assertIn(words, " ".join(done.error.split()))


def normalised(b, bias):
    """An operator that no relevance rule has a formula for, and one whose constants no step changes."""
    y = b.relu("relu1", b.conv("conv1", "input", (3, 6), 3, 1, bias))
    y = b.node("InstanceNormalization", "norm", y, b.constant("norm.s", [1.0] * 6), b.constant("norm.b", [0.1] * 6))
    y = b.node("Sub", "shift", b.conv("conv2", y, (6, 6), 3, 1, bias), b.constant("shift.c", [[[0.1]], [[0.2]]] * 3))
    y = b.relu("relu2", y)
    y = b.node("Flatten", "flatten", b.node("GlobalAveragePool", "mean", y))
    b.node("Gemm", "logits", y, b.weight("fc.w", 4, 6), transB=1)
    return ["input", "conv1", "norm", "relu2"]


class LeftOut(proof_properties.Properties):
    def attribute(self, methods, layers, **more):
        path, _ = self.make(normalised, bias=True)
        return proof.run("attribute", "--model", path, "--data", self.images(), "--out", self.path("out.h5"), "--force",
                         "--methods", methods, "--layers", layers, **more)

    def test_all_leaves_out_what_has_no_formula_and_says_so(self):
        done = self.attribute("all", "input,conv1,relu2")
        self.assertIn("lrp_zplus is left out at 2 of 3 layers: the rule lrp_zplus has no formula for the operator "
                      "InstanceNormalization", done.error)
        self.assertIn("deeplift is left out at 2 of 3 layers", done.error)
        self.assertIn("meta is left out: meta: there is no gradient of the constants of the operator", done.error)
        study = proof.Study(self.path("out.h5"))
        self.assertNotIn("meta", study.methods)
        for v, there in (("input", False), ("conv1", False), ("relu2", True)):
            self.assertEqual("lrp_zplus" in study.columns[v], there, v)
            self.assertIn("gradient", study.columns[v])
        done = self.attribute("all", "input,conv1")
        self.assertIn("lrp_zplus is left out: the rule", done.error)
        self.assertNotIn("lrp_zplus", proof.Study(self.path("out.h5")).methods)

    def test_what_is_named_is_refused(self):
        for method, words in (("lrp_zplus", "has no formula for the operator InstanceNormalization"),
                              ("meta", "no gradient of the constants of the operator Sub")):
            self.assertIn(words, " ".join(self.attribute(method, "input,relu2", code=None).error.split()))
        self.attribute("lrp_zplus", "relu2")


# The tests of the base class run where they belong.
for _name in [n for n in dir(proof_properties.Properties) if n.startswith("test_")]:
    setattr(LeftOut, _name, None)

if __name__ == "__main__":
    proof.need("numpy", "scipy", "h5py", "PIL", "onnx")
    proof.demo("shapes.onnx")
    proof.main()
