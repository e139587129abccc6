"""Insertion, deletion and the two perturbation orders equal numpy on images that are changed here and given to the program
as ready inputs; the model and the images must be those of the study."""
import os
import shutil
import unittest

import numpy as np

import proof
from metrics_evaluate import bilinear

proof.need("h5py", "scipy")
import h5py  # noqa: E402

COUNT, UNIT, STEP, SIDE = 2, 4, 1500, 96


def kernel():
    """RISE's: a delta filtered by a Gaussian."""
    from scipy.ndimage import gaussian_filter
    delta = np.zeros((11, 11))
    delta[5, 5] = 1
    return gaussian_filter(delta, 5)


def softmax(z, c):
    z = z.astype("f8")
    e = np.exp(z - z.max(-1, keepdims=True))
    return e[..., c] / e.sum(-1)


class Perturbation(proof.Case):
    def paths(self, x, m):
        """Images along each path: deletion, insertion, least relevant first, most relevant first."""
        from scipy.signal import convolve2d
        blurred = np.stack([convolve2d(c.astype("f8"), kernel(), mode="same").astype("f4") for c in x])
        order, n = np.argsort(-m.ravel(), kind="stable"), m.size

        def images(begin, end, order, counts):
            out = []
            for k in counts:
                y = begin.reshape(3, -1).copy()
                y[:, order[:k]] = end.reshape(3, -1)[:, order[:k]]
                out.append(y.reshape(x.shape))
            return out
        steps = [min(i * STEP, n) for i in range(-(-n // STEP) + 1)]
        percent = [int(i * n / 100 + 0.5) for i in range(11)]
        zero = np.zeros_like(x)
        return [images(x, zero, order, steps), images(blurred, x, order, steps), images(x, zero, order[::-1], percent),
                images(x, zero, order, percent)]

    def ask(self, images):
        """Logits of ready inputs."""
        data, out = self.path("ready.h5"), self.path("ready_S.h5")
        with h5py.File(data, "w") as f:
            f["x"] = np.stack(images).astype("f4")
        proof.attribute(out, proof.demo("shapes.onnx"), data, "--layers", "last_conv", "--methods", "gradient", "--unit", UNIT,
                        "--force")
        with h5py.File(out) as f:
            return f["samples/logits"][:]

    def study(self, data=None):
        out = self.path("S.h5")
        proof.attribute(out, proof.demo("shapes.onnx"), data or proof.demo("manifest.csv"), "--limit", COUNT, "--unit", UNIT,
                        "--layers", "input,last_conv", "--methods", "linear_approx", "--targets", "label")
        return out

    def test_against_numpy(self):
        study, out = self.study(), self.path("E.h5")
        args = ["evaluate", study, "--metrics", "deletion,insertion,least_first,most_first,entropy", "--step", STEP, "--resamples",
                100, "--quiet", "--out"]
        proof.run(*args, out)
        proof.run(*args, self.path("E2.h5"), ranks=2)
        self.assert_same_bytes(out, self.path("E2.h5"))
        with h5py.File(study) as f, h5py.File(out) as e:
            names = list(e["values/metric"].asstr()[:])
            self.assertEqual(names[-4:], ["deletion", "insertion", "least_first", "most_first"])
            for i, variable in np.ndindex(COUNT, 2):
                variable = f["layers/variable"].asstr()[variable]
                arrays = self.dump(proof.demo("shapes.onnx"), proof.demo("manifest.csv"), i, "--layers", "input")
                x = next(v for k, v in arrays.items() if k.startswith("activation/")).reshape(3, SIDE, SIDE)
                m = bilinear(f["maps/" + variable][i, 0, 0].astype("f8"), SIDE, SIDE).astype("f4")
                paths = self.paths(x, m)
                p = softmax(self.ask(sum(paths, [])), f["samples/target_class"][i, 0])
                ends = np.cumsum([len(q) for q in paths])
                want = [np.trapz(s) / (len(s) - 1) if k < 2 else (100 * abs(s[1:] - s[0]) / s[0]).mean()
                        for k, s in enumerate(np.split(p, ends[:-1]))]
                got = e["values/" + variable][i, 0, 0, -4:]
                self.assertLess((abs(got - want) / np.maximum(1, np.abs(want))).max(), 1e-5, (i, variable, got, want))

    def test_in_memory(self):
        """attribute --evaluate gives the values of the stored maps, beside averages, references and steps, whose passes keep
        what they need between passes; in units of any size, on any number of ranks; and the same maps."""
        metrics = "deletion,insertion,least_first,most_first,entropy"
        common = (proof.demo("shapes.onnx"), proof.demo("manifest.csv"), "--limit", 5, "--layers", "input,last_conv", "--targets",
                  "label,predicted", "--methods", "gradient,smoothgrad(n=2)[gradient/bias/maxabs],deeplift,meta(lr=0.01)[normgrad]")
        how = ("--step", STEP, "--resamples", 100)
        plain, inside, other, stored = (self.path(n) for n in ("plain.h5", "inside.h5", "other.h5", "stored.h5"))
        proof.attribute(plain, *common, "--unit", 4)
        proof.attribute(inside, *common, "--unit", 4, "--evaluate", metrics, *how)
        proof.attribute(other, *common, "--unit", 3, "--evaluate", metrics, *how, ranks=2)
        proof.run("evaluate", plain, "--metrics", metrics, *how, "--quiet", "--out", stored)
        with h5py.File(plain) as p, h5py.File(inside) as i, h5py.File(other) as o, h5py.File(stored) as s:
            for name in p["maps"]:
                self.assertTrue(np.array_equal(p["maps"][name][()], i["maps"][name][()], equal_nan=p["maps"][name].dtype.kind == "f"))
            for name in s["values"]:
                v = s["values"][name][()]
                for file in (i, o):
                    self.assertTrue(np.array_equal(v, file["values"][name][()], equal_nan=v.dtype.kind == "f"), name)
            self.assertTrue(np.isfinite(s["values/input"][:, :, :3]).all())
        self.assertIn("sound and complete", proof.run("verify", inside).out)

    def test_another_model_or_image(self):
        data = self.path("data")
        shutil.copytree(proof.demo("images"), data)
        study = self.study(data)
        args = ["evaluate", study, "--metrics", "deletion", "--quiet", "--out", self.path("E.h5")]
        network = self.path("other.onnx")
        with open(proof.demo("shapes.onnx"), "rb") as f, open(network, "wb") as g:
            g.write(f.read() + b"\x00")
        done = proof.run(*args, "--model", network, code=None)
        self.assertIn("not the one of the study", done.error)
        first = os.path.join(data, "circle", "000.png")
        shutil.copy(os.path.join(data, "star", "000.png"), first)
        done = proof.run(*args, "--model", proof.demo("shapes.onnx"), code=None)
        self.assertNotEqual(done.code, 0)
        self.assertTrue("not the one of the study" in done.error or "differ" in done.error, done.error)
        self.assertFalse(os.path.exists(self.path("E.h5")))


if __name__ == "__main__":
    unittest.main()
