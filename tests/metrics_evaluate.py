"""`retrograd evaluate` from end to end: values equal numpy on the maps of the study, tables equal numpy on the values, the
file is the same for any number of ranks and after kills, masks and annotations reach the metrics."""
import csv
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import warnings

import numpy as np

import proof
from metric_tool import same
from metrics_maps import REFERENCE, Case
from proof_averages import uniform

proof.need("h5py", "scipy", "PIL", "skimage")
import h5py  # noqa: E402

COUNT, RESAMPLES, BOOTSTRAP, OTHER = 16, 200, 2, 7
QUICK = ("--resamples", RESAMPLES, "--quiet")
PER_MAP = ("pointing", "pointing_exact", "energy_pointing", "energy_pointing_minmax", "relevance_mass", "relevance_rank",
           "total_variation", "entropy", "concentration", "class_sensitivity")


def bilinear(m, h, w):
    """Between pixel centres, as METHODS says; shrinking does not average."""
    def axis(m, size):
        at = np.maximum((np.arange(size) + 0.5) * len(m) / size - 0.5, 0)
        i = np.minimum(at.astype(int), len(m) - 1)
        j = np.minimum(i + 1, len(m) - 1)
        return m[i] + (at - i)[:, None] * (m[j] - m[i])
    return axis(axis(m, h).T, w).T


class Evaluation(proof.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared_folder = tempfile.mkdtemp(prefix="proof.")
        cls.addClassCleanup(shutil.rmtree, cls.shared_folder)
        cls.study = os.path.join(cls.shared_folder, "S.h5")
        proof.attribute(cls.study, proof.demo("shapes.onnx"), proof.demo("manifest.csv"), "--limit", COUNT, "--unit", 3,
                        "--methods", "gradient,grad_cam,linear_approx", "--layers", "input,last_conv", "--targets",
                        "label,predicted,least")
        cls.file = cls.evaluate(cls.study, "E.h5", "--csv", os.path.join(cls.shared_folder, "E.csv"))

    @classmethod
    def evaluate(cls, study, name, *more, ranks=1, code=0):
        out = os.path.join(cls.shared_folder, name)
        proof.run("evaluate", study, "--out", out, *QUICK, *more, ranks=ranks, code=code)
        return out

    def reference(self, f, variable, i, t, m, mask):
        """The metrics of one map, from the study."""
        maps, slot = f["maps/" + variable][i], list(f["samples/target"].asstr()[:]).index("predicted")
        size = f["samples/size"][i]
        other = list(f["samples/target"].asstr()[:])[t]
        c = Case(map=maps[t, m].astype("f8"), object=mask, tolerance=15)
        c.image = bilinear(c.map, *size).astype("f4").astype("f8")
        values = {k: REFERENCE[k](c) if mask.any() or k in ("total_variation", "entropy", "concentration") else np.nan
                  for k in PER_MAP[:-1]}
        c.image, c.other = (bilinear(x.astype("f8"), 96, 96).astype("f4") for x in (maps[t, m], maps[slot, m]))
        values["class_sensitivity"] = REFERENCE["class_sensitivity"](c) if other == "least" else np.nan
        return values

    def check_values(self, file, mask_of):
        compared = 0
        with h5py.File(self.study) as f, h5py.File(file) as e, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = list(e["values/metric"].asstr()[:])
            for variable in f["layers/variable"].asstr()[:]:
                values = e["values/" + variable]
                for i, t, m in np.ndindex(4, *values.shape[1:3]):
                    mask = mask_of(f, i, f["samples/target_class"][i, t])
                    want = self.reference(f, variable, i, t, m, mask)
                    for k, name in enumerate(names):
                        if name not in want:
                            continue
                        self.assertTrue(same(values[i, t, m, k], want[name]), (variable, i, t, m, name, values[i, t, m, k], want[name]))
                        compared += not np.isnan(want[name])
        self.assertGreater(compared, 400)

    def test_values_with_boxes(self):
        def box(f, i, target):
            mask = np.zeros(f["samples/size"][i], "u1")
            x0, y0, x1, y1 = f["samples/box"][i]
            if target == f["samples/label"][i]:
                mask[y0:y1 + 1, x0:x1 + 1] = 1
            return mask
        self.check_values(self.file, box)

    def test_values_with_masks(self):
        from PIL import Image
        folder = os.path.join(proof.SHARED, "demo", "masks")
        if os.path.isdir(proof.demo("masks")):
            folder = proof.demo("masks")

        def mask(f, i, target):
            if target != f["samples/label"][i]:
                return np.zeros(f["samples/size"][i], "u1")
            name = f["samples/path"].asstr()[i].split("/", 1)[1]
            return (np.asarray(Image.open(os.path.join(folder, name)).convert("L")) > 0).astype("u1")
        self.check_values(self.evaluate(self.study, "masks.h5", "--masks", folder), mask)

    def test_tables(self):
        picks = [np.arange(COUNT)] + [(COUNT * uniform(COUNT, 0, BOOTSTRAP, r, 0)).astype(int) for r in range(RESAMPLES)]
        with h5py.File(self.file) as e, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            classes = e["samples/target_class"][:]
            for i, variable in enumerate(e["layers/variable"].asstr()[:]):
                values, at = e["values/" + variable][:], e["values/" + variable].dims[2][0].asstr()[:]
                methods = [list(e["methods/method"].asstr()[:]).index(m) for m in at]
                for t in range(values.shape[1]):
                    def by_class(p):
                        each = [np.nanmean(values[p[classes[p, t] == c], t], 0) for c in np.unique(classes[p, t])]
                        return np.nanmean(each, 0)
                    for a, statistic in enumerate((lambda p: np.nanmean(values[p, t], 0), by_class,
                                                   lambda p: np.nanmedian(values[p, t], 0))):
                        results = np.array([statistic(p) for p in picks])
                        low, high = np.percentile(results[1:], [2.5, 97.5], axis=0)
                        for name, want in (("value", results[0]), ("low", low), ("high", high)):
                            got = e["tables/" + name][i, 0, a, t][methods]
                            self.assertTrue(all(same(g, w, 1e-9) for g, w in zip(got.ravel(), want.ravel())), (name, a, t))
                        count = (~np.isnan(values[:, t])).sum(0)
                        self.assertTrue((e["tables/n"][i, 0, a, t][methods] == count).all())

    def test_csv_is_the_tables(self):
        with open(os.path.join(self.shared_folder, "E.csv"), newline="") as c, h5py.File(self.file) as e:
            lines = list(csv.DictReader(c))
            self.assertEqual(len(lines), int((e["tables/n"][:] > 0).sum()))
            axes = [list(d[0].asstr()[:]) for d in e["tables/value"].dims]
            for line in lines:
                at = tuple(axis.index(line[d]) for axis, d in zip(axes, ("layer", "subset", "average", "target", "method", "metric")))
                for name in ("value", "low", "high"):
                    self.assertEqual(float(line[name] or "nan"), e["tables/" + name][at])

    def test_ranks(self):
        for ranks in (2, 3):
            self.assert_same_bytes(self.file, self.evaluate(self.study, f"ranks{ranks}.h5", ranks=ranks))

    def test_kills(self):
        """Killed at random instants and started again, the file is the same."""
        out, rng = os.path.join(self.shared_folder, "killed.h5"), random.Random(7)
        args = proof.command(["evaluate", self.study, "--out", out, "--commit-every", "0", *QUICK])
        for _ in range(8 if not proof.LONG else 60):
            run = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.02, 0.5))
            run.send_signal(signal.SIGKILL)
            run.wait()
        self.assert_same_bytes(self.file, self.evaluate(self.study, "killed.h5"))

    def test_readers(self):
        import xarray
        for engine in ("h5netcdf", "netcdf4"):
            for group in ("samples", "layers", "methods", "values", "tables"):
                with xarray.open_dataset(self.file, engine=engine, group=group) as d:
                    self.assertFalse([name for name in d.dims if name.startswith("phony")])
        import format_check
        self.assertEqual(list(format_check.check(self.file)), [])
        packed = os.path.join(self.shared_folder, "packed.h5")
        proof.run("pack", self.file, "--out", packed)
        self.assertEqual(proof.run("digest", packed).out.split()[0], proof.run("digest", self.file).out.split()[0])

    def test_in_memory(self):
        """attribute --evaluate gives the same values and tables, on any number of ranks and after kills."""
        def study(name, ranks=1):
            out = os.path.join(self.shared_folder, name)
            proof.attribute(out, *common, *settings, ranks=ranks)
            return out
        common = (proof.demo("shapes.onnx"), proof.demo("manifest.csv"))
        settings = ("--limit", COUNT, "--unit", 3, "--methods", "gradient,grad_cam,linear_approx", "--layers", "input,last_conv",
                    "--targets", "label,predicted,least", "--evaluate", "all", "--resamples", RESAMPLES)
        once = study("once.h5")
        with h5py.File(self.file) as e, h5py.File(once) as f:
            for group in ("values", "tables"):
                self.assertEqual(list(e[group]), list(f[group]))
                for name in e[group]:
                    a, b = e[group][name][()], f[group][name][()]
                    self.assertTrue(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), name)
        self.assert_same_bytes(once, study("thrice.h5", ranks=3))
        out, rng = os.path.join(self.shared_folder, "once_killed.h5"), random.Random(8)
        args = proof.command(["attribute", "--model", common[0], "--data", common[1], "--out", out, "--quiet", "--commit-every", 0,
                              *settings])
        for _ in range(4):
            run = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.1, 0.8))
            run.send_signal(signal.SIGKILL)
            run.wait()
        self.assert_same_bytes(once, study("once_killed.h5"))
        import format_check
        self.assertEqual(list(format_check.check(once)), [])
        self.assertIn("sound and complete", proof.run("verify", once).out)
        done = proof.run("attribute", "--model", common[0], "--data", common[1], "--out", out + "x", "--evaluate", "entropy",
                         "--shard", "1/2", code=None)
        self.assertEqual(done.code, 2)
        self.assertIn("merge", done.error)

    def test_class_and_energy(self):
        """The slot other is a class but the predicted one, by counted random numbers; the map energy is the sum of the
        activations; and the metrics that compare with them equal scipy and scikit-image."""
        study, seed = os.path.join(self.shared_folder, "classes_S.h5"), 5
        proof.attribute(study, proof.demo("shapes.onnx"), proof.demo("manifest.csv"), "--limit", 4, "--seed", seed, "--methods",
                        "energy,linear_approx", "--layers", "last_conv", "--targets", "predicted,other")
        self.assertIn("sound and complete", proof.run("verify", study).out)
        file = self.evaluate(study, "classes_E.h5", "--metrics", "energy_correlation,random_other*")
        with h5py.File(study) as f, h5py.File(file) as e:
            variable = f["layers/variable"].asstr()[0]
            maps, classes = f["maps/" + variable][:], f["samples/target_class"][:]
            for i, (best, other) in enumerate(classes):
                c = int(uniform(1, seed, OTHER, 0, i)[0] * (len(f["samples/class"]) - 1))
                self.assertEqual(other, c + (c >= best))
            done = proof.run("dump", "--model", proof.demo("shapes.onnx"), "--data", proof.demo("manifest.csv"), "--layers",
                             "last_conv", "--out", os.path.join(self.shared_folder, "d.npz"))
            self.assertEqual(done.code, 0)
            with np.load(os.path.join(self.shared_folder, "d.npz")) as arrays:
                activation = next(arrays[k] for k in arrays if k.startswith("activation/"))
            self.assertLess(proof.relative(maps[0, 0, 0], activation.reshape(-1, *maps.shape[3:]).sum(0)), 1e-6)
            self.assertTrue((maps[:, 0, 0] == maps[:, 1, 0]).all())
            values = e["values/" + variable]
            names = list(e["values/metric"].asstr()[:])
            for i, t, m in np.ndindex(values.shape[:3]):
                large = [bilinear(maps[i, k, m].astype("f8"), 96, 96).astype("f4") for k in (t, 0)]
                c = Case(map=maps[i, t, m].astype("f8"), energy=maps[i, t, 0].astype("f8"), image=large[0].astype("f8"),
                         other=large[1].astype("f8"))
                for k, name in enumerate(names):
                    want = REFERENCE[name](c) if t or name == "energy_correlation" else np.nan
                    self.assertTrue(same(values[i, t, m, k], want), (i, t, m, name, values[i, t, m, k], want))

    def test_annotations(self):
        """Several objects an image: class means differ from instance means, difficult ones are left out, the subset is
        of small objects beside others."""
        with h5py.File(self.study) as f:
            paths, labels = f["samples/path"].asstr()[:], f["samples/label"][:]
            names = f["samples/class"].asstr()[:]
        path = os.path.join(self.shared_folder, "objects.csv")
        with open(path, "w") as c:
            c.write("path,label,xmin,ymin,xmax,ymax,difficult\n")
            for i, (p, label) in enumerate(zip(paths, labels)):
                if i == 0:   # its only object does not count
                    c.write(f"{p},{names[label]},0,0,95,95,1\n")
                elif i == 1:  # small, beside another class
                    c.write(f"{p},{names[label]},0,0,9,9,0\n{p},{names[(label + 1) % len(names)]},50,50,60,60,0\n")
                else:        # the whole image
                    c.write(f"{p},{names[label]},0,0,95,95,0\n")
            c.write("not/there.png,circle,0,0,1,1,0\n")
        file = self.evaluate(self.study, "annotated.h5", "--objects", path, "--metrics", "pointing,relevance_mass")
        with h5py.File(file) as e:
            self.assertEqual(list(e["values/object"][:3, 0]), [0, 2, 1])
            self.assertEqual(e["values/object_share"][1, 0], 100 / 9216)
            self.assertTrue(np.isnan(e["values/input"][0, 0, 0]).all())
            self.assertTrue((e["values/input"][2:, 0, :, 1] == 1).all())
            self.assertEqual(set(e["tables/n"][0, 0, 0, 0, 0]), {COUNT - 1})
            self.assertEqual(set(e["tables/n"][0, 1, 0, 0, 0]), {1})

    def test_class_means(self):
        """3 hits of 4 in one class, 0 of 1 in another: 0.6 over instances, 0.375 over classes."""
        with h5py.File(self.study) as f:
            paths, names = f["samples/path"].asstr()[:], f["samples/class"].asstr()[:]
            labels = f["samples/label"][:]
        path = os.path.join(self.shared_folder, "classes.csv")
        first = np.flatnonzero(labels == labels[0])
        with open(path, "w") as c:
            c.write("path,label,xmin,ymin,xmax,ymax\n")
            for i in range(COUNT):
                whole = i % 3 == 0
                c.write(f"{paths[i]},{names[labels[i]]},{'0,0,95,95' if whole else '95,95,95,95'}\n")
        file = self.evaluate(self.study, "classes.h5", "--objects", path, "--metrics", "pointing_exact")
        self.assertTrue(len(first))
        with h5py.File(file) as e:
            hits = e["values/input"][:, 0, 0, 0]
            by_class = np.mean([hits[labels == k].mean() for k in np.unique(labels)])
            self.assertTrue(same(e["tables/value"][0, 0, 1, 0, 0, 0], by_class, 1e-12))
            self.assertTrue(same(e["tables/value"][0, 0, 0, 0, 0, 0], hits.mean(), 1e-12))

    def test_skipped_samples(self):
        data = os.path.join(self.shared_folder, "data")
        shutil.copytree(os.path.join(proof.demo("images")), data)
        with open(os.path.join(data, "circle", "000.png"), "wb") as f:
            f.write(b"no picture")
        study = os.path.join(self.shared_folder, "holes.h5")
        proof.attribute(study, proof.demo("shapes.onnx"), data, "--limit", 4, "--methods", "gradient", "--layers", "input", code=3)
        file = self.evaluate(study, "holes_E.h5", "--metrics", "entropy", code=3)
        with h5py.File(file) as e:
            self.assertEqual(list(e["samples/status"][:]), [4, 1, 1, 1])
            self.assertTrue(np.isnan(e["values/input"][0]).all())
            self.assertEqual(e["tables/n"][0, 0, 0, 0, 0, 0], 3)

    def test_refusals(self):
        for args, text in ((("--metrics", "grid_pointing"), "mosaics"), (("--metrics", "pionting"), "did you mean 'pointing'"),
                           (("--metrics", "energy_correlation"), "method energy"), (("--metrics", "random_other"), "slot other"),
                           (("--resamples", "3"), "--resamples"), (("--masks", "/nowhere"), "no sample has a mask")):
            done = proof.run("evaluate", self.study, "--out", os.path.join(self.shared_folder, "none.h5"), *QUICK, *args, code=None)
            self.assertEqual(done.code, 2, args)
            self.assertIn(text, done.error)
        self.assertFalse(os.path.exists(os.path.join(self.shared_folder, "none.h5")))
        done = proof.run("evaluate", self.study, "--out", self.file, *QUICK, "--tolerance", "3", code=None)
        self.assertIn("belongs to another study", done.error)


if __name__ == "__main__":
    unittest.main()
