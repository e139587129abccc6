"""Logits and input gradients against numbers that another implementation computed (reference.h5).

Logits agree to 1e-4 of the largest value: both are float32, and the deepest network here is 56 layers
of sums of some thousand terms, whose roundings add up to about sqrt(56 * 1000) * 6e-8 = 1.4e-5.
Input gradients are compared as they are: one rectifier that falls the other way changes a gradient by
percents, so only their direction is bounded here (cosine > 0.999); at equal gates they agree far
better, which proof_autograd.py shows.
"""

import os

import proof

LOGITS = 1e-4
COSINE = 0.999


class Reference(proof.Case):
    def check_maps(self, study, gradient, x):
        """The methods at the input are what their names say of the dumped signal."""
        import numpy as np
        wanted = {"gradient": np.abs(gradient).max(1), "gradient_sum": gradient.sum(1),
                  "input_x_gradient": (gradient * x).sum(1)}
        variable = study.variables[0]
        maps = study.maps(variable)[:, 0]
        for k, name in enumerate(study.columns[variable]):
            self.assertLessEqual(proof.relative(maps[:, k], wanted[name]), 1e-6, name)

    def compare(self, name, group):
        import numpy as np
        network, data = proof.model(name), proof.shared("models", "reference.h5") + f":{name}/input"
        out = self.path(name + ".h5")
        proof.attribute(out, network, data, "--methods", "gradient,gradient_sum,input_x_gradient",
                        "--layers", "input", "--targets", "predicted")
        study = proof.Study(out)
        self.assertTrue((study.status == 1).all())
        logits, gradient = group["logits"][()], group["gradient"][()].astype("f8")
        self.assertEqual(study.target_class[:, 0].tolist(), group["target"][()].tolist())
        np.testing.assert_array_equal(study.score[:, 0], study.logits.max(1))
        dumps = [self.dump(network, data, i, "--layers", "input", "--unit", study.attrs["unit"])
                 for i in range(len(logits))]
        for i, d in enumerate(dumps):
            np.testing.assert_array_equal(d["logits"], study.logits[i])
            np.testing.assert_array_equal(d["activation/input"], group["input"][i])
        found = np.array([d["signal/gradient/predicted/input"] for d in dumps], "f8")
        self.check_maps(study, found, group["input"][()].astype("f8"))
        cosine = min((f * g).sum() / np.linalg.norm(f) / np.linalg.norm(g) for f, g in zip(found, gradient))
        worst = max(proof.relative(f, g) for f, g in zip(found, gradient))
        error = max(proof.relative(f, g) for f, g in zip(study.logits, logits))
        proof.figure(f"{name:24} {len(logits):6} {error:14.1e} {worst:22.1e} {cosine:16.9f}")
        self.assertLessEqual(error, LOGITS, name)
        self.assertGreater(cosine, COSINE, name)

    def test_every_model(self):
        import h5py
        proof.figure(f"{'model':24} {'inputs':>6} {'logits error':>14} {'input gradient error':>22} "
                     f"{'least cosine':>16}")
        compared = 0
        with h5py.File(proof.shared("models", "reference.h5"), "r") as f:
            for name, group in f.items():
                if not os.path.exists(os.path.join(proof.SHARED, "models", name + ".onnx")):
                    proof.figure(f"{name:24} no ONNX file")
                    continue
                with self.subTest(model=name):
                    self.compare(name, group)
                compared += 1
        self.assertGreater(compared, 0)


if __name__ == "__main__":
    proof.need("numpy", "h5py")
    proof.shared("models", "reference.h5")
    proof.main()
