"""Views of a data set: what the model gets equals what Pillow and numpy make of the files, the grid pointing game equals
numpy, another input space is the same network, the blind colour is invisible to methods that multiply by the input."""
import json
import os
import subprocess
import unittest

import numpy as np

import proof
from metric_tool import same
from metrics_evaluate import bilinear

proof.need("h5py", "PIL")
import h5py  # noqa: E402
from PIL import Image  # noqa: E402

MODEL, SIDE, CLASSES = "shapes.onnx", 96, ("circle", "square", "triangle", "star")


class Views(proof.Case):
    def inputs(self, view, sample=0, data=None):
        """The model's input of a sample, and the sample's recipe."""
        more = ["--view", view] if view else []
        arrays = self.dump(proof.demo(MODEL), data or proof.demo("manifest.csv"), sample, "--layers", "input",
                           *more)
        return next(v for k, v in arrays.items() if k.startswith("activation/"))

    def study(self, name, *args, data=None, ranks=1, methods="gradient/bias/sum,input_x_gradient"):
        out = self.path(name)
        proof.attribute(out, proof.demo(MODEL), data or proof.demo("manifest.csv"), "--layers", "input", "--methods",
                        methods, "--limit", 6, *args, ranks=ranks)
        return out

    def pixels(self, x):
        with open(proof.demo("shapes.json")) as f:
            r = json.load(f)
        mean, std = (np.array(r[k])[:, None, None] for k in ("mean", "std"))
        return (x.reshape(3, SIDE, SIDE).astype("f8") * std + mean) / r["scale"]

    def test_invert(self):
        plain, inverted = self.pixels(self.inputs(None)), self.pixels(self.inputs("invert"))
        self.assertLess(abs(plain + inverted - 255).max(), 1e-3)

    def test_blind(self):
        with h5py.File(self.study("blind.h5", "--view", "blind")) as f:
            x0, y0, x1, y1 = f["samples/box"][0]
            maps = f["maps/input"][0, 0]
            names = list(f["maps/input"].dims[2][0].asstr()[:])
        inside = np.zeros((SIDE, SIDE), bool)
        inside[y0:y1 + 1, x0:x1 + 1] = True
        x = self.inputs("blind").reshape(3, SIDE, SIDE)
        self.assertTrue((x[:, inside] == 0).all())
        self.assertTrue((x[:, ~inside] == self.inputs(None).reshape(3, SIDE, SIDE)[:, ~inside]).all())
        self.assertTrue((maps[names.index("input_x_gradient")][inside] == 0).all())
        self.assertTrue((maps[names.index("gradient/bias/sum")][inside] != 0).any())

    def test_blind_by_masks(self):
        folder = os.path.join(self.folder, "masks", "circle")
        os.makedirs(folder)
        mask = np.zeros((SIDE, SIDE), "u1")
        mask[3:9, 40:41] = 1
        Image.fromarray(mask).save(os.path.join(folder, "000.png"))
        x = self.inputs("blind=" + os.path.dirname(folder)).reshape(3, SIDE, SIDE)
        self.assertTrue((x[:, mask > 0] == 0).all())
        self.assertTrue((x[:, mask == 0] == self.inputs(None).reshape(3, SIDE, SIDE)[:, mask == 0]).all())

    def test_another_input_space(self):
        """x' = 4 x: every product is exact, so the logits are the same bits and the gradient is exactly a quarter; with an
        offset up to rounding."""
        files = [self.study(f"space{i}.h5", *v) for i, v in enumerate(([], ["--view", "rescale=4"], ["--view", "rescale=4:0.7"]))]
        with h5py.File(files[0]) as a, h5py.File(files[1]) as b, h5py.File(files[2]) as c:
            names = list(a["maps/input"].dims[2][0].asstr()[:])
            g, xg = names.index("gradient/bias/sum"), names.index("input_x_gradient")
            self.assertTrue((a["samples/logits"][:] == b["samples/logits"][:]).all())
            self.assertTrue((a["maps/input"][:, :, g] == 4 * b["maps/input"][:, :, g]).all())
            self.assertTrue((a["maps/input"][:, :, xg] == b["maps/input"][:, :, xg]).all())
            self.assertLess(proof.relative(c["samples/logits"][:], a["samples/logits"][:]), 1e-5)
            error = np.median(abs(4 * c["maps/input"][:, :, g] - a["maps/input"][:, :, g])) / abs(a["maps/input"][:, :, g]).max()
            self.assertLess(error, 1e-5)
            moved = proof.relative(c["maps/input"][:, :, xg], a["maps/input"][:, :, xg])
            self.assertGreater(moved, 0.05, "the blind colour has not moved")

    def mosaics(self, n=3):
        """Mosaics of demonstration images of four classes."""
        grids = [{"cells": [{"row": k // 2, "col": k % 2, "file": f"{c}/00{i}.png", "class_id": k}
                            for k, c in enumerate(CLASSES)]} for i in range(n)]
        with open(proof.demo("shapes.json")) as f:
            classes = json.load(f)["classes"]
        for g in grids:
            for c in g["cells"]:
                c["class_id"] = classes.index(c["file"].split("/")[0])
        path = self.path("grids.json")
        with open(path, "w") as f:
            json.dump({"layout": "2x2", "resize": 72, "crop": 64, "grids": grids}, f)
        return path, grids

    def composed(self, grid):
        """The mosaic as Pillow makes it: short side to 72, centre crop to 64, all to the model's size."""
        whole = np.zeros((128, 128, 3), "u1")
        for c in grid["cells"]:
            im = Image.open(proof.demo("images", c["file"])).convert("RGB").resize((72, 72), Image.BILINEAR)
            y, x = 64 * c["row"], 64 * c["col"]
            whole[y:y + 64, x:x + 64] = np.asarray(im)[4:68, 4:68]
        return np.asarray(Image.fromarray(whole).resize((SIDE, SIDE), Image.BILINEAR)).transpose(2, 0, 1)

    def test_mosaics(self):
        path, grids = self.mosaics()
        for i in (0, 2):
            x = self.pixels(self.inputs("mosaic=" + path, sample=i, data=proof.demo("images")))
            self.assertLess(abs(x - self.composed(grids[i])).max(), 1e-3)
        args = ("--view", "mosaic=" + path, "--targets", "given")
        study = self.study("mosaic.h5", *args, data=proof.demo("images"))
        self.assert_same_bytes(study, self.study("mosaic3.h5", *args, "--unit", 16, data=proof.demo("images"), ranks=3))
        self.assertIn("sound and complete", proof.run("verify", study).out)
        proof.run("render", study, "--out", self.path("png"))
        out = self.path("E.h5")
        proof.run("evaluate", study, "--metrics", "grid_pointing", "--resamples", 100, "--quiet", "--out", out)
        with h5py.File(study) as f, h5py.File(out) as e:
            self.assertEqual(list(f["samples/target_class"][0]), [c["class_id"] for c in grids[0]["cells"]])
            for i, t, m in np.ndindex(e["values/input"].shape[:3]):
                large = np.maximum(bilinear(f["maps/input"][i, t, m].astype("f8"), 128, 128).astype("f4").astype("f8"), 0)
                y, x = 64 * (t // 2), 64 * (t % 2)
                self.assertTrue(same(e["values/input"][i, t, m, 0], large[y:y + 64, x:x + 64].sum() / large.sum()))
        with open(path, "a") as f:
            f.write("\n")
        done = proof.run("evaluate", study, "--quiet", "--out", self.path("F.h5"), code=None)
        self.assertEqual(done.code, 2)
        self.assertIn("is not the file of mosaics", done.error)

    def test_views_are_recorded(self):
        study = self.study("inverted.h5", "--view", "invert")
        with h5py.File(study) as f:
            self.assertEqual(json.loads(f.attrs["config"])["recipe"]["view"], {"invert": True})
            self.assertEqual(f.attrs["view"], "invert")
        done = proof.run("attribute", "--model", proof.demo(MODEL), "--data", proof.demo("manifest.csv"), "--out", study, "--layers",
                         "input", "--methods", "gradient/bias/sum,input_x_gradient", "--limit", 6, code=None)
        self.assertIn("belongs to another study", done.error)

    def test_refusals(self):
        for view, text in (("upside-down", "not one of"), ("rescale=0", "FACTOR above 0"), ("rescale", "needs FACTOR"),
                           ("mosaic", "needs a file"), ("mosaic=/nowhere.json", "nowhere"), ("invert=1", "no value")):
            done = subprocess.run(proof.command(["attribute", "--model", proof.demo(MODEL), "--data", proof.demo("manifest.csv"),
                                                 "--view", view, "--out", self.path("no.h5")]), capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, (view, done.stderr))
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()
