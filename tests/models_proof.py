"""Every classifier of torchvision: logits, d(logit)/d(input) and d(logit)/d(tap) at 5 random taps against
PyTorch's autograd in float64 on the exported file, at equal gates (proof_autograd.py says what that is).

    MODELS=resnet18,vit_b_16 models_proof.py        all architectures without MODELS
    models_proof.py golden FILE.npz                 write the small models that proof.models checks

Convolutional networks are exported for small images, which changes no node.  Run by the target
`models_proof`; needs torch and torchvision.  One row a model, for docs/models.md.
"""

import os
import random
import sys

import models_export
import proof

BOUND = 1e-4
TAPS = 5
OPSETS = {"plain": 13, "layer normalisation as a node": 17}
# Graphs that hold their input's size, or reduce it to nothing.
WHOLE = ("alexnet", "vgg", "vit", "swin", "maxvit")
SIDE = {"inception_v3": 107}


def side(name):
    """Rows and columns to export for."""
    return models_export.side(name) if name.startswith(WHOLE) else SIDE.get(name, 64)


def noise(shape, seed):
    """Blurred noise with a fixed seed, of about unit variance."""
    import numpy as np
    x = np.random.default_rng(seed).standard_normal(shape)
    return (sum(np.roll(x, (i, k), (2, 3)) for i in range(4) for k in range(4)) / 4).astype("f4")


def tap_names(path):
    """ONNX names of all taps, in order."""
    rows = proof.run("layers", path).out.split("\n")
    return [row.split()[1] for row in rows if row.split() and row.split()[0].isdigit() and row.startswith(" ")]


class Models(proof.Case):
    def dump_all(self, path, x):
        """ONNX name to (activation, signal) of every tap, the logits and the class that is explained."""
        import h5py
        with h5py.File(self.path("x.h5"), "w") as f:
            f["x"] = x
        arrays = self.dump(path, self.path("x.h5") + ":x", 0, "--limit", 1, "--unit", 1, "--layers", "all",
                           "--rules", "gradient")
        variables = [key[len("activation/"):] for key in arrays if key.startswith("activation/")][::-1]  # as met
        names = tap_names(path)
        self.assertEqual(len(names), len(variables))
        return ({n: (arrays[f"activation/{v}"], arrays[f"signal/gradient/predicted/{v}"])
                 for n, v in zip(names, variables)}, arrays["logits"], int(arrays["target_class"][0]))

    def compare(self, path, x):
        """Errors of one model at one input, as a dictionary of figures."""
        import torch
        from onnx_reference import Network
        found, logits, target = self.dump_all(path, x)
        exact = Network(path)
        plain = exact.forward(x)
        taps = [t for t in found if t in plain]
        seen = {t: found[t][0].reshape(plain[t].shape) for t in taps if found[t][0].size == plain[t].numel()}
        some = [taps[0], *random.Random(5).sample(taps[1:], min(TAPS, len(taps) - 1))]
        values = exact.forward(x, "gradient", seen)
        signals = dict(zip(some, exact.signals(values, some, [target])))
        flips = []
        exact.forward(x, seen=seen, flips=flips)
        free = exact.signals(plain, some, [target])
        single = Network(path, torch.float32)
        float32 = single.signals(single.forward(x), some, [target])
        output = plain[exact.output].detach().numpy().reshape(-1)
        self.assertEqual(target, int(output.argmax()))
        theirs = {t: found[t][1].reshape(signals[t].shape) for t in some}
        return {"taps": len(found), "logits": proof.relative(logits, output),
                "input": proof.relative(theirs[some[0]], signals[some[0]]),
                "tap": max(proof.relative(theirs[t], signals[t]) for t in some[1:]),
                "other": len(flips), "farthest": max(flips, default=0.0),
                "free": max(proof.relative(theirs[t], g) for t, g in zip(some, free)),
                "pytorch": max(proof.relative(s, g) for s, g in zip(float32, free))}

    def row(self, name, found):
        proof.figure(f"{name:20} {found['taps']:5} {found['logits']:8.1e} {found['input']:8.1e} {found['tap']:8.1e} "
                     f"{found['other']:6} {found['farthest']:8.1e} {found['free']:8.1e} {found['pytorch']:8.1e}")
        for key in ("logits", "input", "tap", "farthest"):
            self.assertLessEqual(found[key], BOUND, f"{name}: {key}")

    def test_every_architecture(self):
        names = [n for n in os.environ.get("MODELS", "").split(",") if n] or models_export.architectures()
        proof.figure(f"{'':20} {'':5} {'at equal gates':>26} {'decisions':>15} {'free gradient':>17}\n"
                     f"{'architecture':20} {'taps':>5} {'logits':>8} {'input':>8} {'5 taps':>8} {'other':>6} "
                     f"{'farthest':>8} {'engine':>8} {'pytorch':>8}")
        for name in names:
            with self.subTest(model=name):
                path = self.path(name + ".onnx")
                shape = (3, side(name), side(name))
                models_export.export(models_export.network(name), shape, path, 13, "folded")
                self.row(name, self.compare(path, noise((1, *shape), 1)))
            for file in os.listdir(self.folder):  # large models are many files
                os.remove(self.path(file))


if __name__ == "__main__":
    proof.need("numpy", "h5py", "onnx", "torch", "torchvision")
    models_export.quiet()
    proof.main()
