"""The tables of docs/studies.md: studies on the demo model, and on real models where the shared data are there.

    cmake --build build/release --target studies_models
    RETROGRAD=build/release/retrograd SOURCE=. python3 tests/studies_models.py [FOLDER [PATTERN]]

Each study goes into FOLDER/MODEL-STUDY (default build/studies; started again, it continues); the findings are printed as
Markdown.  PATTERN: only names that hold it.
"""
import csv
import os
import subprocess
import sys

source, binary = os.environ.get("SOURCE", "."), os.environ.get("RETROGRAD", "build/release/retrograd")
shared = os.environ.get("SHARED_DATA", os.path.join(source, "../shared/data"))
folder = sys.argv[1] if len(sys.argv) > 1 else "build/studies"
pattern = sys.argv[2] if len(sys.argv) > 2 else ""

DEMO = ("demo", f"{source}/demo/shapes.onnx", f"{source}/demo/images", ["--masks", f"{source}/demo/masks"])
RESNET = ("resnet20", f"{shared}/models/resnet20_bn.onnx", f"{shared}/images/cifar10/test", [])
RESNET56 = ("resnet56", f"{shared}/models/resnet56.onnx", f"{shared}/images/cifar10/test", [])
MOBILE = ("mobilenetv2", f"{shared}/models/mobilenet_v2_1.0_224.onnx", f"{shared}/images/imagenet", [])
SQUEEZE = ("squeezenet", f"{shared}/models/squeezenet_v1.0.onnx", f"{shared}/images/imagenet", [])
MOSAICS = ["--view", f"mosaic={shared}/images/grid_pointing.json", "--targets", "given", "--limit", "0"]


def without_images(name, file):
    return (name, file, None, [])


def backdoored(name, clean, trigger):
    """A public model with its trigger, and one that was trained alike without."""
    folder = f"{shared}/models/backdoor"
    return (without_images(name, f"{folder}/{name}.onnx"), "backdoor-signature",
            ["--other", f"{folder}/{clean}.onnx", "--trigger", f"{folder}/{name}_{trigger}.png"])


RUNS = [(DEMO, s, ["--limit", "64"]) for s in ("normgrad-framework", "layer-combination", "class-sensitivity", "meta-saliency",
                                                "positive-aggregation", "positive-propagation", "input-bias")]
RUNS += [(without_images("demo", f"{source}/demo/shapes.onnx"), "input-agnostic", []),
         (without_images("demo", f"{source}/demo/shapes_backdoor.onnx"), "backdoor-signature",
          ["--other", f"{source}/demo/shapes.onnx", "--trigger", "88:88:6:6"])]
RUNS += [(RESNET, "class-sensitivity", ["--limit", "200"]), (RESNET, "meta-saliency", ["--limit", "100"]),
         (RESNET, "positive-aggregation", ["--limit", "200"]), (RESNET, "positive-propagation", ["--limit", "64"]),
         (RESNET, "input-bias", ["--limit", "200"])]
RUNS += [(MOBILE, "normgrad-framework", [*MOSAICS, "--layers", "input,Add,last_conv,last"]),
         (MOBILE, "layer-combination", [*MOSAICS, "--layers", "Add,last"]),
         (MOBILE, "class-sensitivity", ["--limit", "64"]), (MOBILE, "positive-aggregation", ["--limit", "24"]),
         (MOBILE, "input-bias", ["--limit", "64"])]
RUNS += [backdoored("bd01", "clean01", "trigger0_mask"), backdoored("bd02", "clean02", "trigger0_mask"),
         backdoored("bd03", "clean03", "trigger0_mask"), backdoored("bd04", "clean04", "trigger0_mask")]
RUNS += [(RESNET56, s, ["--limit", n]) for s, n in (("class-sensitivity", "100"), ("positive-aggregation", "64"),
                                                     ("input-bias", "100"), ("positive-propagation", "32"), ("meta-saliency", "64"))]
RUNS += [(SQUEEZE, "normgrad-framework", [*MOSAICS, "--layers", "Concat"]),
         (SQUEEZE, "layer-combination", [*MOSAICS, "--layers", "Concat"]),
         (SQUEEZE, "input-bias", ["--limit", "64"]), (SQUEEZE, "positive-propagation", ["--limit", "24"])]
RUNS += [(without_images("resnet20", RESNET[1]), "input-agnostic",
          ["--settings", "samples=64,iterations=12,held-out=32"]),
         (MOBILE, "positive-propagation", ["--limit", "12"]), (MOBILE, "meta-saliency", ["--limit", "16"]),
         (without_images("mobilenetv2", MOBILE[1]), "input-agnostic",
          ["--targets", "207,281,817", "--settings", "samples=24,iterations=4,keep-every=2,held-out=8"])]


def show(path):
    with open(os.path.join(path, "findings.csv"), newline="") as f:
        for row in csv.DictReader(f):
            sign = ">" if row["expected"] == "above" else "<"
            values = " none" if row["n"] == "0" else f" {float(row['mean']):.3f} [{float(row['low']):.3f}, {float(row['high']):.3f}]"
            text = row["statement"].replace("|", "\\|")
            print(f"| {text} | {sign} {float(row['margin']):g} |{values} | {row['n']} | {row['verdict']} |")


os.makedirs(folder, exist_ok=True)
for (name, model, data, more), study, options in RUNS:
    if pattern not in f"{name}-{study}":
        continue
    if not os.path.exists(model):
        print(f"{name}: {model} is not there", file=sys.stderr)
        continue
    path = os.path.join(folder, f"{name}-{study}")
    given = [a for a in more if a not in options]
    subprocess.run([binary, "study", study, "--model", model, *(["--data", data] if data else []), "--out", path, "--quiet", *given, *options],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(f"\n**{study}, {name}**\n\n| statement | expected | mean [interval] | images | verdict |\n| --- | --- | --- | --- | --- |")
    show(path)
