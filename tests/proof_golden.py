"""Every rule and every method against golden values: float64 PyTorch by formulas written out, and by public
libraries where they have it (golden_make.py, which says in the file what rests on what).

The loops run over the program's own lists: a rule, a parameter of a rule, a method, an extract or an aggregate
without a golden value fails.

Errors are relative to the largest |value| of the tap, or of the map.  1e-4 is five times what torch's own
float32 was allowed when the samples were chosen; no decision of the forward pass is doubtful in them.  The
program comes nearest to it (5e-05) for lrp_zero and lrp_epsilon on SqueezeNet: they compute z = W x + b
again, in another order of sums than the forward pass, and a rectified z / z is then not 1 where z is small.
"""

import hashlib
import json
import os
import re

import proof

BOUND = 1e-4
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "methods_golden.h5")


def canonical(rule):
    """The program writes the first parameter of a rule also where it has its default."""
    for cells in proof.table("Parameters"):
        name, param = cells[0].strip("`").split()
        if name == rule:
            return f"{rule}({param}={re.search('([^ ]+) by default', cells[1])[1]})"
    return rule


def text(group, name):
    return [v.decode() for v in group[name][()]]


class Golden(proof.Case):
    def setUp(self):
        import h5py
        super().setUp()
        self.file_ = h5py.File(GOLDEN, "r")
        self.addCleanup(self.file_.close)

    def network(self, name):
        """The golden group of a network; path of its ONNX file, with the recipe beside it, and of its images."""
        group = self.file_[name]
        if "onnx" in group:
            data = group["onnx"][()].tobytes()
        else:
            path = os.path.join(proof.SHARED, "models", "squeezenet_v1.0.onnx")
            if not os.path.exists(path):
                self.skipTest(f"there is no {path} (set SHARED_DATA)")
            with open(path, "rb") as f:
                data = f.read()
        self.assertEqual(hashlib.sha256(data).hexdigest(), group.attrs["sha256"])
        path = self.file("model.onnx", data)
        recipe = json.loads(group.attrs["recipe"])
        recipe["classes"] = [f"class {i}" for i in range(group["logits"].size)]
        self.file("model.json", json.dumps(recipe))
        for i, pixels in enumerate(group["images"][()]):
            self.file(f"images/{i}.png", proof.png(pixels))
        for i, pixels in enumerate(group["baselines"][()] if "baselines" in group else ()):
            self.file(f"baselines/{i}.png", proof.png(pixels))
        return group, path, self.path("images")

    def settings(self, group, taps, slots):
        """Options: all samples in one unit."""
        images = len(group["images"])
        size = "x".join(map(str, group.attrs["size"]))
        return images // 2, ["--layers", ",".join(taps), "--targets", ",".join(slots), "--unit", images, "--size", size]

    def check_signals(self, name):
        group, model, images = self.network(name)
        signals = group["signals"]
        taps, slots, rules = (text(signals, k) for k in ("tap", "slot", "rule"))
        first, index = signals["first"][()], signals["index"][()]
        sample, settings = self.settings(group, taps, slots)
        dump, worst = self.dump(model, images, sample, "--rules", ",".join(rules), *settings), {}
        self.assertEqual(list(dump["target_class"]), list(group["target_class"]))
        self.assertLessEqual(proof.relative(dump["logits"], group["logits"][()]), 1e-5)
        for rule, values, largest in zip(rules, signals["value"][()], signals["largest"][()]):
            values, largest = values.reshape(len(slots), -1), largest.reshape(len(slots), len(taps))
            for i, slot in enumerate(slots):
                for t, tap in enumerate(taps):
                    part = slice(first[t], first[t + 1])
                    found = dump[f"signal/{canonical(rule)}/{slot}/{tap.strip('/').replace('/', '.')}"]
                    error = self.error(found, index[part], values[i, part], largest[i, t])
                    worst[rule] = max(worst.get(rule, 0.0), error)
                    self.assertLessEqual(error, BOUND, f"{name}: {rule} for {slot} at {tap}")
        self.print_worst(f"{name}, signals at {len(taps)} taps for {len(slots)} targets", worst)

    def error(self, found, index, wanted, largest):
        """Relative to the largest value of all; that must be the same, or everything is zero."""
        import numpy as np
        flat = np.asarray(found, "f8").ravel()
        if largest == 0.0:
            return abs(flat).max()
        return max(abs(flat[index] - wanted).max(), abs(abs(flat).max() - largest)) / largest

    def print_worst(self, what, worst):
        most = max(worst, key=worst.get)
        for key in sorted(worst, key=worst.get, reverse=True):
            if proof.LONG:
                proof.figure(f"  {key:48} {worst[key]:.1e}")
        proof.figure(f"{what}: {len(worst)}, largest error {worst[most]:.1e} ({most})")

    def check_maps(self, name):
        group, model, images = self.network(name)
        maps = group["maps"]
        methods, taps = text(maps, "method"), text(maps, "tap")
        first, index, values, largest = (maps[k][()] for k in ("first", "index", "value", "largest"))
        sample, settings = self.settings(group, dict.fromkeys(t for t in taps if t != "over_layers"), ["predicted"])
        out, worst = self.path("study.h5"), {}
        if "baselines" in group:
            settings += ["--baseline", self.path("baselines")]
        proof.attribute(out, model, images, "--methods", ",".join(dict.fromkeys(methods)), *settings)
        study = proof.Study(out)
        variables = dict(zip(study.layers, study.variables))
        for i, (method, tap) in enumerate(zip(methods, taps)):
            variable, part = variables[tap], slice(first[i], first[i + 1])
            found = study.maps(variable)[sample, 0, study.columns[variable].index(method)]
            error = self.error(found, index[part], values[part], largest[i])
            worst[method] = max(worst.get(method, 0.0), error)
            self.assertLessEqual(error, BOUND, f"{name}: {method} at {tap}")
        self.print_worst(f"{name}, methods at {len(set(taps))} taps", worst)

    def test_everything_listed_has_a_golden_value(self):
        """In each network that is in the repository; every parameter once at another value than its default."""
        named = set(proof.listed("Named methods"))
        self.assertEqual(set(proof.run("methods", "--names").out.split()), named)
        cells = {f"gradient/{e}/{a}" for e in proof.listed("Extracts") for a in proof.listed("Aggregates")}
        for group in (g for g in self.file_.values() if "onnx" in g and "signals" in g):
            rules, methods = text(group["signals"], "rule"), set(text(group["maps"], "method"))
            bare = {m for m in methods if re.fullmatch(r"\w+", m)}
            self.assertEqual({r for r in rules if "(" not in r}, set(proof.listed("Rules")))
            refused = set() if group.attrs["any_size"] else {"cameras"}
            everything = {*proof.listed("Averages"), *proof.listed("Combinations"), *proof.listed("Steps")}
            self.assertEqual(bare, named | everything - refused)
            self.assertEqual({m for m in methods if m.count("/") == 2 and "[" not in m}, cells)
            given = {(use.split("(")[0], p.split("=")[0]) for use in {*rules, *methods} if "(" in use
                     for p in use.split("(")[1].split(")")[0].split(",")}
            listed = {tuple(p.split()) for p in proof.listed("Parameters")}
            self.assertEqual(given, {p for p in listed if p[0] not in refused})

    def test_signals_of_the_plain_network(self):
        self.check_signals("plain")

    def test_signals_of_the_residual_network(self):
        self.check_signals("residual")

    def test_signals_of_squeezenet(self):
        self.check_signals("squeezenet")

    def test_maps_of_the_plain_network(self):
        self.check_maps("plain")

    def test_maps_of_the_residual_network(self):
        self.check_maps("residual")

    def test_maps_of_the_curved_network(self):
        self.check_maps("curved")

    def test_maps_of_squeezenet(self):
        self.check_maps("squeezenet")


if __name__ == "__main__":
    proof.need("numpy", "h5py", "PIL")
    proof.main()
