"""Small models with the blocks of MobileNetV3, ShuffleNetV2, DenseNet, ConvNeXt, ViT and Swin against values
of PyTorch in float64, which models_golden.py wrote down (models_golden.npz): no torch is needed here.

Logits, d(logit)/d(input) and d(logit)/d(tap) at those of 12 taps that are left in the graph; the largest
error over the largest value is at most 1e-4, as for models_proof.py.  The inputs are such that no element lies within
1e-5 of a threshold, so the gates are equal.
"""

import os
import re

import proof

BOUND = 1e-4
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models_golden.npz")


def tap_names(path):
    """ONNX names of all taps, in order."""
    return re.findall(r"(?m)^ *\d+  (\S+) +\w+ +\[", proof.run("layers", path).out)


class Golden(proof.Case):
    def dump_all(self, path, x):
        """ONNX name to (activation, signal) of every tap, the logits and the class that is explained."""
        import h5py
        with h5py.File(self.path("x.h5"), "w") as f:
            f["x"] = x
        arrays = self.dump(path, self.path("x.h5") + ":x", 0, "--limit", 1, "--unit", 1, "--layers", "all",
                           "--rules", "gradient")
        # the backward pass meets the taps from the last to the first
        variables = [key[len("activation/"):] for key in arrays if key.startswith("activation/")][::-1]
        names = tap_names(path)
        self.assertEqual(len(names), len(variables))
        return ({n: (arrays[f"activation/{v}"], arrays[f"signal/gradient/predicted/{v}"])
                 for n, v in zip(names, variables)}, arrays["logits"], int(arrays["target_class"][0]))

    def check(self, name, wanted):
        path = self.file(name + ".onnx", wanted["onnx"].tobytes())
        found, logits, target = self.dump_all(path, wanted["x"])
        self.assertEqual(target, int(wanted["logits"].argmax()))
        errors = {"logits": proof.relative(logits, wanted["logits"])}
        for key, signal in wanted.items():
            tap = key[len("signal"):]
            if key.startswith("signal/"):
                tap = tap if tap in found else tap[1:]  # names without a leading slash have got one
                if tap in found:
                    errors[tap] = proof.relative(found[tap][1].reshape(signal.shape), signal)
        inner = [e for t, e in errors.items() if t not in ("logits", "input")]
        proof.figure(f"{name:14} {len(found):4} taps: logits {errors['logits']:.1e}, input {errors['input']:.1e}, "
                     f"{len(inner)} taps {max(inner):.1e}")
        self.assertGreaterEqual(len(inner), 3)
        self.assertLessEqual(max(errors.values()), BOUND, name)

    def test_every_small_model(self):
        import numpy as np
        with np.load(GOLDEN) as arrays:
            for name in dict.fromkeys(key.split("/")[0] for key in arrays):
                with self.subTest(model=name):
                    self.check(name, {key[len(name) + 1:]: arrays[key] for key in arrays if key.startswith(name + "/")})


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.main()
