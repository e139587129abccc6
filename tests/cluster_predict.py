"""What --dry-run predicts against what the run then takes, for several models, method sets and ranks.

    LONG=1 ctest --test-dir build/release -V -R cluster.predict         # on an idle machine: some 3 minutes

Memory is the peak of the process, file its size, time that of the units as the run log has it.
Memory within 10 %, file within 1 %, time within 20 %.
PREDICT_ROUNDS=n repeats each study; the medians count.
"""

import os
import re
import statistics
import sys

import proof
from proof_memory import peak

WITHIN = {"memory": 0.10, "file": 0.01, "time": 0.20}
ROUNDS = int(os.environ.get("PREDICT_ROUNDS", "3"))
THREE = "gradient,grad_cam,normgrad"

# Model, images, how many, ranks, settings.
STUDIES = [
    ("shapes", "demo", 6400, 1, ("--methods", THREE, "--layers", "input,last")),
    ("shapes", "demo", 640, 1, ("--methods", "basic", "--layers", "all")),
    ("resnet20", "demo", 3200, 1, ("--methods", THREE, "--layers", "convs", "--resize", "32x32")),
    ("mobilenet_v2_1.0_224", "imagenet", 272, 1, ("--methods", THREE, "--layers", "input,last")),
    ("mobilenet_v2_1.0_224", "imagenet", 272, 1, ("--methods", THREE, "--layers", "input,last", "--unit", 16)),
    ("mobilenet_v2_1.0_224", "imagenet", 136, 1, ("--methods", "gradient,guided_backprop,deconvnet",
                                                  "--layers", "all", "--targets", "top2")),
    ("squeezenet_v1.0", "imagenet", 272, 1, ("--methods", THREE, "--layers", "input,last")),
    ("mobilenet_v2_1.0_224", "imagenet", 544, 2, ("--methods", THREE, "--layers", "input,last")),
]


def images(name):
    """Paths of a kind of images, in the order of their names."""
    folder = proof.demo("images") if name == "demo" else os.path.join(proof.SHARED, "images", "imagenet")
    found = [os.path.join(d, f) for d, _, files in os.walk(folder) for f in files if f.endswith((".png", ".JPEG"))]
    return sorted(found)


class Predict(proof.Case):
    def list(self, kind, count):
        paths = images(kind)
        if not paths:
            self.skipTest("no optional data")
        return self.file("list.csv", "\n".join(["path"] + [paths[i % len(paths)] for i in range(count)]) + "\n")

    def predicted(self, args, ranks):
        text = proof.run(*args, "--dry-run", ranks=ranks).out
        self.assertFalse(os.path.exists(self.path("s.h5")))

        def number(pattern):
            return float(re.search(pattern, text).group(1))

        self.assertIn("writing included", text)
        return {"memory": number(r"(?m)^memory +([\d.]+) MiB"), "file": number(r"(?m)^file +([\d.]+) MiB"),
                "time": number(r"(?m)^time .* about ([\d.]+) s on")}

    def measured(self, args, ranks):
        out = self.path("s.h5")
        if ranks == 1:
            memory = peak(*args, "--quiet")[1]
        else:
            memory = None
            proof.run(*args, "--quiet", ranks=ranks)
        end = proof.runs(out)[-1]
        got = {"memory": memory, "file": os.path.getsize(out) / 2**20, "time": end["seconds"]}
        for path in (out, out + ".runs.jsonl"):
            os.remove(path)
        return got, end["io"]

    def test_each_study(self):
        proof.figure(f"{'study':86} {'memory, MiB':>15} {'file, MiB':>15} {'time, s':>13} {'off':>6} {'I/O':>6}")
        for name, kind, count, ranks, settings in STUDIES:
            words = " ".join(map(str, settings)).replace("--", "")
            with self.subTest(model=name, settings=words):
                for left in os.listdir(self.folder):
                    os.remove(self.path(left))
                args = ["attribute", "--model", proof.model(name), "--data", self.list(kind, count), "--out",
                        self.path("s.h5"), *map(str, settings)]
                seen = [(self.predicted(args, ranks), *self.measured(args, ranks)) for _ in range(ROUNDS)]
                self.compare(f"{name} x {count}, {ranks} rank{'s' * (ranks > 1)}, {words}", seen)

    def compare(self, what, seen):
        said, was = ({k: statistics.median(s[i][k] for s in seen) for k in WITHIN if seen[0][i][k] is not None}
                     for i in (0, 1))
        columns = [f"{said[k]:.1f} / {was[k]:.1f}" if k in was else "-" for k in WITHIN]
        proof.figure(f"{what:86} {columns[0]:>15} {columns[1]:>15} {columns[2]:>13} "
                     f"{100 * (said['time'] / was['time'] - 1):+5.0f}% {100 * statistics.median(s[2] for s in seen):5.1f}%")
        for k, most in WITHIN.items():
            if k in was:
                self.assertLess(abs(said[k] / was[k] - 1), most, k)


if __name__ == "__main__":
    proof.need()
    proof.demo("shapes.onnx")
    if not proof.LONG:
        proof.skip("LONG=1 only: it takes minutes and an idle machine")
    if not sys.platform.startswith("linux"):
        proof.skip("peaks are read as Linux gives them")
    proof.main()
