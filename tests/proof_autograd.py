"""Signals at every tap against PyTorch's autograd in float64 on the same ONNX file, at equal gates.

A rectifier or a maximum that falls the other way changes a gradient by percents (PyTorch's own
float32 does that to its float64), so the reference is given the engine's decisions, taken from the
dumped activations.  Then both differentiate the same piecewise linear function, and what is left is
float32 rounding: below 1e-4 of the largest value.  A decision that differs from the reference's own
lies within 1e-4 of the value's largest magnitude from its threshold.

The rules guided and deconvnet rectify the signal itself.  Where nearly all of it is negative they leave
a remainder that is thousands of times smaller (SqueezeNet: 1.8e-6 of 1.3e-2), and with it the digits
that float32 has of the whole; so what is bounded for them is every step: the signal at each tap against
the rule applied, in float64, to the engine's own signals at the nodes that read the tap.

The plain gradient at the input is also compared with central differences of the logit in float64, gates held,
which need no autograd: at the element where it is largest, at some others, and along itself.
"""

import proof

RULES = ("gradient", "guided", "deconvnet")
BOUND = 1e-4
INPUTS = 2
ELEMENTS = 5  # beside the largest
REQUIRED = ("shapes", "resnet20_bn", "squeezenet_v1.0", "mobilenet_v2_1.0_224")
FURTHER = ("resnet20", "resnet56", "resnet8_mlperf_tiny", "mobilenet_v1_0.25_128",
           "backdoor_thirdparty/nad_wrn16_badnets_t5", "backdoor_thirdparty/ibau_vgg_badnets_t8",
           "backdoor_thirdparty/badnets_twoconv_cifar10_t1", "backdoor_thirdparty/badnets_twoconv_mnist_t1")


class Autograd(proof.Case):
    def data(self, name):
        """Two inputs of a model."""
        if name == "shapes":
            return proof.demo("manifest.csv")
        if name.startswith("backdoor_thirdparty/"):
            return self.noise(name)
        return proof.shared("models", "reference.h5") + f":{name}/input"

    def noise(self, name):
        """Inputs of a model without reference inputs: blurred noise with a fixed seed."""
        import h5py
        import numpy as np
        import onnx
        dims = onnx.load(proof.model(name)).graph.input[0].type.tensor_type.shape.dim
        shape = [d.dim_value for d in dims][1:]
        x = np.random.default_rng(1).standard_normal((INPUTS, *shape))
        x = sum(np.roll(x, (i, k), (2, 3)) for i in range(4) for k in range(4)) / 4
        path = self.path("noise.h5")
        with h5py.File(path, "w") as f:
            f["x"] = x.astype("f4")
        return path + ":x"

    def taps(self, name, data):
        """ONNX names and variable names of all taps."""
        out = self.path("names.h5")
        proof.attribute(out, proof.model(name), data, "--limit", INPUTS, "--unit", INPUTS, "--layers", "all",
                        "--methods", "gradient_sum", "--force")
        study = proof.Study(out)
        return study.layers, study.variables

    def differences(self, exact, x, seen, target, gradient):
        """Largest error of the gradient against central differences of the logit, over its largest value."""
        import numpy as np
        import torch

        def logit(at):
            with torch.no_grad():
                return exact.forward(at, seen=seen)[exact.output][0, target].item()

        x, g = x.astype("f8"), gradient.astype("f8")
        step, most, length = abs(x).max() * 1e-4, abs(g).max(), np.linalg.norm(g)
        errors = []
        for i in [abs(g).argmax(), *np.random.default_rng(3).integers(g.size, size=ELEMENTS)]:
            d = np.zeros_like(x)
            d.flat[i] = step
            errors.append(abs((logit(x + d) - logit(x - d)) / (2 * step) - g.flat[i]) / most)
        d = g / length * step
        errors.append(abs((logit(x + d) - logit(x - d)) / (2 * step) - length) / length)
        return max(errors)

    def compare(self, networks, taps, variables, dump):
        """Largest errors over all taps of one input, as a dictionary of figures."""
        import numpy as np
        exact, single = networks
        shape = {t: dump[f"activation/{v}"] for t, v in zip(taps, variables)}
        x = shape[taps[0]][None]
        plain = exact.forward(x)
        seen = {t: a.reshape(plain[t].shape) for t, a in shape.items()}
        target = [int(dump["target_class"][0])]

        theirs = {rule: {t: dump[f"signal/{rule}/predicted/{v}"].reshape(plain[t].shape)
                         for t, v in zip(taps, variables)} for rule in RULES}

        def worst(signals, rule):
            return max(proof.relative(theirs[rule][t], g) for t, g in signals.items())

        found = {}
        for rule in RULES:
            values = exact.forward(x, rule, seen)
            found[rule] = worst(dict(zip(taps, exact.signals(values, taps, target))), rule)
            found["one " + rule] = worst(exact.steps(seen, theirs[rule], rule), rule)
            if rule == "gradient":
                found["values"] = max(proof.relative(seen[t], values[t].detach()) for t in taps)
        found["central"] = self.differences(exact, x, seen, target[0], theirs["gradient"][taps[0]])
        flips = []
        exact.forward(x, seen=seen, flips=flips)
        found["flips"], found["distance"] = len(flips), max(flips, default=0.0)
        free = exact.signals(plain, taps, target)
        float32 = single.signals(single.forward(x), taps, target)
        found["free"] = worst(dict(zip(taps, free)), "gradient")
        found["pytorch"] = max(proof.relative(s, g) for s, g in zip(float32, free))
        self.assertEqual(target, plain[exact.output].argmax(1).tolist())
        self.assertTrue(all(np.isfinite(v) for v in found.values()))
        return found

    def check(self, name):
        import torch
        from onnx_reference import Network
        data = self.data(name)
        taps, variables = self.taps(name, data)
        networks = Network(proof.model(name)), Network(proof.model(name), torch.float32)
        found = []
        for sample in range(INPUTS):
            dump = self.dump(proof.model(name), data, sample, "--limit", INPUTS, "--unit", INPUTS,
                             "--layers", "all", "--rules", ",".join(RULES))
            found.append(self.compare(networks, taps, variables, dump))
        most = {key: max(f[key] for f in found) for key in found[0]}
        most["flips"] = sum(f["flips"] for f in found)
        proof.figure(f"{name.split('/')[-1]:26} {len(taps):4} {most['values']:8.1e} {most['central']:8.1e} "
                     + " ".join(f"{most[rule]:9.1e} {most['one ' + rule]:7.1e}" for rule in RULES)
                     + f" {most['flips']:5} {most['distance']:8.1e} {most['free']:9.1e} {most['pytorch']:9.1e}")
        for key in ("values", "central", "gradient", *("one " + rule for rule in RULES), "distance"):
            self.assertLessEqual(most[key], BOUND, f"{name}: {key}")

    def test_every_tap(self):
        import os
        proof.figure(f"{'':26} {'':4} {'':>8} {'at equal gates: from the logits, and one step':>62} {'decisions':>14} "
                     f"{'free gradient':>19}\n{'model':26} {'taps':>4} {'values':>8} {'central':>8} "
                     + " ".join(f"{rule:>9} {'step':>7}" for rule in RULES)
                     + f" {'other':>5} {'farthest':>8} {'engine':>9} {'pytorch':>9}")
        for name in REQUIRED + FURTHER:
            path = os.path.join(proof.SHARED, "models", name + ".onnx")
            if name != "shapes" and not os.path.exists(path):
                proof.figure(f"{name:26} not here")
                continue
            with self.subTest(model=name):
                self.check(name)


if __name__ == "__main__":
    proof.need("numpy", "h5py", "onnx", "torch")
    proof.demo("shapes.onnx")
    proof.main()
