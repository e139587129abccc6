"""Changed images at their edges, small enough for the sanitizers' build: a last unit that is not full, a step that does not
divide the image, one that is all of it."""
import unittest

import numpy as np

import proof

proof.need("h5py")
import h5py  # noqa: E402

COUNT, SIDE = 3, 96


def softmax(z, c):
    e = np.exp(z - z.max(-1, keepdims=True))
    return np.take_along_axis(e, c[:, None], 1)[:, 0] / e.sum(-1)


class Paths(proof.Case):
    def test_in_memory_and_stored(self):
        metrics, inside, stored = "deletion,insertion,least_first,most_first", self.path("inside.h5"), self.path("stored.h5")
        proof.attribute(inside, proof.demo("shapes.onnx"), proof.demo("manifest.csv"), "--limit", COUNT, "--unit", 2, "--layers",
                        "last_conv", "--methods", "gradient", "--targets", "label", "--evaluate", metrics, "--step", 5000,
                        "--resamples", 100)
        proof.run("evaluate", inside, "--metrics", metrics, "--step", 5000, "--resamples", 100, "--quiet", "--out", stored)
        with h5py.File(inside) as a, h5py.File(stored) as b:
            for name in b["values"]:
                self.assertTrue(np.array_equal(a["values"][name][()], b["values"][name][()], equal_nan=b["values"][name].dtype.kind == "f"), name)
                if b["values"][name].ndim == 4:
                    self.assertTrue(np.isfinite(b["values"][name][()]).all(), name)

    def test_one_step(self):
        """One step over the whole image: deletion is the mean of the image's probability and of that of zeros."""
        study, out, zeros = self.path("S.h5"), self.path("E.h5"), self.path("zeros.h5")
        proof.attribute(study, proof.demo("shapes.onnx"), proof.demo("manifest.csv"), "--limit", COUNT, "--unit", 2, "--layers",
                        "last_conv", "--methods", "gradient", "--targets", "label")
        proof.run("evaluate", study, "--metrics", "deletion", "--step", SIDE * SIDE, "--resamples", 100, "--quiet", "--out", out)
        with h5py.File(zeros, "w") as f:
            f["x"] = np.zeros((1, 3, SIDE, SIDE), "f4")
        proof.attribute(self.path("Z.h5"), proof.demo("shapes.onnx"), zeros, "--layers", "last_conv", "--methods", "gradient")
        with h5py.File(study) as s, h5py.File(self.path("Z.h5")) as z, h5py.File(out) as e:
            label = s["samples/target_class"][:, 0].astype(int)
            image = softmax(s["samples/logits"][:].astype("f8"), label)
            nothing = softmax(np.repeat(z["samples/logits"][:].astype("f8"), COUNT, 0), label)
            layer = s["layers/variable"].asstr()[0]
            np.testing.assert_allclose(e["values/" + layer][:, 0, 0, 0], (image + nothing) / 2, rtol=1e-5)


if __name__ == "__main__":
    unittest.main()
