"""retrograd study on the demo model: one study at smoke size, with LONG=1 all of them; killed and started again, on other
numbers of ranks, the same tables."""
import csv
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import h5py
    import numpy as np
    from PIL import Image
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)

source, binary, long_run = os.environ["SOURCE"], os.environ["RETROGRAD"], os.environ.get("LONG") == "1"
LIMIT = "24" if long_run else "6"
PICTURES = ("pictures/", "signature")  # of maps: PNG alone


def names():
    out = subprocess.run([binary, "study", "--list"], check=True, capture_output=True, text=True).stdout
    return [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]


def command(name, folder, *more):
    return [binary, "study", name, "--model", f"{source}/demo/shapes.onnx", "--data", f"{source}/demo/images", "--limit", LIMIT,
            "--unit", "2", "--masks", f"{source}/demo/masks", "--resamples", "200", "--out", folder, "--quiet", *more]


def processor_seconds():
    """Of all programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def files(folder):
    """Everything but the logs of runs."""
    found = {}
    for path, _, names_there in sorted(os.walk(folder)):
        for name in names_there:
            name = os.path.relpath(os.path.join(path, name), folder)
            if not name.endswith(".runs.jsonl"):
                with open(os.path.join(folder, name), "rb") as f:
                    found[name] = f.read()
    return found


def tables(folder):
    """Tables and files; that of retrograd evaluate names the folder of the study."""
    return {n: c for n, c in files(folder).items() if n.endswith((".csv", ".h5", ".md")) and n != "classes.h5"}


class Studies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.smoke = os.path.join(cls.folder.name, "smoke")
        subprocess.run(command("positive-aggregation", cls.smoke), check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def rows(self, folder, name="findings.csv"):
        with open(os.path.join(folder, name), newline="") as f:
            return list(csv.DictReader(f))

    def check(self, folder):
        """The page, its tables and figures are there; verdicts follow from intervals."""
        found = files(folder)
        page = found["README.md"].decode()
        for name, content in found.items():
            if name.endswith(".png"):
                self.assertTrue(content.startswith(b"\x89PNG"), name)
                if not name.startswith("pictures/") or name.endswith("contact.png"):
                    self.assertIn(f"]({name})", page)
                if not name.startswith(PICTURES):
                    self.assertIn(name[:-3] + "svg", found)
            self.assertFalse(name.endswith(".tmp"), name)
        for row in self.rows(folder):
            low, high, margin = float(row["low"]), float(row["high"]), float(row["margin"])
            self.assertLessEqual(low, high)
            want = "open"
            if not np.isfinite([low, high]).all():
                want = "no value"
            elif low > margin or high < margin:
                want = "holds" if (low > margin) == (row["expected"] == "above") else "does not hold"
            self.assertEqual(row["verdict"], want, row)

    def same(self, folder):
        mine, other = tables(folder), tables(self.smoke)
        self.assertEqual([n for n in other if mine.get(n) != other[n]], [])

    def test_smoke(self):
        self.check(self.smoke)

    def test_a_finding_is_what_the_file_says(self):
        """A finding of two methods, from the rows of the file by numpy."""
        with h5py.File(os.path.join(self.smoke, "cascade.h5")) as f:
            layer = f["layers/variable"].asstr()[0]
            methods = list(f["similarity/method_1"].asstr()[:])
            measure = list(f["similarity/measure"].asstr()[:]).index("spearman")
            v = f["similarity"][layer][:, 0, 0, 0, :, measure].astype(float)
            difference = v[:, methods.index("grad_cam_positive")] - v[:, methods.index("grad_cam_signed")]
        row = next(r for r in self.rows(self.smoke) if "positive pooling stays more alike" in r["statement"])
        self.assertAlmostEqual(float(row["mean"]), np.nanmean(difference), places=12)

    def test_killed_and_started_again(self):
        folder = os.path.join(self.folder.name, "killed")
        for kill_after in (0.05, 0.3, 0.6, 1.0, 1.5):
            p = subprocess.Popen(command("positive-aggregation", folder, "--commit-every", "0"), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            time.sleep(kill_after)
            p.send_signal(signal.SIGKILL)
            p.wait()
        subprocess.run(command("positive-aggregation", folder), check=True, capture_output=True)
        self.same(folder)

    def test_ranks(self):
        folder = os.path.join(self.folder.name, "ranks")
        subprocess.run(["mpirun", "--oversubscribe", "-n", "2", *command("positive-aggregation", folder)], check=True,
                       capture_output=True)
        self.same(folder)

    def test_a_folder_that_was_moved_continues(self):
        """Where files lie does not make another study of them: the page is drawn again from what is there."""
        folder = os.path.join(self.folder.name, "moved")
        shutil.copytree(self.smoke, folder)
        os.remove(os.path.join(folder, "README.md"))
        before = files(folder)
        subprocess.run(command("positive-aggregation", folder), check=True, capture_output=True)
        self.assertEqual({n: c for n, c in files(folder).items() if n != "README.md"}, before)
        self.assertEqual(files(folder)["README.md"], files(self.smoke)["README.md"])

    def test_unknown_names(self):
        p = subprocess.run([binary, "study", "positive-agregation"], capture_output=True, text=True)
        self.assertEqual(p.returncode, 2)
        self.assertIn("positive-aggregation", p.stderr)

    def test_settings_that_no_job_has(self):
        folder = os.path.join(self.folder.name, "none")
        p = subprocess.run([binary, "study", "input-agnostic", "--model", f"{source}/demo/shapes.onnx", "--out", folder,
                            "--settings", "sampels=8"], capture_output=True, text=True)
        self.assertEqual(p.returncode, 2)
        self.assertIn("sampels", p.stderr)
        self.assertFalse(os.path.exists(folder))

    def test_what_does_not_fit_is_refused_first(self):
        """A trigger outside the image or of another size, objects that nobody names: before anything is computed."""
        folder, model = os.path.join(self.folder.name, "refused"), f"{source}/demo/shapes.onnx"
        mask = os.path.join(self.folder.name, "mask.png")
        Image.new("L", (32, 32), 255).save(mask)
        for name, more, text in (("backdoor-signature", ["--trigger", "95:95:6:6"], "not inside"),
                                 ("backdoor-signature", ["--trigger", mask], "32 x 32"),
                                 ("input-agnostic", ["--trigger", "1:1:1:1"], "no trigger"),
                                 ("input-agnostic", ["--settings", "samples=x"], "whole number"),
                                 ("normgrad-framework", ["--data", f"{source}/demo/images"], "where objects are"),
                                 ("normgrad-framework", ["--data", f"{source}/demo/images", "--masks", folder], "No such file"),
                                 ("meta-saliency", ["--data", f"{source}/demo/images", "--resamples", "3"], "100 to 1000000"),
                                 ("meta-saliency", ["--data", f"{source}/demo/images", "--limit", "-1"], "negative"),
                                 ("input-bias", ["--data", os.path.join(folder, "none")], "no such data set")):
            p = subprocess.run([binary, "study", name, "--model", model, "--out", folder, *more], capture_output=True, text=True)
            self.assertEqual(p.returncode, 2, p.stderr)
            self.assertIn(text, p.stderr)
            self.assertFalse(os.path.exists(folder))

    def test_dry_run(self):
        """The plan of every job, and nothing on the disk."""
        folder = os.path.join(self.folder.name, "dry")
        out = subprocess.run(command("positive-aggregation", folder, "--dry-run"), check=True, capture_output=True, text=True).stdout
        for text in ("cascade.h5: retrograd sanity", "maps.h5: retrograd attribute", "classes.h5: retrograd evaluate"):
            self.assertIn(text, out)
        self.assertEqual(len(re.findall(r"(?m)^time ", out)), 2)
        self.assertFalse(os.path.exists(folder))

    def test_cells_of_mosaics(self):
        """All cells count: a mosaic by the mean of its cells, the best layer by the mean of all mosaics."""
        folder, grids = os.path.join(self.folder.name, "mosaics"), os.path.join(self.folder.name, "grids.json")
        names = sorted(os.listdir(f"{source}/demo/images"))[:4]
        cells = [[{"row": k // 2, "col": k % 2, "file": f"{c}/00{i}.png", "class_id": k} for k, c in enumerate(names)] for i in range(3)]
        with open(grids, "w") as f:
            json.dump({"layout": "2x2", "resize": 72, "crop": 64, "grids": [{"cells": c} for c in cells]}, f)
        subprocess.run([binary, "study", "layer-combination", "--model", f"{source}/demo/shapes.onnx", "--data", f"{source}/demo/images",
                        "--view", f"mosaic={grids}", "--targets", "given", "--layers", "Add,last", "--resamples", "200", "--out", folder,
                        "--quiet"], check=True, capture_output=True)
        with h5py.File(os.path.join(folder, "pointing.h5")) as f:
            metric = list(f["values/metric"].asstr()[:]).index("energy_pointing")
            layers = list(f["layers/variable"].asstr()[:])

            def of(layer, method):
                v = f["values"][layer]
                there = list(f["values"][v.dims[2][0].name.split("/")[-1]].asstr()[:])
                return v[:, :, there.index(method), metric]
            self.assertEqual(layers[-1], "over_layers")
            self.assertEqual(of(layers[0], "normgrad").shape, (3, 4))
            single = max((of(k, "normgrad") for k in layers[:-1]), key=lambda v: np.nanmean(np.nanmean(v, 1)))
            want = np.nanmean(np.nanmean(of("over_layers", "layers_product[normgrad]") - single, 1))
            last = np.nanmean(np.nanmean(of("over_layers", "layers_product[normgrad]") - of(layers[-2], "normgrad"), 1))
        rows = self.rows(folder)
        self.assertAlmostEqual(float(rows[0]["mean"]), want, places=12)
        self.assertAlmostEqual(float(rows[1]["mean"]), last, places=12)
        self.assertEqual(rows[0]["n"], "3")

    def small(self, name, folder, *more):
        """A study without images at a size that says nothing but that it works."""
        given = {"input-agnostic": "samples=16,iterations=2,keep-every=1,held-out=4",
                 "backdoor-signature": "pool=16,keep=2"}[name]
        model = {"input-agnostic": "shapes", "backdoor-signature": "shapes_backdoor"}[name]
        return [binary, "study", name, "--model", f"{source}/demo/{model}.onnx", "--out", folder, "--resamples", "200", "--quiet",
                "--settings", given, *more]

    def without_images(self, name, *options):
        """Killed and started again, and on two ranks, the same tables."""
        one, two, killed = (os.path.join(self.folder.name, f"{name}-{k}") for k in ("one", "two", "killed"))
        began = time.monotonic()
        subprocess.run(self.small(name, one, *options), check=True, capture_output=True)
        took = time.monotonic() - began
        self.check(one)
        self.check_by_numpy(name, one)
        subprocess.run(["mpirun", "--oversubscribe", "-n", "2", *self.small(name, two, *options)], check=True, capture_output=True)
        for share in (0.1, 0.3, 0.5, 0.8):
            p = subprocess.Popen(self.small(name, killed, *options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(share * took)
            p.send_signal(signal.SIGKILL)
            p.wait()
        subprocess.run(self.small(name, killed, *options), check=True, capture_output=True)
        want = tables(one)
        for other in (two, killed):
            got = tables(other)
            self.assertEqual([n for n in want if got.get(n) != want[n]], [])

    @unittest.skipUnless(long_run, "LONG=1 runs the studies without images")
    def test_input_agnostic(self):
        self.without_images("input-agnostic")

    @unittest.skipUnless(long_run, "LONG=1 runs the studies without images")
    def test_backdoor_signature(self):
        self.without_images("backdoor-signature", "--other", f"{source}/demo/shapes.onnx", "--trigger", "88:88:6:6")

    def check_by_numpy(self, name, folder):
        """Findings and the trigger's share from the files."""
        rows = [float(r["mean"]) for r in self.rows(folder)]
        if name == "input-agnostic":
            with h5py.File(os.path.join(folder, "classmap.h5")) as f:
                s = {k: f["summary"][k][:].astype(float) for k in ("seed_cosine", "gain", "cosine", "randomised_cosine")}
            others = np.where(np.eye(len(s["cosine"])) > 0, -np.inf, s["cosine"]).max(1)
            want = {0: s["seed_cosine"].min(1), 3: np.diag(s["gain"]), 6: others, 8: np.abs(s["randomised_cosine"][:, 0])}
            for k, values in want.items():
                self.assertAlmostEqual(rows[k], values.mean(), places=12)
            return
        with h5py.File(os.path.join(folder, "scan.h5")) as f:
            quantity = list(f["verdict/quantity"].asstr()[:])
            value = f["verdict/value"][:]
            fine = np.flatnonzero(f["samples/kind"].asstr()[:] == "fine")
            mine = np.flatnonzero(f["samples/class"][:][fine] == int(value[quantity.index("target")]))
            energy = (f["signature/map"][:].astype(float) ** 2).sum(1)[mine]
        self.assertEqual(rows[0], value[quantity.index("p_value")])
        share = energy[:, 88:94, 88:94].sum((1, 2)) / energy.sum((1, 2))
        np.testing.assert_allclose([float(r["energy_share"]) for r in self.rows(folder, "trigger.csv")], share, rtol=1e-12)

    @unittest.skipUnless(long_run, "LONG=1 runs every study")
    def test_every_study(self):
        """Each by its one command on the demo's model, with the options that a user has by default, in under three minutes."""
        demo = f"{source}/demo"
        for name in names():
            with self.subTest(name):
                folder = os.path.join(self.folder.name, name)
                given = ["--model", f"{demo}/shapes.onnx", "--data", f"{demo}/images"]
                if name in ("normgrad-framework", "layer-combination"):
                    given += ["--masks", f"{demo}/masks"]
                if name == "input-agnostic":
                    given = given[:2]
                if name == "backdoor-signature":
                    given = ["--model", f"{demo}/shapes_backdoor.onnx", "--other", f"{demo}/shapes.onnx", "--trigger", "88:88:6:6"]
                began, used = time.monotonic(), processor_seconds()
                p = subprocess.run([binary, "study", name, *given, "--out", folder], capture_output=True, text=True)
                took, used = time.monotonic() - began, processor_seconds() - used
                self.assertEqual(p.returncode, 0, p.stderr)
                print(f"{name}: {used:.0f} s of one core, {took:.0f} s in all", flush=True)
                self.assertLess(used, 180)  # what it takes where nothing else runs
                self.check(folder)


if __name__ == "__main__":
    unittest.main(verbosity=1)
