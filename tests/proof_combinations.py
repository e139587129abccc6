"""Methods over a set of layers on the demonstration's network: METHODS T5, the formulas of 1.3 on the maps of the
layers themselves, and T15, which says why positive propagation fails.
"""

import os

import proof
import proof_properties

BOUND = 1e-4
N = 4


def enlarged(m, size):
    """Bilinear between pixel centres, rows then columns."""
    import numpy as np

    def along(m, n):
        at = np.maximum((np.arange(n) + 0.5) * len(m) / n - 0.5, 0)
        i = np.minimum(at.astype(int), len(m) - 1)
        k = np.minimum(i + 1, len(m) - 1)
        return m[i] + (at - i)[:, None] * (m[k] - m[i])
    return along(along(m.astype("f8"), size[0]).T, size[1]).T


class Combinations(proof.Case):
    def study(self, methods, *args, code=0):
        out = self.path("study.h5")
        proof.attribute(out, proof.model("shapes"), proof.demo("manifest.csv"), "--limit", N, "--methods", methods,
                        "--force", *args, code=code)
        return proof.Study(out)

    def maps(self, study, method, variable="over_layers"):
        return study.maps(variable)[:, 0, study.columns[variable].index(method)]

    def test_t5_fullgrad_is_complete(self):
        """The stored sums of terms are the scores, for every target, in every variant."""
        import h5py
        methods = "fullgrad,fullgrad(post=signed),fullgrad(post=positive,input=0),fullgrad(simple=1)"
        study = self.study(methods, "--layers", "input", "--targets", "label,top3,least")
        with h5py.File(study.path) as f:
            total = f["completeness/total"][()]
            names = proof.text(f["completeness/method"][()])
        self.assertEqual(names, study.methods)
        error = proof.relative(total, study.score[:, :, None] + 0 * total)
        proof.figure(f"T5: FullGrad's terms and the score: {total.size} pairs, largest difference {error:.1e}")
        self.assertLessEqual(error, BOUND)

    def test_layers_are_put_together(self):
        """Sum and product of the maps that the same study has at the layers."""
        import json

        import numpy as np
        layers = ["convs"]
        weights = self.file("weights.json", "{}")
        first = self.study("normgrad", "--layers", "convs")
        given = {name: i + 0.5 for i, name in enumerate(first.layers)}
        self.file("weights.json", json.dumps({"weights": {"given": given}, "note": "passed over"}))
        study = self.study("normgrad,layers_sum,layers_product,layers_sum(weights=linear),layers_sum(weights=given),"
                           "layers_product(weights=linear)", "--layers", ",".join(layers),
                           "--combination-weights", weights)
        size = study.maps("over_layers").shape[-2:]
        n = len(first.layers)
        shares = {"uniform": np.ones(n), "linear": np.arange(1, n + 1), "given": np.array(list(given.values()))}
        for method in study.columns["over_layers"]:
            name, _, how = method.partition("(weights=")
            w = shares[how.rstrip(")") or "uniform"]
            for i in range(N):
                up = [enlarged(self.maps(study, "normgrad", v)[i], size) for v in study.variables[:-1]]
                up = np.array([(m - m.min()) / (m.max() - m.min()) for m in up])
                v = (w / w.sum())[:, None, None]
                wanted = (v * up).sum(0) if name == "layers_sum" else (up ** v).prod(0)
                sure = (up.min(0) == 0) | (up.min(0) > 1e-3)  # roots magnify what rounds to nearly 0
                self.assertLessEqual(proof.relative(self.maps(study, method)[i][sure], wanted[sure]), BOUND, method)

    def test_other_layers_than_those_of_maps(self):
        over = self.study("layers_sum", "--layers", "input", "--over", "convs")
        both = self.study("layers_sum", "--layers", "convs")
        self.assertEqual(self.maps(over, "layers_sum").tobytes(), self.maps(both, "layers_sum").tobytes())

    def test_what_is_missing_is_said(self):
        for methods, layers, words in (
                ("layers_sum(weights=accuracy)", "convs", "give --combination-weights"),
                ("layers_sum[normgrad_real]", "input", "has no map at the layers chosen"),
                ("layers_sum[lrp_zplus]", "logits", "choose some with positions")):
            out = self.path("no.h5")
            done = proof.attribute(out, proof.model("shapes"), proof.demo("manifest.csv"), "--methods", methods,
                                   "--layers", layers, code=2)
            self.assertIn(words, " ".join(done.error.split()))

    def test_alone_and_among_others(self):
        """Parts are read off passes that others ride on, and change nothing there."""
        methods = ["grad_cam", "normgrad", "guided_backprop"]
        alone = self.study(",".join(methods), "--layers", "all")
        among = self.study("fullgrad,guided_grad_cam,layers_product[normgrad]," + ",".join(methods), "--layers", "all")
        for v in alone.variables:
            for m in alone.columns[v]:
                self.assertEqual(self.maps(alone, m, v).tobytes(), self.maps(among, m, v).tobytes(), f"{m} at {v}")
        self.assertEqual([int(s.attrs["n_backward"]) for s in (alone, among)], [2, 2])


def fixed(b, bias):
    """A fully connected layer that expects so many positions."""
    y = b.relu("relu1", b.conv("conv1", "input", (3, 4), 3, 1, bias))
    b.node("Gemm", "logits", b.node("Flatten", "flatten", y), b.weight("fc.w", 4, 4 * 14 * 11), transB=1)


def scaled(b, bias):
    """A constant that the file computes from the image's height: shapes alone do not show it."""
    y = b.relu("relu1", b.conv("conv1", "input", (3, 4), 3, 1, bias))
    height = b.node("Slice", "height", b.node("Shape", "shape", y), *(b.integer(f"slice{i}", [i]) for i in (2, 3, 0)))
    y = b.node("Div", "divided", y, b.node("Cast", "cast", height, to=1))
    y = b.node("Flatten", "flatten", b.node("GlobalAveragePool", "mean", y))
    b.node("Gemm", "logits", y, b.weight("fc.w", 4, 4), transB=1)


def stack(b, bias):
    """Many layers alike: what repeated propagation does shows."""
    x, channels = "input", 3
    for i in range(14):
        x, channels = b.relu(f"relu{i}", b.conv(f"conv{i}", x, (channels, 16), 3, 1, bias)), 16
    x = b.node("Flatten", "flatten", b.node("GlobalAveragePool", "mean", x))
    b.node("Gemm", "logits", x, b.weight("fc.w", 4, 16), transB=1)
    return [f"relu{i}" for i in range(14)]


class Convergence(proof_properties.Properties):
    def test_t15_positive_propagation_forgets_the_class(self):
        """The cosine between the signals of two classes, from the last layer to the first."""
        import numpy as np
        rules, found = ["lrp_zplus", "guided", "gradient"], {}
        for seed in range(3):
            path, taps = self.make(stack, bias=False, seed=seed + 1)
            a, b = (self.signals(path, rules, taps, target=f"class:{c}")[0] for c in "ab")
            for rule in rules:
                pairs = [(a[rule][t].ravel(), b[rule][t].ravel()) for t in taps]
                found.setdefault(rule, []).append(
                    [x @ y / max(np.linalg.norm(x) * np.linalg.norm(y), 1e-300) for x, y in pairs])
        first, last = ({r: np.mean([f[i] for f in found[r]]) for r in rules} for i in (0, -1))
        proof.figure("T15: cosine of two classes' signals at the last and the first of 14 layers: " + ", ".join(
            f"{r} {last[r]:.2f} to {first[r]:.2f}" for r in rules))
        self.assertGreater(first["lrp_zplus"], 0.95)
        self.assertGreater(first["lrp_zplus"], last["lrp_zplus"])
        self.assertGreater(first["guided"], last["guided"])
        self.assertLess(first["gradient"], first["guided"] - 0.1)
        self.assertLess(first["gradient"], first["lrp_zplus"] - 0.2)


def mobile(b, bias):
    """As MobileNet: rectifiers that saturate, SiLU, HardSwish, squeeze and excitation, and a quotient."""
    y = b.node("Clip", "relu6", b.conv("conv1", "input", (3, 8), 3, 1, bias), b.constant("lo", 0.0), b.constant("hi", 0.4))
    y = b.conv("conv2", y, (8, 8), 3, 1, bias)
    y = b.node("Mul", "silu", y, b.node("Sigmoid", "gate", y))
    y = b.conv("conv3", y, (8, 8), 3, 1, bias, stride=2)
    six = b.node("Clip", "six", b.node("Add", "three", y, b.constant("c3", 3.0)), "lo", b.constant("c6", 6.0))
    y = b.node("Div", "hard_swish", b.node("Mul", "times", y, six), "c6")
    s = b.node("HardSigmoid", "excite", b.conv("squeeze", b.node("GlobalAveragePool", "pooled", y), (8, 8), 1, 0, bias))
    y = b.node("Mul", "scaled", y, s)
    y = b.node("Div", "quotient", y, b.node("Softplus", "positive", b.conv("conv4", y, (8, 8), 1, 0, bias)))
    y = b.node("Flatten", "flatten", b.node("GlobalAveragePool", "mean", b.node("Tanh", "tanh", y)))
    b.node("Gemm", "logits", y, b.weight("fc.w", 4, 8), transB=1)


class Curves(proof_properties.Properties):
    """FullGrad where something saturates or is curved; each operator alone is in core.bias, maps are golden ones."""

    def differences(self, path, data, *methods):
        """Of scores and sums of terms, relative to the largest score, method by method."""
        import h5py
        out = self.path("study.h5")
        proof.attribute(out, path, data, "--methods", ",".join(methods), "--layers", "input", "--limit", 2,
                        "--targets", "predicted,least", "--unit", 2, "--force")
        with h5py.File(out) as f:
            total, score = f["completeness/total"][()], f["samples/score"][()]
        return [proof.relative(total[..., i], score) for i in range(len(methods))]

    def test_t5_fullgrad_is_complete_with_implicit_biases(self):
        path, _ = self.make(mobile, bias=True)
        for name in (path, proof.model("mobilenet_v2_1.0_224")):
            data = self.images(2) if name == path else proof.shared("images", "imagenet")
            found = self.differences(name, data, "fullgrad", "fullgrad(implicit=0)")
            proof.figure(f"T5: FullGrad of {os.path.basename(name)}: {found[0]:.1e} with implicit biases, "
                         f"{found[1]:.1e} without")
            self.assertLessEqual(found[0], BOUND, name)
            self.assertGreater(found[1], 100 * BOUND, name)

    def test_averages_of_curved_operators_are_refused(self):
        path, _ = self.make(mobile, bias=True)
        done = proof.attribute(self.path("no.h5"), path, self.images(), "--layers", "input", "--methods",
                               "smoothgrad[fullgrad]", code=2)
        self.assertIn("what the curved operator", " ".join(done.error.split()))


class Sizes(proof_properties.Properties):
    """CAMERAS; its values are golden ones."""

    def test_models_of_one_size_are_refused_by_name(self):
        for kind, words in ((fixed, "node 'logits' (Gemm): input 0 has 1008 features, input 1 expects 616"),
                            (scaled, "node 'divided' (Div) has constants made from the image's size")):
            path, _ = self.make(kind, bias=True)
            out = self.path("no.h5")
            args = (path, self.images(), "--layers", "conv1", "--methods")
            done = proof.attribute(out, *args, "cameras(sizes=2,step=3)", code=2)
            said = " ".join(done.error.split())
            self.assertIn("'cameras(sizes=2,step=3)' looks at images in several sizes", said)
            self.assertIn(words, said)
            self.assertFalse(os.path.exists(out))
            done = proof.run("attribute", "--model", path, "--data", self.images(), "--layers", "conv1", "--dry-run",
                             "--out", out, "--methods", "all")
            self.assertIn("cameras is left out", done.error + done.out)

    def test_dry_run_shows_the_passes_that_are_made(self):
        path, _ = self.make(proof_properties.residual, bias=True)
        out = self.path("sizes.h5")
        args = (path, self.images(3), "--layers", "relu4", "--unit", 2, "--targets", "top2",
                "--methods", "cameras(sizes=3,step=4),grad_cam")
        done = proof.attribute(out, *args)
        dry = proof.run("attribute", "--model", path, "--data", self.path("images"), *args[2:], "--dry-run",
                        "--out", self.path("dry.h5"))
        self.assertIn("at 14x11, 19x15, 24x19: cameras(sizes=3,step=4)", dry.out)
        self.assertIn("for images in several sizes", dry.out)
        study = proof.Study(out)
        units, batch, slots, sizes = 2, 2, 2, 3
        wanted = (units * (1 + batch * sizes), units * (slots + batch * slots * sizes))
        self.assertEqual((int(study.attrs["n_forward"]), int(study.attrs["n_backward"])), wanted)
        self.assertEqual(proof.passes(out), wanted)
        self.assertIn(f"passes  forward {wanted[0]}, backward {wanted[1]}", dry.out)
        self.assertEqual(done.code, 0)


# The tests of the base class run where they belong.
for _name in [n for n in dir(proof_properties.Properties) if n.startswith("test_")]:
    setattr(Convergence, _name, None)
    setattr(Curves, _name, None)
    setattr(Sizes, _name, None)

if __name__ == "__main__":
    proof.need("numpy", "scipy", "h5py", "PIL", "onnx")
    proof.demo("shapes.onnx")
    proof.main()
