"""Identities that rules and methods must obey whatever the weights: METHODS T7 to T14 and T17.

Looped over the program's own list of rules; the networks are made here, with numpy alone.  T1 is core.extract,
T2 and the differences of T25 core.gradient, T3 core.rules, T4 and T6 proof.averages.
Tolerances are 1e-4 of the largest value for float32, as METHODS has them, where nothing is said.
"""

import math
import os

import proof

BOUND = 1e-4
SIZE = (14, 11)
TINY = 1e-12  # stabiliser of the conservation tests


class Builder:
    """An ONNX file, node by node; every value is called after its node."""

    def __init__(self, seed):
        import numpy as np
        self.draws, self.nodes, self.weights = np.random.RandomState(seed), [], []

    def node(self, op, name, *inputs, **attributes):
        import onnx.helper
        self.nodes.append(onnx.helper.make_node(op, list(inputs), [name], name, **attributes))
        return name

    def constant(self, name, values):
        import numpy as np
        import onnx.numpy_helper
        self.weights.append(onnx.numpy_helper.from_array(np.asarray(values, "f4"), name))
        return name

    def integer(self, name, values):
        import numpy as np
        import onnx.numpy_helper
        self.weights.append(onnx.numpy_helper.from_array(np.asarray(values, "i8"), name))
        return name

    def weight(self, name, *shape):
        return self.constant(name, self.draws.randn(*shape) * (2 / math.prod(shape[1:])) ** 0.5)

    def conv(self, name, x, channels, kernel, pad, bias, stride=1, weight=None):
        """channels: in and out."""
        names = [x, weight or self.weight(name + ".w", channels[1], channels[0], kernel, kernel)]
        if bias:
            names.append(self.constant(name + ".b", self.draws.randn(channels[1]) * 0.2))
        return self.node("Conv", name, *names, kernel_shape=[kernel] * 2, pads=[pad] * 4, strides=[stride] * 2)

    def relu(self, name, x):
        return self.node("Relu", name, x)

    def save(self, path, classes):
        import onnx.helper
        value = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(self.nodes, "net", [value("input", 1, ["N", 3, *SIZE])],
                                       [value("logits", 1, ["N", classes])], self.weights)
        onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)]), path)


def chain(b, bias):
    """Convolutions, a strided one, max pooling, two fully connected layers; returns the taps that are cuts."""
    y = b.relu("relu1", b.conv("conv1", "input", (3, 8), 3, 1, bias))
    y = b.node("MaxPool", "pool", y, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    y = b.relu("relu2", b.conv("conv2", y, (8, 10), 3, 1, bias))
    y = b.relu("relu3", b.conv("conv3", y, (10, 12), 3, 0, bias, stride=2))
    y = b.node("Flatten", "flatten", y)
    y = b.relu("relu4", b.node("Gemm", "fc1", y, b.weight("fc1.w", 30, 12 * 3 * 2), transB=1))
    b.node("Gemm", "logits", y, b.weight("fc2.w", 4, 30), transB=1)
    return ["input", "conv1", "relu1", "pool", "conv2", "relu2", "conv3", "relu3", "fc1", "relu4"]


def residual(b, bias):
    """A residual sum, average pools; cuts as above."""
    x = b.relu("relu1", b.conv("conv1", "input", (3, 8), 3, 1, bias))
    x = b.node("AveragePool", "pool", x, kernel_shape=[2, 2], strides=[2, 2])
    y = b.conv("conv3", b.relu("relu2", b.conv("conv2", x, (8, 8), 3, 1, bias)), (8, 8), 3, 1, bias)
    x = b.relu("relu3", b.node("Add", "join", y, x))
    x = b.relu("relu4", b.conv("conv4", x, (8, 12), 3, 0, bias))
    x = b.node("Flatten", "flatten", b.node("GlobalAveragePool", "mean", x))
    b.node("Gemm", "logits", x, b.weight("fc.w", 4, 12), transB=1)
    return ["input", "conv1", "relu1", "pool", "join", "relu3", "conv4", "relu4", "mean"]


def epsilon(rule, value):
    """The rule with this stabiliser, where it has one."""
    return f"{rule}(epsilon={value})" if f"{rule} epsilon" in proof.listed("Parameters") else rule


class Properties(proof.Case):
    def setUp(self):
        super().setUp()
        self.rules = proof.listed("Rules")

    def images(self, count=1, seed=1):
        import numpy as np
        draws = np.random.RandomState(seed)
        for i in range(count):
            self.file(f"images/{i}.png", proof.png(draws.randint(0, 256, (*SIZE, 3)).astype("u1")))
        return self.path("images")

    def make(self, kind, bias, seed=1, mean=(0.5, 0.45, 0.4), std=(0.25, 0.25, 0.25)):
        """The path of a network of this kind, its recipe beside it, and its cuts."""
        b, path = Builder(seed), self.path(f"{kind.__name__}{seed}.onnx")
        taps = kind(b, bias)
        b.save(path, 4)
        self.recipe(path, mean, std)
        return path, taps

    def recipe(self, path, mean, std, classes="abcd"):
        import json
        self.file(os.path.basename(path)[:-5] + ".json", json.dumps(
            {"size": SIZE, "mean": mean, "std": std, "scale": 1 / 255, "resize": None, "crop": None,
             "classes": list(classes)}))

    def signals(self, path, rules, taps, data=None, target="predicted"):
        """{rule as given: {tap: signal}}, and all the arrays."""
        dump = self.dump(path, data or self.images(), 0, "--rules", ",".join(rules), "--layers", ",".join(taps),
                         "--targets", target)
        found = {}
        for key in dump:
            parts = key.split("/")
            if parts[0] == "signal":
                found.setdefault(parts[1], {})[parts[3]] = dump[key].astype("f8")
        self.assertEqual(len(found), len(rules))
        return dict(zip(rules, (found[key] for key in self.in_order(found, rules)))), dump

    def in_order(self, found, rules):
        """Keys as the program writes them, in the order of `rules`."""
        def is_of(key, rule):
            name, _, given = rule.rstrip(")").partition("(")
            said = key.rstrip(")").partition("(")
            return said[0] == name and set(filter(None, given.split(","))) <= set(said[2].split(",")) | {""}
        return [next(k for k in found if is_of(k, rule)) for rule in rules]

    def relevance(self):
        return [r for r in self.rules if r.startswith("lrp_")]

    def rectifiers(self):
        return [r for r in self.rules if not r.startswith(("lrp_", "excitation", "deeplift"))]

    def test_t7_lrp_zero_is_gradient_times_activation(self):
        for kind in (chain, residual):
            path, taps = self.make(kind, bias=False)
            found, dump = self.signals(path, ["lrp_zero", "gradient"], taps)
            logit = float(dump["logits"][dump["target_class"][0]])
            for tap in taps:
                wanted = dump[f"activation/{tap}"].astype("f8") * found["gradient"][tap]
                self.assertLessEqual(proof.relative(found["lrp_zero"][tap] * logit, wanted), BOUND, f"{kind} {tap}")

    def conserved(self, kind, rules):
        """Largest |sum - 1| over all cuts."""
        path, taps = self.make(kind, bias=False)
        found, _ = self.signals(path, rules, taps)
        worst = 0.0
        for rule in rules:
            for tap in taps:
                lost = abs(found[rule][tap].sum() - 1.0)
                worst = max(worst, lost)
                self.assertLessEqual(lost, BOUND, f"{kind.__name__}: {rule} at {tap}")
        return worst

    def test_t8_relevance_is_conserved_cut_by_cut(self):
        """Every relevance rule in a chain.  Where sums share in proportion, relevance on an activation of 0 has
        nowhere to go: the two rules that give it any everywhere are left out there."""
        rules = [epsilon(r, TINY) for r in self.relevance()]
        worst = self.conserved(chain, rules)
        some = [r for r in rules if not r.startswith(("lrp_flat", "lrp_wsquare"))]
        worst = max(worst, self.conserved(residual, some))
        proof.figure(f"T8: {len(rules)} relevance rules conserve to {worst:.1e}")

    def test_t8_a_large_stabiliser_keeps_relevance(self):
        """So that the test above can fail."""
        path, taps = self.make(chain, bias=False)
        found, _ = self.signals(path, ["lrp_zplus(epsilon=0.5)"], taps)
        self.assertLess(found["lrp_zplus(epsilon=0.5)"]["input"].sum(), 0.9)

    def test_t9_excitation_conserves_its_mass(self):
        for kind in (chain, residual):
            proof.figure(f"T9: {kind.__name__} {self.conserved(kind, ['excitation']):.1e}")

    def test_t10_rectgrad_at_zero_is_guided(self):
        for kind in (chain, residual):
            path, taps = self.make(kind, bias=True)
            found, _ = self.signals(path, ["rectgrad(constant=0)", "guided"], taps)
            for tap in taps:
                self.assertTrue((found["rectgrad(constant=0)"][tap] == found["guided"][tap]).all(), tap)
            self.assertTrue(found["guided"]["input"].any())

    def maps(self, path, methods, taps, data):
        """{method: {tap: maps [sample, y, x]}}."""
        out = self.path("study.h5")
        proof.attribute(out, path, data, "--methods", ",".join(methods), "--layers", ",".join(taps), "--targets",
                        "predicted")
        study = proof.Study(out)
        found = {}
        for layer, variable in zip(study.layers, study.variables):
            maps = study.maps(variable)[:, 0].astype("f8")
            for i, method in enumerate(study.columns[variable]):
                found.setdefault(method, {})[layer] = maps[:, i]
        os.remove(out)
        return found

    def test_t11_rectgrad_is_the_input_times_rectgrad_without_bias(self):
        path, _ = self.make(chain, bias=True)
        found, dump = self.signals(path, ["rectgrad"], ["input"])
        maps = self.maps(path, ["rectgrad", "rectgrad_no_bias"], ["input"], self.images())
        r = found["rectgrad"]["input"]
        self.assertLessEqual(proof.relative(maps["rectgrad_no_bias"]["input"][0], r.sum(0)), 1e-6)
        self.assertLessEqual(proof.relative(maps["rectgrad"]["input"][0], (dump["activation/input"] * r).sum(0)), 1e-6)

    def test_t12_rectgrad_keeps_its_share(self):
        """Of N signals at the input of a rectifier, which nothing else reads, at most (1 - q / 100) N survive."""
        for q in (50, 80, 90, 95, 98):
            path, _ = self.make(chain, bias=True)
            before = ["conv1", "conv2", "conv3", "fc1"]
            found, _ = self.signals(path, [f"rectgrad(q={q})"], before)
            for tap, r in found[f"rectgrad(q={q})"].items():
                self.assertLessEqual((r != 0).sum(), math.ceil((1 - q / 100) * r.size), f"q={q} at {tap}")
            self.assertTrue(found[f"rectgrad(q={q})"]["conv3"].any())

    def absorbed(self, path, to, s, t):
        """The same network of v, where x = s v + t: the first convolution takes it in, and has no padding."""
        import numpy as np
        import onnx.numpy_helper
        net = onnx.load(path)
        weights = {w.name: w for w in net.graph.initializer}
        w, b = (onnx.numpy_helper.to_array(weights[n]).astype("f8") for n in ("conv1.w", "conv1.b"))
        for name, values in (("conv1.w", w * s), ("conv1.b", b + np.einsum("mcyx,c->m", w, t))):
            weights[name].CopyFrom(onnx.numpy_helper.from_array(values.astype("f4"), name))
        onnx.save(net, to)

    def test_t13_other_input_scales(self):
        """E3: with x = s v + t absorbed by the first layer signals are s times those before, and relevance by
        rules whose first layer knows of no zero is the same; maps times input move."""
        mean, std = (0.5, 0.45, 0.4), (0.25, 0.25, 0.25)
        path, _ = self.make(valid, bias=True, mean=mean, std=std)
        other = self.path("absorbed.onnx")
        self.absorbed(path, other, 1 / 0.25, [-m / 0.25 for m in mean])
        self.recipe(other, (0, 0, 0), (1, 1, 1))
        first = [r for r in self.relevance() if r.endswith(("_flat", "zbox", "gamma_box", "wsquare"))]
        rules = self.rectifiers() + first
        self.assertGreaterEqual(len(first), 5)
        a, b = (self.signals(p, rules, ["input", "conv1", "relu2"])[0] for p in (path, other))
        for rule in rules:
            scale = 1 if rule in first else 1 / 0.25
            self.assertLessEqual(proof.relative(b[rule]["input"], scale * a[rule]["input"]), BOUND, rule)
            self.assertLessEqual(proof.relative(b[rule]["relu2"], a[rule]["relu2"]), BOUND, rule)
        moved = [self.maps(p, ["input_x_gradient", "rectgrad"], ["input"], self.images()) for p in (path, other)]
        for method in ("input_x_gradient", "rectgrad"):
            self.assertGreater(proof.relative(moved[1][method]["input"], moved[0][method]["input"]), 0.1, method)

    def test_t13_blind_colour(self):
        """E4: maps times input are exactly 0 where the input is, and the others are not."""
        import numpy as np
        pixels = np.random.RandomState(2).randint(1, 256, (*SIZE, 3)).astype("u1")
        pixels[4:9, 3:8] = 0
        self.file("dark/0.png", proof.png(pixels))
        path, _ = self.make(chain, bias=True, mean=(0, 0, 0), std=(1, 1, 1))
        maps = self.maps(path, ["input_x_gradient", "rectgrad(q=80)/scaling/sum", "gradient",
                                "rectgrad(q=80)/bias/sum"], ["input"], self.path("dark"))
        for method, found in maps.items():
            inside = found["input"][0, 4:9, 3:8]
            self.assertEqual(inside.any(), method in ("gradient", "rectgrad(q=80)/bias/sum"), method)
            self.assertTrue(found["input"].any())

    def test_t14_positive_weights_make_positive_maps(self):
        """Exactly, behind a rectifier."""
        data = self.images(5)
        for kind, taps in ((chain, ["relu1", "pool", "relu2", "relu3"]), (residual, ["relu1", "relu3", "relu4"])):
            path, _ = self.make(kind, bias=True)
            methods = ["grad_cam_positive", "grad_cam_absolute", "layer_cam", "elementwise_cam", "grad_cam_pp"]
            for method, found in self.maps(path, methods, taps, data).items():
                for tap in taps:
                    self.assertGreaterEqual(found[tap].min(), 0.0, f"{method} at {tap}")

    def test_t14_positive_weights_follow_the_energy(self):
        """Spearman's rank correlation with sum_k A_k over images, at the demonstration's last convolution."""
        import numpy as np
        import scipy.stats
        model, data, tap, n = proof.model("shapes"), proof.demo("manifest.csv"), "last_conv", 12
        out = self.path("cams.h5")
        proof.attribute(out, model, data, "--methods", "grad_cam_positive,grad_cam_signed", "--layers", tap, "--limit",
                        n, "--targets", "predicted")
        study = proof.Study(out)
        variable, rank = study.variables[0], []
        maps = study.maps(variable)
        for i in range(n):
            a = self.dump(model, data, i, "--layers", tap, "--limit", n)[f"activation/{variable}"]
            rank.append([scipy.stats.spearmanr(maps[i, 0, m].ravel(), a.clip(min=0).sum(0).ravel())[0]
                         for m in range(2)])
        positive, signed = np.nanmean(rank, 0)
        proof.figure(f"T14: rank correlation with the energy: grad_cam_positive {positive:.2f}, "
                     f"grad_cam_signed {signed:.2f}")
        self.assertGreater(positive, signed)

    def test_t17_contrast_of_two_opposite_classes(self):
        """Classifier weights w and -w: the signals of the two are opposite, below the classifier."""
        b = Builder(5)
        y = b.relu("relu1", b.conv("conv1", "input", (3, 8), 3, 1, True))
        y = b.relu("relu2", b.conv("conv2", y, (8, 10), 3, 0, True, stride=2))
        y = b.node("Flatten", "flatten", b.node("GlobalAveragePool", "mean", y))
        w = b.draws.randn(1, 10)
        b.node("Gemm", "logits", y, b.constant("fc.w", [*w, *-w]), transB=1)
        path = self.path("opposite.onnx")
        b.save(path, 2)
        self.recipe(path, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), "ab")
        taps = ["input", "conv1", "relu1", "relu2", "mean"]
        one, other = (self.signals(path, ["excitation_contrast"], taps, target=f"class:{c}")[0]["excitation_contrast"]
                      for c in "ab")
        for tap in taps:
            self.assertTrue(one[tap].any())
            self.assertLessEqual(proof.relative(one[tap], -other[tap]), BOUND, tap)


def valid(b, bias):
    """As `chain`, the first convolution without padding."""
    y = b.relu("relu1", b.conv("conv1", "input", (3, 8), 3, 0, bias))
    y = b.relu("relu2", b.conv("conv2", y, (8, 10), 3, 1, bias))
    y = b.node("MaxPool", "pool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = b.relu("relu3", b.conv("conv3", y, (10, 12), 3, 1, bias))
    b.node("Gemm", "logits", b.node("Flatten", "flatten", y), b.weight("fc.w", 4, 12 * 6 * 4), transB=1)
    return ["input"]


if __name__ == "__main__":
    proof.need("numpy", "scipy", "h5py", "PIL", "onnx")
    proof.main()
