"""Everything that looks at a study's file, on files made with h5py: every value is known."""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np
from PIL import Image

PROGRAM = os.environ.get("RETROGRAD", "retrograd")
TEXT = h5py.string_dtype("utf-8")
CLASSES = ["cat", "dog", "a very long name of a bird, \"quoted\""]
METHODS = [("normgrad", "gradient/conv1x1/norm"), ("gradient_sum", "gradient/bias/sum"),
           ("at/input*only", "guided/bias/sum")]
# name, operator, variable, (channels, height, width), index, methods
LAYERS = [("input", "Input", "input", (3, 8, 8), 0, [0, 1, 2]),
          ("/a/Conv_output_0", "Conv", "_a.Conv_output_0", (5, 4, 4), 1, [0, 1]),
          ("/a/Relu_output_0", "Relu", "_a.Relu_output_0", (5, 4, 4), 2, [0, 1]),
          ("pool", "GlobalAveragePool", "pool", (5, 1, 1), 3, [0, 1])]
TARGETS = ["predicted", "label", "top2"]
N = 6
STATUS = [1, 1, 1, 5, 1, 1]  # sample 3 was damaged
LABEL = [0, 1, 2, 0, -1, 2]
# Blue and red ends of the diverging map and the dark end of the sequential one are where
# core/colormap.h says: OKLab (0.45, 0.18 at 260 or 27 degrees) and (0.17, 0.072 at 285 degrees).
CELL = 160  # 8 x 8 input: the multiple of 8 next to 160


def run(*args, cwd=None):
    done = subprocess.run([PROGRAM, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=120, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


def oklab(lightness, chroma, degrees):
    """sRGB of an OKLCh colour (Ottosson 2020)."""
    a, b = chroma * np.cos(np.radians(degrees)), chroma * np.sin(np.radians(degrees))
    l, m, s = (lightness + 0.3963377774 * a + 0.2158037573 * b,
               lightness - 0.1055613458 * a - 0.0638541728 * b,
               lightness - 0.0894841775 * a - 1.2914855480 * b)
    x = np.array([[4.0767416621, -3.3077115913, 0.2309699292],
                  [-1.2684380046, 2.6097574011, -0.3413193965],
                  [-0.0041960863, -0.7034186147, 1.7076147010]]) @ [l ** 3, m ** 3, s ** 3]
    x = np.clip(x, 0, 1)
    return np.rint(255 * np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055))


BLUE, RED = oklab(0.45, 0.18, 260), oklab(0.45, 0.18, 27)
DARK, LIGHT = oklab(0.17, 0.072, 285), oklab(0.95, 0.072, 105)


def logits():
    x = np.zeros((N, len(CLASSES)), np.float32)
    for i in range(N):
        x[i, i % 3] = 5 + i
        x[i, (i + 1) % 3] = 2.5
    x[3] = np.nan
    return x


def target_class():
    x = logits()
    out = np.full((N, len(TARGETS)), -1, np.int32)
    for i in range(N):
        if STATUS[i] != 1:
            continue
        order = np.argsort(-x[i], kind="stable")
        out[i] = order[0], LABEL[i], order[1]
    return out


def maps(shape, methods):
    """Known maps: the unsigned one is hot in one corner, the signed one has opposite corners."""
    _, h, w = shape
    x = np.zeros((N, len(TARGETS), len(methods), h, w), np.float32)
    for i in range(N):
        for k, m in enumerate(methods):
            y = x[i, :, k]
            if m == 0:
                y[:, 0, 0] = 7 + i
            else:
                y[:, 0, 0] = -2
                y[:, h - 1, w - 1] = 2
                if h == 1:
                    y[:] = 0.25
    x[np.array(STATUS) != 1] = np.nan
    x[target_class() < 0] = np.nan
    return x


def describe(dataset, name):
    dataset.attrs.create("long_name", f"the {name} of a test", dtype=TEXT)


def scale(group, name, values, size=None):
    d = group.create_dataset(name, data=values, dtype=TEXT) if values is not None \
        else group.create_dataset(name, data=np.arange(size, dtype=np.int64))
    d.make_scale(name)
    describe(d, name)
    return d


def variable(group, name, data, dims, dtype=None):
    d = group.create_dataset(name, data=data, dtype=dtype)
    for axis, dim in enumerate(dims):
        d.dims[axis].attach_scale(group[dim])
    describe(d, name)
    d.attrs.create("units", "1", dtype=TEXT)
    return d


def add_samples(f):
    g = f.create_group("samples", track_order=True)
    scale(g, "sample", None, N)
    scale(g, "class", CLASSES)
    scale(g, "target", TARGETS)
    scale(g, "axis_hw", ["height", "width"])
    scale(g, "axis_box", ["xmin", "ymin", "xmax", "ymax"])
    variable(g, "path", [f"images/{i}.png" for i in range(N)], ["sample"], TEXT)
    variable(g, "label", np.array(LABEL, np.int32), ["sample"])
    variable(g, "box", np.full((N, 4), -1, np.int32), ["sample", "axis_box"])
    variable(g, "size", np.full((N, 2), 8, np.int32), ["sample", "axis_hw"])
    variable(g, "status", np.array(STATUS, np.uint8), ["sample"])
    variable(g, "logits", logits(), ["sample", "class"])
    c = target_class()
    variable(g, "target_class", c, ["sample", "target"])
    score = np.where(c >= 0, np.take_along_axis(logits(), np.maximum(c, 0), 1), np.float32("nan"))
    variable(g, "score", score.astype(np.float32), ["sample", "target"])


def add_maps(f):
    g = f.create_group("maps", track_order=True)
    scale(g, "sample", None, N)
    scale(g, "target", TARGETS)
    sets = []
    for _, _, var, (_, h, w), index, methods in LAYERS:
        if methods not in sets:
            sets.append(methods)
            scale(g, f"method_{len(sets)}", [METHODS[m][0] for m in methods])
        for name, size in ((f"y_{h}", h), (f"x_{w}", w)):
            if name not in g:
                scale(g, name, None, size)
        dims = ["sample", "target", f"method_{sets.index(methods) + 1}", f"y_{h}", f"x_{w}"]
        variable(g, var, maps((0, h, w), methods), dims).attrs["index"] = index


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def make_study(path, model, data):
    """A study in the layout of docs/format.md."""
    config = {"limit": 0, "recipe": {"bgr": False, "channels": 3, "crop": None, "exif": False,
                                     "height": 8, "mean": [0.0, 0.0, 0.0], "resize": None,
                                     "scale": 1 / 255, "std": [1.0, 1.0, 1.0], "width": 8}}
    with h5py.File(path, "w", track_order=True) as f:
        for name, value in (("title", "test"), ("software", "retrograd"), ("software_version", "0"),
                            ("job", "attribute"), ("config", json.dumps(config)), ("model", model),
                            ("model_sha256", sha256(model)),
                            ("data", data), ("data_sha256", "0" * 64),
                            ("kernel_family", "OpenBLAS Test"), ("libraries", "HDF5")):
            f.attrs.create(name, value, dtype=TEXT)
        for name, value in (("schema_version", 1), ("unit", 2), ("n_units", 3), ("n_forward", 3),
                            ("n_backward", 9), ("classes", 3)):
            f.attrs.create(name, value, dtype=np.int64)
        add_samples(f)
        g = f.create_group("layers", track_order=True)
        scale(g, "layer", [l[0] for l in LAYERS])
        scale(g, "axis_shape", ["channels", "height", "width"])
        variable(g, "operator", [l[1] for l in LAYERS], ["layer"], TEXT)
        variable(g, "shape", np.array([l[3] for l in LAYERS], np.int32), ["layer", "axis_shape"])
        variable(g, "index", np.array([l[4] for l in LAYERS], np.int32), ["layer"])
        variable(g, "variable", [l[2] for l in LAYERS], ["layer"], TEXT)
        g = f.create_group("methods", track_order=True)
        scale(g, "method", [m[0] for m in METHODS])
        for name in ("canonical", "formula", "source", "rule"):
            variable(g, name, [m[1] if name == "canonical" else "x" for m in METHODS], ["method"], TEXT)
        add_maps(f)


class Views(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.study, self.model, self.data = (self.path(n) for n in ("s.h5", "m.onnx", "data"))
        with open(self.model, "wb") as f:
            f.write(b"not read by readers")
        os.makedirs(os.path.join(self.data, "images"))
        for i in range(N):
            picture = np.zeros((8, 8, 3), np.uint8)
            picture[..., 0] = 20 * i + 40
            picture[..., 1] = 200
            Image.fromarray(picture).save(os.path.join(self.data, "images", f"{i}.png"))
        make_study(self.study, self.model, self.data)

    def path(self, name):
        return os.path.join(self.folder, name)

    def change(self, path, index, value):
        with h5py.File(self.study, "r+") as f:
            f[path][index] = value

    def works(self, *args, code=0, cwd=None):
        got, out, error = run(*args, cwd=cwd)
        self.assertEqual(got, code, out + error)
        return out

    def refused(self, *args, says, code=2):
        got, _, error = run(*args)
        self.assertEqual(got, code, error)
        self.assertIn(says, error)
        self.assertEqual(error.count("\n"), 1, error)


class Inspect(Views):
    def test_it_tells_what_is_there(self):
        out = self.works("inspect", self.study)
        for text in ("complete", "6: 5 done, 0 pending, 1 skipped", "damaged: images/3.png",
                     "3: predicted, label, top2", "3: normgrad, gradient_sum, at/input*only",
                     "4: input, /a/Conv_output_0", "3 forward and 9 backward", "3 units of 2",
                     "OpenBLAS Test", "retrograd render"):
            self.assertIn(text, out)
        # of the samples that are done, 0, 1, 2 and 5 have a label; all are predicted right
        self.assertIn("4 of 4 labelled samples are predicted right (100.0 %)", out)
        self.assertLessEqual(len(out.splitlines()), 24)

    def test_a_wrong_label_lowers_the_accuracy(self):
        self.change("samples/label", 0, 1)
        self.assertIn("3 of 4 labelled", self.works("inspect", self.study))

    def test_an_unfinished_study_says_how_to_continue(self):
        self.change("samples/status", 5, 0)
        with open(self.study + ".runs.jsonl", "w", encoding="utf-8") as f:
            f.write(json.dumps({"event": "start", "time": "2001-02-03T04:05:06Z", "host": "node7",
                                "ranks": 4, "command": ["retrograd", "attribute", "--out", "a b.h5"]}))
            f.write("\n{\"event\": \"sta")  # a killed run's torn line
        out = self.works("inspect", self.study)
        for text in ("incomplete (83.3 %)", "4 done, 1 pending", "node7",
                     "1 start", "mpirun -n 4 retrograd attribute --out 'a b.h5'"):
            self.assertIn(text, out)

    def test_a_writer_is_seen(self):
        self.change("samples/status", 5, 0)
        log = self.study + ".runs.jsonl"
        holder = subprocess.Popen([sys.executable, "-c", f"""
import fcntl, sys
f = open({log!r}, 'a')
fcntl.lockf(f, fcntl.LOCK_EX)
print('held', flush=True)
sys.stdin.read()"""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(holder.stdout.readline(), "held\n")
        out = self.works("inspect", self.study)
        refusal = run("pack", self.study, "--out", self.path("p.h5"), "--partial")
        holder.communicate()
        self.assertIn("running", out)
        self.assertIn(f"process {holder.pid}", out)
        self.assertEqual(refusal[0], 2)
        self.assertIn("is writing", refusal[2])


class Render(Views):
    def panel(self, *args, sample=0, target="predicted"):
        out = self.works("render", self.study, "--out", self.path("out"), "--samples", sample, *args)
        name = self.path(f"out/{sample:06d}_images-{sample}_{target}.png")
        self.assertIn(name + "\n", out)
        return np.array(Image.open(name)).astype(float)

    def cells(self, panel, columns, rows):
        """Top left corners of the cells: right of the row headings, which are as wide as the widest
        one, so it is found from the right; below the header likewise from the bottom."""
        margin, gap, line = 20, 10, 19
        x0 = panel.shape[1] - margin - (columns * (CELL + gap) - gap)
        y0 = panel.shape[0] - margin - 3 * line - rows * (CELL + line + gap)
        return [[(y0 + r * (CELL + line + gap), x0 + c * (CELL + gap)) for c in range(columns)]
                for r in range(rows)]

    def near(self, pixel, color, tolerance=3):
        """Within the rounding of one of 256 entries."""
        self.assertLessEqual(np.abs(np.asarray(pixel) - color).max(), tolerance, f"{pixel} {color}")

    def test_colours_stand_for_values(self):
        p = self.panel()
        at = self.cells(p, 4, 3)
        for column in (0, 1, 2):  # normgrad: one hot corner
            y, x = at[0][column]
            self.near(p[y + 1, x + 1], LIGHT)
            self.near(p[y + CELL - 2, x + CELL - 2], DARK)
            y, x = at[1][column]  # gradient_sum: blue corner, red corner, near-white between
            self.near(p[y + 1, x + 1], BLUE)
            self.near(p[y + CELL - 2, x + CELL - 2], RED)
            self.near(p[y + 1, x + CELL - 2], [245, 245, 245], 4)
        y, x = at[2][1]  # the method lives at the input alone: an empty cell
        self.near(p[y + CELL // 2, x + CELL // 2], [255, 255, 255], 0)
        self.near(p[y, x + CELL // 2], [208, 215, 222], 0)
        y, x = at[1][3]  # one value: flat
        self.near(p[y + CELL // 2, x + CELL // 2], [234, 237, 240], 0)

    def test_the_image_is_at_the_top_left(self):
        p = self.panel(sample=2)
        self.near(p[20 + 80, 20 + 80], [80, 200, 0], 0)
        self.near(p[20, 20], [80, 200, 0], 0)
        self.near(p[19, 19], [255, 255, 255], 0)

    def test_without_images_the_maps_are_drawn_alone(self):
        shutil.rmtree(self.data)
        out = self.works("render", self.study, "--out", self.path("out"), "--samples", "0")
        self.assertIn("without images", out)
        p = np.array(Image.open(self.path("out/000000_images-0_predicted.png"))).astype(float)
        y, x = self.cells(p, 4, 3)[0][0]
        self.near(p[y + 1, x + 1], LIGHT)

    def test_data_elsewhere(self):
        os.rename(self.data, self.path("moved"))
        p = self.panel("--data", self.path("moved"), sample=1)
        self.near(p[40, 40], [60, 200, 0], 0)

    def test_an_unreadable_image_spoils_nothing(self):
        with open(os.path.join(self.data, "images", "0.png"), "wb") as f:
            f.write(b"nonsense")
        out = self.works("render", self.study, "--out", self.path("out"), "--samples", "0")
        self.assertIn("without its image", out)

    def test_overlay_mixes_map_and_grey_image(self):
        p = self.panel("--overlay", sample=0)
        y, x = self.cells(p, 4, 3)[0][0]
        grey = round(0.299 * 40 + 0.587 * 200)
        self.near(p[y + 1, x + 1], 0.2 * grey + 0.8 * LIGHT)
        self.near(p[y + CELL - 2, x + CELL - 2], 0.8 * grey + 0.2 * DARK)

    def test_rows_columns_and_cells_are_chosen(self):
        p = self.panel("--methods", "normgrad", "--layers", "convs,input", "--cell", "320")
        q = self.panel("--methods", "gradient/*/norm", "--layers", "0,1", "--cell", "320")
        self.assertTrue(np.array_equal(p, q))
        self.assertGreater(p.shape[1], 2 * 320)
        self.near(p[20:340, 20:340].reshape(-1, 3).max(0), [40, 200, 0], 0)

    def test_skipped_samples_and_missing_targets_get_a_line(self):
        out = self.works("render", self.study, "--out", self.path("out"))
        self.assertIn("sample 3 (images/3.png) skipped: damaged", out)
        self.assertEqual(len(os.listdir(self.path("out"))), 5)
        out = self.works("render", self.study, "--out", self.path("out2"), "--target", "label")
        self.assertIn("sample 4 (images/4.png) skipped: no target 'label'", out)
        self.assertEqual(len(os.listdir(self.path("out2"))), 4)

    def test_the_limit_says_what_it_leaves(self):
        out = self.works("render", self.study, "--limit", "2")
        self.assertIn("4 more samples", out)
        self.assertEqual(len(os.listdir(self.path("s.panels"))), 2)

    def test_the_same_study_gives_the_same_bytes(self):
        for folder in ("a", "b"):
            self.works("render", self.study, "--out", self.path(folder), "--samples", "0")
        name = "000000_images-0_predicted.png"
        with open(self.path("a/" + name), "rb") as a, open(self.path("b/" + name), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_nan_inside_a_map_is_grey_and_all_nan_is_empty(self):
        self.change("maps/input", (0, 0, 0, 4, 4), np.nan)
        self.change("maps/input", (0, 0, 1), np.nan)
        p = self.panel()
        at = self.cells(p, 4, 3)
        y, x = at[0][0]
        self.near(p[y + 90, x + 90], [176, 176, 176], 0)
        y, x = at[1][0]
        self.near(p[y + 90, x + 90], [255, 255, 255], 0)

    def test_what_is_not_there_is_refused(self):
        r = ("render", self.study, "--out", self.path("out"))
        self.refused(*r, "--layers", "inptu", says="did you mean 'input'")
        self.refused(*r, "--methods", "normgrat", says="did you mean 'normgrad'")
        self.refused(*r, "--target", "predicte", says="did you mean 'predicted'")
        self.refused(*r, "--samples", "6", says="samples 0 to 5")
        self.refused(*r, "--samples", "4-2", says="samples 0 to 5")
        self.refused(*r, "--cell", "7", says="64 to 1024")
        self.refused(*r, "--samples", "3", says="no sample to draw")
        self.refused("render", self.path("nothing.h5"), says="nothing.h5")
        self.refused("render", self.model, says="not an HDF5 file")
        self.refused("render", self.study, "--out", self.model, says="not a folder")

    def test_a_folder_that_cannot_be_written_is_an_error(self):
        got, _, error = run("render", self.study, "--out", self.path("no/such/folder"))
        self.assertEqual(got, 1)
        self.assertIn("cannot make the folder", error)


class Export(Views):
    def test_arrays_hold_the_maps(self):
        out = self.path("o.npz")
        self.works("export", self.study, "--npz", out, "--layer", "input", "--target", "label")
        done = np.flatnonzero(np.array(STATUS) == 1)
        with np.load(out) as z:
            self.assertEqual(sorted(z), sorted(["normgrad", "gradient_sum", "at_input_only", "y", "c",
                                                "logits", "sample", "path", "status"]))
            want = maps((3, 8, 8), [0, 1, 2])[done, 1]
            for k, name in enumerate(("normgrad", "gradient_sum", "at_input_only")):
                self.assertEqual(z[name].shape, (5, 1, 8, 8))
                self.assertEqual(z[name].dtype, np.float32)
                np.testing.assert_array_equal(z[name][:, 0], want[:, k])
            self.assertTrue(np.isnan(z["normgrad"][3]).all())  # sample 4 has no label
            np.testing.assert_array_equal(z["y"], np.array(LABEL)[done])
            np.testing.assert_array_equal(z["c"], target_class()[done, 1])
            np.testing.assert_array_equal(z["logits"], logits()[done])
            np.testing.assert_array_equal(z["sample"], done)
            np.testing.assert_array_equal(z["path"], [f"images/{i}.png" for i in done])

    def test_all_samples_and_upsampling(self):
        out = self.path("o.npz")
        self.works("export", self.study, "--npz", out, "--layer", "1", "--all", "--upsample", "input",
                   "--methods", "gradient_sum")
        x = maps((5, 4, 4), [1])[:, 0, 0]
        src = np.maximum((np.arange(8) + 0.5) / 2 - 0.5, 0)
        low = src.astype(int)
        high, part = np.minimum(low + 1, 3), src - low
        rows = x[:, low] * (1 - part)[:, None] + x[:, high] * part[:, None]
        want = rows[:, :, low] * (1 - part) + rows[:, :, high] * part
        with np.load(out) as z:
            self.assertEqual(z["gradient_sum"].shape, (N, 1, 8, 8))
            self.assertNotIn("normgrad", z)
            np.testing.assert_allclose(z["gradient_sum"][:, 0], want, rtol=2 ** -22, atol=0)
            np.testing.assert_array_equal(z["status"], STATUS)
            self.assertEqual(z["c"][3], -1)

    def test_lines_hold_the_scores(self):
        out = self.path("o.csv")
        self.works("export", self.study, "--csv", out, "--all")
        with open(out, newline="", encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual(len(rows), N * len(TARGETS))
        for k, row in enumerate(rows):
            i, t = divmod(k, len(TARGETS))
            c = target_class()[i, t]
            self.assertEqual(row["path"], f"images/{i}.png")
            self.assertEqual(row["target"], TARGETS[t])
            self.assertEqual(row["target_class"], str(c) if c >= 0 else "")
            self.assertEqual(row["target_name"], CLASSES[c] if c >= 0 else "")
            if c >= 0:
                self.assertEqual(np.float32(row["score"]), logits()[i, c])
            self.assertEqual(row["status"], "done" if STATUS[i] == 1 else "damaged")
            self.assertEqual(row["predicted"], str(np.argmax(logits()[i])) if STATUS[i] == 1 else "")

    def test_what_cannot_be_written_is_refused(self):
        out = self.path("o.npz")
        self.refused("export", self.study, says="--npz")
        self.refused("export", self.study, "--npz", out, says="which of the 4 layers")
        self.refused("export", self.study, "--npz", out, "--layer", "polo", says="did you mean 'pool'")
        self.refused("export", self.study, "--npz", out, "--layer", "pool", "--methods", "at/*",
                     says="none of the methods")
        self.refused("export", self.study, "--npz", out, "--layer", "pool", "--upsample", "x",
                     says="neither none nor input")
        self.assertFalse(os.path.exists(out))
        with open(out, "w", encoding="utf-8") as f:
            f.write("mine")
        self.refused("export", self.study, "--npz", out, "--layer", "pool", says="exists")
        self.refused("export", self.study, "--csv", out, says="exists")
        with open(out, encoding="utf-8") as f:
            self.assertEqual(f.read(), "mine")
        self.assertEqual([n for n in os.listdir(self.folder) if n.endswith(".tmp")], [])


class Verify(Views):
    def fails(self, check, says):
        out = self.works("verify", self.study, code=1)
        line = [l for l in out.splitlines() if l.startswith("FAIL")]
        self.assertEqual(len(line), 1, out)
        self.assertEqual(line[0].split()[1], check, out)
        self.assertIn(says, " ".join(out.split()))

    def setUp(self):
        super().setUp()
        os.rename(self.data, self.path("away"))  # its checksum is not the subject here

    def test_a_sound_study_passes(self):
        out = self.works("verify", self.study)
        self.assertIn("sound and complete", out)
        self.assertEqual(sum(l.startswith("ok") for l in out.splitlines()), 7)
        self.assertIn("--    data        not checked", out)

    def test_pending_samples_are_not_a_failure(self):
        self.change("samples/status", 5, 0)
        self.assertIn("1 of 6 samples are pending", self.works("verify", self.study, code=75))

    def test_status(self):
        self.change("samples/status", 3, 99)
        self.fails("status", "images/3.png")

    def test_logits(self):
        self.change("samples/logits", (4, 2), np.inf)
        out = self.works("verify", self.study, code=1)
        self.assertIn("FAIL  logits", out)

    def test_targets(self):
        self.change("samples/target_class", (1, 0), 0)
        self.change("samples/score", (1, 0), logits()[1, 0])
        self.fails("targets", "target predicted is class 0, logits and label say 1")

    def test_second_best(self):
        self.change("samples/target_class", (1, 2), 0)
        self.change("samples/score", (1, 2), logits()[1, 0])
        self.fails("targets", "target top2 is class 0")

    def test_scores(self):
        self.change("samples/score", (2, 0), 7.125)
        self.fails("scores", "sample 2")

    def test_maps_that_are_not_finite(self):
        self.change("maps/pool", (2, 0, 1, 0, 0), np.nan)
        self.fails("maps", "method gradient_sum at pool: values are not finite")

    def test_maps_where_there_should_be_none(self):
        self.change("maps/pool", (3, 0, 0), 1)
        self.change("maps/pool", (4, 1, 0), 1)  # sample 4 has no label
        self.fails("maps", "there should be no values; 2 problems")

    def test_structure(self):
        with h5py.File(self.study, "r+") as f:
            f["layers/shape"][1] = (5, 4, 3)
        self.fails("structure", "are 4 x 4, the layer is 4 x 3")

    def test_a_variable_of_no_layer(self):
        with h5py.File(self.study, "r+") as f:
            f["maps"].create_dataset("stray", data=np.zeros(3, np.float32))
        self.fails("structure", "maps/stray belongs to no layer")

    def test_a_missing_variable_is_named(self):
        with h5py.File(self.study, "r+") as f:
            del f["maps/pool"]
        self.fails("structure", "maps/pool")

    def test_a_missing_table_is_named(self):
        with h5py.File(self.study, "r+") as f:
            del f["samples/score"]
        self.fails("tables", "samples/score")

    def test_a_table_of_another_type_is_named(self):
        with h5py.File(self.study, "r+") as f:
            del f["samples/score"]
            f["samples/score"] = np.zeros((N, len(TARGETS)))
        self.fails("tables", "samples/score has another type")

    def test_the_model(self):
        with open(self.model, "ab") as f:
            f.write(b"!")
        self.fails("model", "not the one of the study")
        self.works("verify", self.study, "--model", self.path("none.onnx"), code=1)

    def test_the_data_list(self):
        os.rename(self.path("away"), self.data)
        out = self.works("verify", self.study, code=1)
        self.assertIn("FAIL  data", out)

    def test_what_is_no_study_is_wrong_usage(self):
        self.refused("verify", self.model, says="not an HDF5 file")
        self.refused("verify", self.path("none.h5"), says="none.h5")


class Pack(Views):
    def test_the_packed_study_reads_alike(self):
        packed = self.path("p.h5")
        out = self.works("pack", self.study, "--out", packed)
        self.assertIn("MB", out)
        with h5py.File(self.study) as a, h5py.File(packed) as b:
            for name in ("maps/input", "maps/pool", "samples/logits", "samples/status"):
                np.testing.assert_array_equal(a[name][...], b[name][...])
        for path, folder in ((self.study, "a"), (packed, "b")):
            self.works("render", path, "--out", self.path(folder), "--samples", "0", "--methods", "all")
        a, b = (np.array(Image.open(self.path(f"{d}/000000_images-0_predicted.png"))) for d in "ab")
        a, b = (np.delete(x, range(30, 60), axis=0) for x in (a, b))  # the line with the file's name
        self.assertTrue(np.array_equal(a, b))

    def test_an_incomplete_study_is_refused(self):
        self.change("samples/status", 5, 0)
        packed = self.path("p.h5")
        self.refused("pack", self.study, "--out", packed, says="1 of 6 samples are pending")
        self.assertFalse(os.path.exists(packed))
        self.works("pack", self.study, "--out", packed, "--partial")
        self.works("verify", packed, code=1)  # the data list's checksum is made up

    def test_nothing_is_replaced(self):
        self.refused("pack", self.study, "--out", self.model, says="exists")
        self.refused("pack", self.study, "--out", self.path("p.h5"), "--level", "0", says="1 to 9")


class RealStudy(unittest.TestCase):
    """The program's own file: readers and writer agree."""

    def setUp(self):
        source = os.environ.get("DEMO_DATA") or os.path.join(os.environ.get("SHARED_DATA", ""), "demo")
        if not os.path.exists(os.path.join(source, "shapes.onnx")):
            self.skipTest("no demo data: set SHARED_DATA")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.source = source
        self.study = os.path.join(self.folder, "s.h5")
        done = run("attribute", "--model", os.path.join(source, "shapes.onnx"), "--data",
                   os.path.join(source, "manifest.csv"), "--out", self.study, "--limit", "4", "--layers",
                   "all", "--methods", "gradient,gradient_sum,grad_cam", "--targets", "predicted,least")
        self.assertEqual(done[0], 0, done[2])

    def test_every_reader_takes_it(self):
        code, out, error = run("verify", self.study)
        self.assertEqual(code, 0, out + error)
        self.assertEqual(sum(l.startswith("ok") for l in out.splitlines()), 9, out)
        self.assertEqual(run("inspect", self.study)[0], 0)
        code, out, error = run("render", self.study, "--target", "least")
        self.assertEqual(code, 0, error)
        self.assertEqual(len([l for l in out.splitlines() if l.endswith("_least.png")]), 4)
        npz = os.path.join(self.folder, "o.npz")
        self.assertEqual(run("export", self.study, "--npz", npz, "--layer", "input")[0], 0)
        with np.load(npz) as z, h5py.File(self.study) as f:
            np.testing.assert_array_equal(z["gradient"][:, 0], f["maps/input"][:, 0, 0])

    def test_another_data_set_is_told(self):
        images = os.path.join(self.source, "images")
        code, out, _ = run("verify", self.study, "--data", images)
        self.assertEqual(code, 1)
        self.assertIn("FAIL  data", out)


if __name__ == "__main__":
    unittest.main(verbosity=1)
